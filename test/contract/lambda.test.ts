import { LambdaClient } from '@aws-sdk/client-lambda';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNudge } from '../../functions/adapters/lambda/nudge.ts';
import { createStartExport } from '../../functions/adapters/lambda/start-export.ts';
import { StoreUnavailableError } from '../../functions/core/errors.ts';
import type { LogFields } from '../../functions/core/log.ts';
import type { ExportInput } from '../../functions/core/reports/run-types.ts';
import { executionName } from '../../functions/core/schedules/start-export.ts';
import type { LambdaBackend } from '../../infra/local/aws/lambda.ts';
import { AwsFault } from '../../infra/local/aws/wire.ts';
import { type AwsEndpoint, awsEndpoint, IS_FOREIGN } from '../support/aws-endpoint.ts';

/** On a foreign endpoint: the ARN of a version of a durable function that takes any event and does nothing. */
const FUNCTION = process.env['CONTRACT_DURABLE_FUNCTION'];

const INPUT: ExportInput = {
  job: 'nightly',
  from: '2026-03-01T01:00:00.000Z',
  to: '2026-03-02T01:00:00.000Z',
  attempt: 1,
  action: 'export',
};

interface Invocation {
  readonly name: string;
  readonly payload: unknown;
  readonly type: string | undefined;
  readonly durableExecutionName: string | undefined;
}

/** Lambda's host of this test: notes what it is asked for, and refuses a name that runs with another payload. */
function aBackend() {
  const invocations: Invocation[] = [];
  const running = new Map<string, string>();
  const backend: Pick<LambdaBackend, 'invoke'> = {
    async invoke(name, payload, { type, durableExecutionName } = {}) {
      if (name !== 'report-export' && name !== 'event-publisher') {
        throw new AwsFault('ResourceNotFoundException', `Function not found: ${name}`, 404);
      }
      if (durableExecutionName !== undefined) {
        const before = running.get(durableExecutionName);
        if (before !== undefined && before !== payload) {
          throw new AwsFault('DurableExecutionAlreadyStartedException', 'It runs with another payload.', 409);
        }
        running.set(durableExecutionName, payload);
      }
      invocations.push({ name, payload: JSON.parse(payload) as unknown, type, durableExecutionName });
      return { payload: '', executedVersion: '1' };
    },
  };
  return { backend: backend as LambdaBackend, invocations };
}

const LACKING =
  IS_FOREIGN && FUNCTION === undefined ? ' (skipped: CONTRACT_DURABLE_FUNCTION names no function there)' : '';

describe.skipIf(LACKING !== '')(`calls to Lambda${LACKING}`, () => {
  let aws: AwsEndpoint;
  let client: LambdaClient;
  let functionArn: string;
  const { backend, invocations } = aBackend();

  beforeAll(async () => {
    aws = await awsEndpoint();
    client = new LambdaClient(aws.client);
    aws.local?.attachLambda(backend);
    functionArn = FUNCTION ?? aws.local?.functionArn('report-export', '1') ?? '';
  });
  afterAll(async () => {
    await aws.stop();
    client.destroy();
  });

  const aName = () => executionName(randomUUID(), { job: 'nightly', from: new Date(INPUT.from), attempt: 1 });

  it('E01: starts an attempt under its name, and once however often it is asked', async () => {
    const start = createStartExport({ client, functionArn });
    const name = aName();
    await start(name, INPUT);
    await start(name, INPUT);
    await start(name, { ...INPUT, attempt: 2 });
    if (IS_FOREIGN) return;
    const asked = { name: 'report-export', payload: INPUT, type: 'Event', durableExecutionName: name };
    expect(invocations.filter(({ durableExecutionName }) => durableExecutionName === name)).toEqual([asked, asked]);
  });

  it('says that an attempt could not be started, so that the next tick tries again', async () => {
    const gone = createStartExport({ client, functionArn: functionArn.replace('function:', 'function:gone-') });
    await expect(gone(aName(), INPUT)).rejects.toThrow(StoreUnavailableError);
    const silent = new LambdaClient({ ...aws.client, endpoint: 'http://127.0.0.1:1', maxAttempts: 1 });
    await expect(createStartExport({ client: silent, functionArn })(aName(), INPUT)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      retryable: true,
    });
    silent.destroy();
  });

  it.skipIf(IS_FOREIGN)(
    'nudges the publisher with a tick of the shard that has no slot, and waits for nothing',
    async () => {
      const shard = randomUUID();
      const nudge = createNudge({ client, functionName: 'event-publisher', log: aLog().log });
      await nudge(shard);
      expect(invocations.at(-1)).toEqual({
        name: 'event-publisher',
        payload: { shard },
        type: 'Event',
        durableExecutionName: undefined,
      });
    },
  );

  it('P05: never fails for a nudge that was missed, and says so', async () => {
    const { log, lines } = aLog();
    await createNudge({ client, functionName: 'steward-no-such-function', log })('3');
    expect(lines).toEqual([['publisher.nudge-missed', { shard: '3', reason: 'ResourceNotFoundException' }]]);
  });
});

function aLog() {
  const lines: [string, LogFields][] = [];
  const note = (event: string, fields: LogFields = {}) => void lines.push([event, fields]);
  return { lines, log: { info: note, warn: note, error: note } };
}
