import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { GetDurableExecutionCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildHandlers, hosted, startTestHost, temporaryDirectory, type TestHost } from '../support/local-host.ts';

const folder = temporaryDirectory();
const DURABLE = { executionTimeoutDays: 7, retentionDays: 14 };
let taskRoot: string;
let test: TestHost | undefined;
let number = 0;

beforeAll(async () => {
  taskRoot = (await buildHandlers(`${folder.path}/bundles`, ['durable'])).durable;
});

afterEach(async () => {
  await test?.stop();
  test = undefined;
});

afterAll(() => folder.remove());

/** A host on a folder, and a file in which steps leave their traces. */
async function setUp(more: { state?: string; timeoutSeconds?: number; pageSize?: number } = {}) {
  number += 1;
  const state = more.state ?? `${folder.path}/state-${number}`;
  const row = hosted('export', taskRoot, { durable: DURABLE, timeoutSeconds: more.timeoutSeconds ?? 10 });
  const started = await startTestHost(state, [row], { durablePageSize: more.pageSize ?? 1000 });
  test = started;
  const trace = `${folder.path}/trace-${number}`;
  const client = new LambdaClient({
    endpoint: started.cloud.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  const invoke = (order: object, name: string, type: 'Event' | 'RequestResponse' = 'RequestResponse') =>
    client.send(
      new InvokeCommand({
        FunctionName: started.cloud.functionArn('export', '1'),
        InvocationType: type,
        DurableExecutionName: name,
        Payload: new TextEncoder().encode(JSON.stringify(order)),
      }),
    );
  return { ...started, state, trace, client, invoke };
}

const traced = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []);
const textOf = (answer: { Payload?: { transformToString(): string } | undefined }) =>
  answer.Payload?.transformToString();

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('a durable function on the local host', () => {
  it('runs its steps once each over a wait and a retry, and answers with the result', async () => {
    const { invoke, trace, client, host } = await setUp();

    const answer = await invoke({ trace, waitSeconds: 1, retry: true }, 'whole');

    expect(JSON.parse(textOf(answer) ?? '')).toEqual({ first: { rows: 5 }, attempts: 2 });
    expect(traced(trace)).toEqual(['first', 'flaky', 'flaky']);
    const [execution] = host.executions.list();
    expect(execution?.invocations).toBeGreaterThanOrEqual(2);
    const described = await client.send(
      new GetDurableExecutionCommand({ DurableExecutionArn: answer.DurableExecutionArn }),
    );
    expect(described).toMatchObject({ Status: 'SUCCEEDED', DurableExecutionName: 'whole' });
    expect(described.EndTimestamp?.getTime()).toBeGreaterThanOrEqual(described.StartTimestamp?.getTime() ?? Infinity);
  });

  it.each([
    ['its process dies', {}],
    ['it runs out of time', { hang: true }],
  ])('goes on from the last checkpoint after %s', async (_what, more) => {
    const { invoke, trace, host } = await setUp({ timeoutSeconds: 0.6 });
    const mended = `${trace}-mended`;

    const running = invoke({ trace, mended, ...more }, 'interrupted');
    await until(() => traced(trace).filter((name) => name === 'fragile').length >= 2);
    writeFileSync(mended, '');
    const answer = await running;

    expect(answer.FunctionError).toBeUndefined();
    expect(traced(trace).filter((name) => name === 'first')).toHaveLength(1);
    expect(host.executions.list()[0]).toMatchObject({ status: 'SUCCEEDED', failures: 0 });
  });

  it('goes on after the host itself was stopped and started again', async () => {
    const first = await setUp();
    const answer = await first.invoke({ trace: first.trace, waitSeconds: 1 }, 'restarted', 'Event');
    await until(() => first.host.executions.list()[0]?.operations.some(({ Type }) => Type === 'WAIT') === true);
    await first.stop();

    const second = await setUp({ state: first.state });
    const execution = second.host.executions.get(answer.DurableExecutionArn ?? '');
    await second.host.executions.ended(execution);

    expect(execution).toMatchObject({ status: 'SUCCEEDED', name: 'restarted' });
    expect(traced(first.trace).filter((name) => name === 'first')).toHaveLength(1);
  });

  it('gives one execution to one name and input, runs a closed name no more, and refuses another input', async () => {
    const { invoke, trace } = await setUp();
    const order = { trace };

    const [one, two] = await Promise.all([invoke(order, 'named'), invoke(order, 'named')]);
    const later = await invoke(order, 'named', 'Event');

    expect(two.DurableExecutionArn).toBe(one.DurableExecutionArn);
    expect(later).toMatchObject({ StatusCode: 202, DurableExecutionArn: one.DurableExecutionArn });
    expect(traced(trace).filter((name) => name === 'first')).toHaveLength(1);
    await expect(invoke({ trace, steps: 1 }, 'named')).rejects.toMatchObject({
      name: 'DurableExecutionAlreadyStartedException',
    });
  });

  it('reads its state page by page when it replays', async () => {
    const { invoke, trace } = await setUp({ pageSize: 3 });

    const answer = await invoke({ trace, steps: 8, waitSeconds: 1 }, 'paged');

    expect(answer.FunctionError).toBeUndefined();
    expect(traced(trace).filter((name) => name.startsWith('part'))).toHaveLength(8);
  });

  it('fails with the error of its handler', async () => {
    const { invoke, trace, host } = await setUp();

    const answer = await invoke({ trace, fail: true }, 'failing');

    expect(answer.FunctionError).toBe('Unhandled');
    expect(JSON.parse(textOf(answer) ?? '')).toMatchObject({ errorMessage: 'no such window' });
    expect(host.executions.list()[0]?.status).toBe('FAILED');
  });
});
