import { randomFillSync } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../adapters/crypto/random.ts';
import { createBudgetStore } from '../adapters/dynamodb/budget-store.ts';
import { createConnectionStore } from '../adapters/dynamodb/connection-store.ts';
import { createJobStore } from '../adapters/dynamodb/job-store.ts';
import { createWindowStore } from '../adapters/dynamodb/window-store.ts';
import { createEncoders } from '../adapters/encoding/encoders.ts';
import { createKmsDataKeys } from '../adapters/kms/data-keys.ts';
import { createKmsSigner } from '../adapters/kms/signer.ts';
import { toDurable } from '../adapters/lambda/durable.ts';
import { createNudge } from '../adapters/lambda/nudge.ts';
import { createLog } from '../adapters/powertools/log.ts';
import { createMetrics } from '../adapters/powertools/metrics.ts';
import { createArchive } from '../adapters/s3/archive.ts';
import { createOpenApi } from '../core/api.ts';
import { createConnectionAccess } from '../core/connections/connection-access.ts';
import { createRunExport } from '../core/reports/export.ts';
import { createSealer } from '../core/sealing/sealer.ts';
import { createSend } from '../http/send.ts';
import { PROVIDERS } from '../providers/registry.ts';
import { readConfig } from './config.ts';
import { createHandler } from './handler.ts';

const config = readConfig(process.env);
const log = createLog('report-export');
const clock = { now: () => new Date() };
const client = new DynamoDBClient();
const table = { client, tableName: config.STATE_TABLE_NAME };

const access = createConnectionAccess({
  clock,
  store: createConnectionStore({
    client,
    connectionsTable: config.CONNECTIONS_TABLE_NAME,
    stateTable: config.STATE_TABLE_NAME,
    shardCount: Number(config.SHARD_COUNT),
  }),
  sealer: createSealer({
    keys: createKmsDataKeys({ keyArn: config.SEALING_KEY_ARN, stage: config.STAGE }),
    clock,
    random: createRandom(randomFillSync),
  }),
});

const handle = createHandler(
  createRunExport({
    stage: config.STAGE,
    // Set by Lambda: the published version that a deploy retains for executions under way.
    codeVersion: process.env['AWS_LAMBDA_FUNCTION_VERSION'] ?? 'unknown',
    jobs: createJobStore(table),
    windows: createWindowStore(table),
    archive: createArchive({ bucket: config.ARCHIVE_BUCKET_NAME }),
    signer: createKmsSigner({ keyArn: config.SIGNING_KEY_ARN }),
    encoders: createEncoders(),
    openApi: createOpenApi({
      access,
      budgets: createBudgetStore({ table, clock }),
      send: createSend({ allowLoopback: process.env['EGRESS_LOOPBACK'] === 'allowed' }),
      clock,
      providers: PROVIDERS,
    }),
    providers: PROVIDERS,
    clock,
    pause: async (ms) => {
      await sleep(ms);
    },
    nudge: createNudge({ client: new LambdaClient(), functionName: config.PUBLISHER_FUNCTION_NAME, log }),
    log,
    metrics: createMetrics('report-export'),
  }),
);

export const handler = withDurableExecution(async (event: unknown, context) => handle(event, toDurable(context)));
