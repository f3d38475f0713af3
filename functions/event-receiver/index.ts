import { randomFillSync } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createRandom } from '../adapters/crypto/random.ts';
import { createHookStore } from '../adapters/dynamodb/hook-store.ts';
import { createWorkStore } from '../adapters/dynamodb/work-store.ts';
import { createEntry } from '../adapters/powertools/entry.ts';
import { createLog } from '../adapters/powertools/log.ts';
import { HOOK_PATIENCE } from '../core/work/receive-hook.ts';
import { PROVIDERS } from '../providers/registry.ts';
import { readConfig } from './config.ts';
import { createHandler } from './handler.ts';

const config = readConfig(process.env);
const log = createLog('event-receiver');
const table = { client: new DynamoDBClient(HOOK_PATIENCE), tableName: config.STATE_TABLE_NAME };

export const handler = createEntry(
  log,
  createHandler({
    hooks: createHookStore(table),
    work: createWorkStore(table),
    hints: (provider, body) => PROVIDERS[provider]?.hooks?.hints(body) ?? [],
    clock: { now: () => new Date() },
    random: createRandom(randomFillSync),
    log,
  }),
);
