import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import { LocalDurableTestRunner } from '@aws/durable-execution-sdk-js-testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toDurable } from '../../functions/adapters/lambda/durable.ts';
import type { Durable } from '../../functions/core/reports/run-types.ts';
import { drive } from '../support/durable-driver.ts';

type Run = (work: (durable: Durable) => Promise<unknown>) => Promise<unknown>;

/** What core's `Durable` promises. `run` drives an execution to its end, through as many invocations as it takes. */
function promises(run: Run) {
  it('runs a step once, whatever is run again around it', async () => {
    const ran: string[] = [];
    const result = await run(async (durable) => {
      ran.push('outside');
      const first = await durable.step('one', async () => (ran.push('one'), 1));
      await durable.wait('pause', 1000);
      const second = await durable.step('two', async () => (ran.push('two'), first + 1));
      return second;
    });
    expect(result).toBe(2);
    expect(ran.filter((word) => word !== 'outside')).toEqual(['one', 'two']);
    expect(ran.filter((word) => word === 'outside').length).toBeGreaterThan(1);
  });

  it('gives back what a step returned as JSON has it', async () => {
    const value = { text: 'ü😀', list: [1, null, { deep: true }], none: null };
    const result = await run(async (durable) => {
      const kept = await durable.step('value', async () => value);
      await durable.wait('pause', 1);
      return [kept, await durable.step('again', async () => kept)];
    });
    expect(result).toEqual([value, value]);
  });

  it('ends the invocation at a wait, and goes on after the last', async () => {
    let invocations = 0;
    await run(async (durable) => {
      invocations += 1;
      for (const name of ['a', 'b', 'c']) await durable.wait(name, 61_000);
      return 'done';
    });
    // One at least: where time is skipped, a wait may be over before its invocation is.
    expect(invocations).toBeGreaterThan(1);
  });

  it('says how much of an invocation is left', async () => {
    const left = await run((durable) => durable.step('left', async () => durable.deadline.remainingMs()));
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(900_000);
  });

  it('throws what a step threw, and does not try it again', async () => {
    let tries = 0;
    const result = await run(async (durable) => {
      try {
        await durable.step('failing', async () => {
          tries += 1;
          throw new TypeError('a bug');
        });
      } catch (error) {
        return [durable.isInterruption?.(error) ?? false, durable.endsExecution?.(error) ?? false];
      }
      return 'no error';
    });
    expect(result).toEqual([false, false]);
    expect(tries).toBe(1);
  });
}

describe('a durable run in memory', () => {
  promises(async (work) => {
    const driven = await drive(work);
    if (driven.crashed) throw new Error('It crashed');
    return driven.result;
  });
});

describe("a durable run on AWS's SDK", () => {
  beforeAll(() => LocalDurableTestRunner.setupTestEnvironment({ skipTime: true }));
  afterAll(() => LocalDurableTestRunner.teardownTestEnvironment());

  promises(async (work) => {
    const handlerFunction = withDurableExecution(async (_event: unknown, context) => work(toDurable(context)));
    const execution = await new LocalDurableTestRunner({ handlerFunction }).run({ payload: {} });
    if (execution.getStatus() !== 'SUCCEEDED') throw new Error(`It ended ${execution.getStatus()}`);
    return execution.getResult();
  });

  it('knows the marks of the SDK on errors that are no failure of the work', () => {
    const { isInterruption, endsExecution } = toDurable({} as never);
    const marked = (marks: object) => Object.assign(new Error('checkpoint'), marks);
    expect(isInterruption?.(marked({ isUnrecoverable: true }))).toBe(true);
    expect(endsExecution?.(marked({ isUnrecoverable: true }))).toBe(false);
    expect(endsExecution?.(marked({ isUnrecoverable: true, isUnrecoverableExecution: true }))).toBe(true);
    expect(isInterruption?.(marked({ isUnrecoverable: 'yes' }))).toBe(false);
    expect(isInterruption?.({ isUnrecoverable: true })).toBe(false);
    expect(endsExecution?.(marked({ isUnrecoverableExecution: true }))).toBe(false);
  });
});
