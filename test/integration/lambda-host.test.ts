import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { metricsOf } from '../../infra/local/lambda/log.ts';
import { buildHandlers, hosted, startTestHost, temporaryDirectory, type TestHost } from '../support/local-host.ts';

const folder = temporaryDirectory();
let test: TestHost;

beforeAll(async () => {
  const built = await buildHandlers(`${folder.path}/bundles`, ['plain', 'broken']);
  test = await startTestHost(
    `${folder.path}/state`,
    [
      hosted('plain', built.plain, { environment: { GREETING: 'good day' } }),
      hosted('pair', built.plain),
      hosted('quick', built.plain, { timeoutSeconds: 0.3 }),
      hosted('broken', built.broken),
      hosted('crashing', built.plain),
    ],
    { maxEnvironments: 2 },
  );
});

afterAll(async () => {
  await test.stop();
  folder.remove();
});

async function run(name: string, order: object): Promise<Record<string, unknown>> {
  const { payload } = await test.host.invoke(name, JSON.stringify(order));
  return JSON.parse(payload) as Record<string, unknown>;
}

describe('a function on the local host', () => {
  it('gets its event, its context and its environment, cold and then warm in one process', async () => {
    const cold = await run('plain', { log: 'hello' });
    const warm = await run('plain', {});

    expect(cold).toMatchObject({ order: { log: 'hello' }, invocations: 1, memory: '128', greeting: 'good day' });
    expect(cold['functionArn']).toBe('arn:aws:lambda:us-east-1:000000000000:function:plain:1');
    expect(cold['remainingMs']).toBeGreaterThan(4000);
    expect(warm).toMatchObject({ invocations: 2, processId: cold['processId'] });
    expect(warm['requestId']).not.toBe(cold['requestId']);
    expect(test.host.statistics()['plain']).toEqual({ coldStarts: 1, processIds: [cold['processId']] });
  });

  it('has its lines and its ends reported', async () => {
    const { requestId } = await run('plain', { log: 'a line to find' });

    const lines = () => test.events.flatMap((event) => (event.kind === 'line' ? [event.line] : []));
    await vi.waitFor(() =>
      expect(lines()).toContainEqual(expect.stringMatching(new RegExp(`${String(requestId)}.*a line to find$`))),
    );
    expect(test.events).toContainEqual(
      expect.objectContaining({ kind: 'invocation-ended', requestId, cold: false, type: 'RequestResponse' }),
    );
  });

  it('runs overlapping events in two processes, and a third waits for the first that is free', async () => {
    const runs = await Promise.all([1, 2, 3].map(() => run('pair', { sleepMs: 150 })));

    expect(new Set(runs.map(({ processId }) => processId)).size).toBe(2);
    expect(test.host.statistics()['pair']?.coldStarts).toBe(2);
  });

  it('is killed at its time limit, and the next event starts cold', async () => {
    const late = await test.host.invoke('quick', '{"sleepMs":5000}');
    const next = await run('quick', {});

    expect(late.functionError).toBe('Unhandled');
    expect(JSON.parse(late.payload)).toMatchObject({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/Task timed out after 0\.30 seconds$/),
    });
    expect(next['invocations']).toBe(1);
  });

  it('ends with its exit status, and the next event starts cold', async () => {
    const crashed = await test.host.invoke('crashing', '{"exit":9}');

    expect(JSON.parse(crashed.payload)).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringMatching(/exit status 9$/),
    });
    expect(await run('crashing', {})).toMatchObject({ invocations: 1 });
  });

  it('answers with the error that it threw, and stays warm', async () => {
    await run('crashing', {});
    const failed = await test.host.invoke('crashing', '{"throw":"boom"}');

    expect(failed.functionError).toBe('Unhandled');
    expect(JSON.parse(failed.payload)).toMatchObject({ errorType: 'TypeError', errorMessage: 'boom' });
    expect((await run('crashing', {}))['invocations']).toBeGreaterThan(1);
  });

  it('reports why it does not load, for every event', async () => {
    for (const _ of [1, 2]) {
      const { functionError, payload } = await test.host.invoke('broken', '{}');
      expect(functionError).toBe('Unhandled');
      expect(JSON.parse(payload)).toMatchObject({
        errorType: 'RangeError',
        errorMessage: 'Missing environment variables: EVERYTHING',
      });
    }
  });
});

describe('the Lambda API', () => {
  const client = () =>
    new LambdaClient({
      endpoint: test.cloud.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    });
  const payload = (value: object) => new TextEncoder().encode(JSON.stringify(value));

  it('invokes by name and by qualified ARN and returns the answer', async () => {
    for (const FunctionName of ['plain', test.cloud.functionArn('plain', '1')]) {
      const answer = await client().send(new InvokeCommand({ FunctionName, Payload: payload({ log: 'x' }) }));

      expect(answer.StatusCode).toBe(200);
      expect(JSON.parse(answer.Payload?.transformToString() ?? '')).toMatchObject({ order: { log: 'x' } });
    }
  });

  it('takes an event with 202 before the function has run', async () => {
    const startedMs = performance.now();
    const answer = await client().send(
      new InvokeCommand({ FunctionName: 'pair', InvocationType: 'Event', Payload: payload({ sleepMs: 300 }) }),
    );

    expect(answer.StatusCode).toBe(202);
    expect(performance.now() - startedMs).toBeLessThan(250);
  });

  it('refuses an unknown function, an event that is no JSON, and one that is too large', async () => {
    const send = (FunctionName: string, Payload: Uint8Array, InvocationType: 'Event' | 'RequestResponse') =>
      client().send(new InvokeCommand({ FunctionName, Payload, InvocationType }));

    await expect(send('nobody', payload({}), 'Event')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(send('plain', Buffer.from('{'), 'Event')).rejects.toMatchObject({
      name: 'InvalidRequestContentException',
    });
    await expect(send('plain', payload({ log: 'x'.repeat(1_100_000) }), 'Event')).rejects.toMatchObject({
      name: 'RequestTooLargeException',
    });
  });
});

describe('metricsOf', () => {
  it('reads the values of a line in the embedded metric format and nothing else', () => {
    const line = JSON.stringify({
      _aws: { CloudWatchMetrics: [{ Metrics: [{ Name: 'Refreshed', Unit: 'Count' }] }] },
      Refreshed: [1],
      service: 'token-refresher',
    });

    expect(metricsOf(line)).toEqual({ Refreshed: 1 });
    expect(metricsOf('{"message":"no metric"}')).toBeUndefined();
    expect(metricsOf('not JSON but "_aws"')).toBeUndefined();
  });
});
