import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createAuthorizationStore } from '../adapters/dynamodb/authorization-store.ts';
import { createConnectionStore } from '../adapters/dynamodb/connection-store.ts';
import { createEntry } from '../adapters/powertools/entry.ts';
import { createLog } from '../adapters/powertools/log.ts';
import { createMetrics } from '../adapters/powertools/metrics.ts';
import { createAnswerWeb } from '../core/authorization/answer.ts';
import type { ExchangeCode } from '../core/authorization/code-exchange.ts';
import { createBrowserCookies } from '../core/authorization/cookies.ts';
import type { DataKeys } from '../core/sealing/data-keys.ts';
import { createSealer } from '../core/sealing/sealer.ts';
import { createConnectionEvents } from '../core/tokens/connection-events.ts';
import type { CredentialsSource } from '../core/tokens/credentials.ts';
import type { RescueStore } from '../core/tokens/rescue.ts';
import { createSend } from '../http/send.ts';
import { PROVIDERS } from '../providers/registry.ts';
import { readConfig } from './config.ts';
import { createHandler } from './handler.ts';

const config = readConfig(process.env);
const log = createLog('oauth-callback');
const clock = { now: () => new Date() };
const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };
const client = new DynamoDBClient();
const send = createSend({ allowLoopback: process.env.EGRESS_LOOPBACK === 'allowed' });
const tables = { client, stateTable: config.STATE_TABLE_NAME, shardCount: Number(config.SHARD_COUNT) };

/**
 * Loaded on first use. A callback that is turned away, which is what strangers send, needs DynamoDB and nothing else;
 * the other clients would double the cold start.
 */
function onFirstUse<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () => (loading ??= load());
}

const kms = onFirstUse(async () => {
  const { createKmsDataKeys } = await import('../adapters/kms/data-keys.ts');
  return createKmsDataKeys({ keyArn: config.SEALING_KEY_ARN, stage: config.STAGE });
});
const keys: DataKeys = {
  generate: async (purpose) => (await kms()).generate(purpose),
  open: async (wrapped, purpose) => (await kms()).open(wrapped, purpose),
};

const secretsManager = onFirstUse(async () => {
  const { createCredentialsSource } = await import('../adapters/secrets-manager/credentials.ts');
  return createCredentialsSource({ clock, prefix: config.SECRET_PREFIX });
});
const credentials: CredentialsSource = {
  get: async (secret, options) => (await secretsManager()).get(secret, options),
};

const bucket = onFirstUse(async () => {
  const { createRescueStore } = await import('../adapters/s3/rescue-store.ts');
  return createRescueStore({ bucket: config.RESCUE_BUCKET_NAME });
});
const rescue: RescueStore = {
  put: async (connection, spent, body) => (await bucket()).put(connection, spent, body),
  find: async (connection, spent) => (await bucket()).find(connection, spent),
  remove: async (connection, spent) => (await bucket()).remove(connection, spent),
};

const oauth = onFirstUse(async () => {
  const { createCodeExchange } = await import('../adapters/oauth4webapi/code-exchange.ts');
  return createCodeExchange({ send, credentials, clock });
});
const exchange: ExchangeCode = async (parameters) => (await oauth())(parameters);

const publisher = onFirstUse(async () => {
  const { createNudge } = await import('../adapters/lambda/nudge.ts');
  return createNudge({ functionName: config.PUBLISHER_FUNCTION_NAME, log });
});

export const handler = createEntry(
  log,
  createHandler({
    answer: createAnswerWeb({
      store: createConnectionStore({ ...tables, connectionsTable: config.CONNECTIONS_TABLE_NAME }),
      authorizations: createAuthorizationStore(tables),
      rescue,
      sealer: createSealer({ keys, clock, random }),
      credentials,
      exchange,
      cookies: createBrowserCookies(config.PUBLIC_BASE_URL),
      clock,
      random,
      wait: (ms) => setTimeout(ms),
      log,
      metrics: createMetrics('oauth-callback'),
      events: createConnectionEvents(config.STAGE),
      providers: PROVIDERS,
      redirectUri: (provider) => `${config.PUBLIC_BASE_URL}/callback/${provider}`,
      owner: `oauth-callback/${Buffer.from(random.bytes(6)).toString('hex')}`,
      announce: async (shard) => (await publisher())(shard),
    }),
  }),
);
