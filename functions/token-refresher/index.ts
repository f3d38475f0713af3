import { randomFillSync, randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { createRandom } from '../adapters/crypto/random.ts';
import { createBreakerStore } from '../adapters/dynamodb/breaker-store.ts';
import { createBudgetStore } from '../adapters/dynamodb/budget-store.ts';
import { createConnectionStore } from '../adapters/dynamodb/connection-store.ts';
import { createKmsDataKeys } from '../adapters/kms/data-keys.ts';
import { createNudge } from '../adapters/lambda/nudge.ts';
import { createEntry } from '../adapters/powertools/entry.ts';
import { createLog } from '../adapters/powertools/log.ts';
import { createMetrics } from '../adapters/powertools/metrics.ts';
import { createRescueStore } from '../adapters/s3/rescue-store.ts';
import { createCredentialsSource } from '../adapters/secrets-manager/credentials.ts';
import { createAnnouncingStore } from '../core/connections/announcing-store.ts';
import { createSealer } from '../core/sealing/sealer.ts';
import { createConnectionEvents } from '../core/tokens/connection-events.ts';
import { createRefreshSweep } from '../core/tokens/sweep.ts';
import { STORE_PATIENCE } from '../core/tokens/timing.ts';
import { createSend } from '../http/send.ts';
import { PROVIDERS } from '../providers/registry.ts';
import { readConfig } from './config.ts';
import { createHandler } from './handler.ts';

const config = readConfig(process.env);
const log = createLog('token-refresher');
const clock = { now: () => new Date() };
const random = createRandom(randomFillSync);
const client = new DynamoDBClient(STORE_PATIENCE);
const state = { client, tableName: config.STATE_TABLE_NAME };

const { store, announce } = createAnnouncingStore(
  createConnectionStore({
    client,
    connectionsTable: config.CONNECTIONS_TABLE_NAME,
    stateTable: config.STATE_TABLE_NAME,
    shardCount: Number(config.SHARD_COUNT),
  }),
  createNudge({ client: new LambdaClient(STORE_PATIENCE), functionName: config.PUBLISHER_FUNCTION_NAME, log }),
);

export const handler = createEntry(
  log,
  createHandler({
    announce,
    sweep: createRefreshSweep({
      store,
      rescue: createRescueStore({ bucket: config.RESCUE_BUCKET_NAME }),
      sealer: createSealer({
        keys: createKmsDataKeys({ keyArn: config.SEALING_KEY_ARN, stage: config.STAGE }),
        clock,
        random,
      }),
      credentials: createCredentialsSource({ clock, prefix: config.SECRET_PREFIX }),
      budgets: createBudgetStore({ table: state, clock }),
      breakers: createBreakerStore(state),
      send: createSend({ allowLoopback: process.env.EGRESS_LOOPBACK === 'allowed' }),
      clock,
      random,
      wait: (ms) => setTimeout(ms),
      log,
      metrics: createMetrics('token-refresher'),
      events: createConnectionEvents(config.STAGE),
      providers: PROVIDERS,
      redirectUri: (provider) => `${config.PUBLIC_BASE_URL}/callback/${provider}`,
      // Not of `random`, which draws its first block when a request comes.
      owner: `token-refresher/${randomUUID().slice(0, 8)}`,
    }),
  }),
);
