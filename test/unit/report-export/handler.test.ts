import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import { LocalDurableTestRunner } from '@aws/durable-execution-sdk-js-testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toDurable } from '../../../functions/adapters/lambda/durable.ts';
import { ConfigInvalidError, ProviderRateLimitedError } from '../../../functions/core/errors.ts';
import { createHandler } from '../../../functions/report-export/handler.ts';
import { createWorld, DAY, pagesOf, someRows } from '../../support/export-world.ts';

const SECRET = 'canary-access-token';

describe('report-export under the durable SDK', () => {
  beforeAll(() => LocalDurableTestRunner.setupTestEnvironment({ skipTime: true }));
  afterAll(() => LocalDurableTestRunner.teardownTestEnvironment());

  function runnerOf(world: ReturnType<typeof createWorld>) {
    const handle = createHandler(world.run);
    const handlerFunction = withDurableExecution(async (event: unknown, context) => handle(event, toDurable(context)));
    return new LocalDurableTestRunner({ handlerFunction });
  }

  it('runs each part as a step, waits outside the invocation and ends with the manifest', async () => {
    const world = createWorld({ partBytes: 300 });
    const read = pagesOf(someRows(10), 4);
    let reads = 0;
    world.setReadPage((cursor, ...rest) => {
      if (++reads === 2) throw new ProviderRateLimitedError('slow down', 61_000);
      return read(cursor, ...rest);
    });
    const runner = runnerOf(world);
    const execution = await runner.run({ payload: await world.begin(DAY.from, DAY.to) });
    expect(execution.getStatus()).toBe('SUCCEEDED');
    expect(execution.getResult()).toMatchObject({ state: 'exported', rows: 10 });
    const names = execution.getOperations().map((operation) => operation.getName());
    expect(names).toEqual(['plan', 'part-1', 'part-2', 'part-2-wait', 'part-2-again-1', 'part-3', 'compare', 'seal']);
    expect(runner.getOperation('part-2-wait').getWaitDetails()?.waitSeconds).toBe(61);
    expect(world.manifest(DAY.from, DAY.to)).toMatchObject({ rows: 10, completeness: 'reconciled' });
  });

  it('keeps no row and no token in what Lambda stores', async () => {
    const world = createWorld({ readPage: () => ({ rows: [{ id: 'row-canary', severity: 'low' }] }) });
    world.setOpen(() => void SECRET);
    const execution = await runnerOf(world).run({ payload: await world.begin(DAY.from, DAY.to) });
    const stored = JSON.stringify(execution.getOperations().map((operation) => operation.getStepDetails()));
    expect(stored).toContain('part-00001.csv');
    expect(stored).not.toContain('row-canary');
    expect(stored).not.toContain(SECRET);
  });

  it('ends an attempt with a bug in it as failed, without trying it again', async () => {
    const world = createWorld({
      readPage: () => {
        throw new TypeError('a bug');
      },
    });
    const execution = await runnerOf(world).run({ payload: await world.begin(DAY.from, DAY.to) });
    expect(execution.getStatus()).toBe('SUCCEEDED');
    expect(execution.getResult()).toEqual({ state: 'failed', code: 'UNKNOWN' });
    expect(world.state.reads).toBe(1);
  });

  it('refuses to run for anything that is no attempt', async () => {
    const execution = await runnerOf(createWorld()).run({ payload: { job: 'nightly' } });
    expect(execution.getStatus()).toBe('FAILED');
  });

  it('passes on all that an attempt says of itself, and counts attempts from one', async () => {
    const attempts: unknown[] = [];
    const handle = createHandler(async (input) => {
      attempts.push(input);
      return { state: 'superseded' };
    });
    const gap = { job: 'nightly', from: DAY.from, to: DAY.to, attempt: 1, action: 'gap', reason: 'missed' };
    const durable = {} as Parameters<typeof handle>[1];
    await handle(gap, durable);
    expect(attempts).toEqual([gap]);
    await expect(handle({ ...gap, attempt: 0 }, durable)).rejects.toThrow(ConfigInvalidError);
    await expect(handle({ ...gap, action: 'skip' }, durable)).rejects.toThrow(ConfigInvalidError);
    expect(attempts).toHaveLength(1);
  });
});
