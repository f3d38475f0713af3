import { randomFillSync } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { createRandom } from '../adapters/crypto/random.ts';
import { createAlertStore } from '../adapters/dynamodb/alert-store.ts';
import { createBudgetStore } from '../adapters/dynamodb/budget-store.ts';
import { createConnectionStore } from '../adapters/dynamodb/connection-store.ts';
import { createHookStore } from '../adapters/dynamodb/hook-store.ts';
import { createJobStore } from '../adapters/dynamodb/job-store.ts';
import { createWorkStore } from '../adapters/dynamodb/work-store.ts';
import { createKmsDataKeys } from '../adapters/kms/data-keys.ts';
import { createNudge } from '../adapters/lambda/nudge.ts';
import { createEntry } from '../adapters/powertools/entry.ts';
import { createLog } from '../adapters/powertools/log.ts';
import { createMetrics } from '../adapters/powertools/metrics.ts';
import { createOpenApi } from '../core/api.ts';
import { createConnectionAccess } from '../core/connections/connection-access.ts';
import { createSealer } from '../core/sealing/sealer.ts';
import { STORE_PATIENCE } from '../core/tokens/timing.ts';
import { createKeepHooks } from '../core/work/keep-hooks.ts';
import { createSend } from '../http/send.ts';
import { PROVIDERS } from '../providers/registry.ts';
import { readConfig } from './config.ts';
import { createHandler } from './handler.ts';

const config = readConfig(process.env);
const log = createLog('alert-poller');
const clock = { now: () => new Date() };
const random = createRandom(randomFillSync);
const client = new DynamoDBClient(STORE_PATIENCE);
const table = { client, tableName: config.STATE_TABLE_NAME };

const access = createConnectionAccess({
  store: createConnectionStore({
    client,
    connectionsTable: config.CONNECTIONS_TABLE_NAME,
    stateTable: config.STATE_TABLE_NAME,
    shardCount: Number(config.SHARD_COUNT),
  }),
  sealer: createSealer({
    keys: createKmsDataKeys({ keyArn: config.SEALING_KEY_ARN, stage: config.STAGE }),
    clock,
    random,
  }),
  clock,
});

const store = createAlertStore(table);
const origin = { stage: config.STAGE };

export const handler = createEntry(
  log,
  createHandler({
    jobs: createJobStore(table),
    store,
    work: createWorkStore(table),
    openApi: createOpenApi({
      access,
      budgets: createBudgetStore({ table, clock }),
      send: createSend({ allowLoopback: process.env['EGRESS_LOOPBACK'] === 'allowed' }),
      clock,
      providers: PROVIDERS,
    }),
    nudge: createNudge({ client: new LambdaClient(STORE_PATIENCE), functionName: config.PUBLISHER_FUNCTION_NAME, log }),
    origin,
    keepHooks: createKeepHooks({
      hooks: createHookStore(table),
      baseUrl: config.PUBLIC_BASE_URL,
      origin,
      clock,
      random,
      log,
    }),
    metrics: createMetrics('alert-poller'),
    clock,
    log,
  }),
);
