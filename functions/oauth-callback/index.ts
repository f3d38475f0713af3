import { randomFillSync, randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { createRandom } from '../adapters/crypto/random.ts';
import type { ConsentStores } from '../adapters/dynamodb/consent-stores.ts';
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
const random = createRandom(randomFillSync);
const send = createSend({ allowLoopback: process.env.EGRESS_LOOPBACK === 'allowed' });
/** A port: nothing but functions that answer later. */
type Port<P> = { readonly [Name in keyof P]: (...given: never[]) => Promise<unknown> };

/**
 * A port whose adapter, and the SDK's client under it, is loaded by its first call.
 *
 * The clients, DynamoDB's alone, would more than double the cold start. A request that is malformed, which is what
 * strangers send, needs none of them; a callback with an unknown state DynamoDB and nothing else.
 */
function onFirstUse<P extends Port<P>>(load: () => Promise<P>): P {
  let loading: Promise<P> | undefined;
  return new Proxy({} as P, {
    get:
      (_, name) =>
      async (...given: never[]) =>
        (await (loading ??= load()))[name as keyof P](...given),
  });
}

let opened: Promise<ConsentStores> | undefined;
const stores = () => (opened ??= openStores());

async function openStores(): Promise<ConsentStores> {
  const { createConsentStores } = await import('../adapters/dynamodb/consent-stores.ts');
  return createConsentStores({
    connectionsTable: config.CONNECTIONS_TABLE_NAME,
    stateTable: config.STATE_TABLE_NAME,
    shardCount: Number(config.SHARD_COUNT),
  });
}

const keys = onFirstUse<DataKeys>(async () => {
  const { createKmsDataKeys } = await import('../adapters/kms/data-keys.ts');
  return createKmsDataKeys({ keyArn: config.SEALING_KEY_ARN, stage: config.STAGE });
});

const credentials = onFirstUse<CredentialsSource>(async () => {
  const { createCredentialsSource } = await import('../adapters/secrets-manager/credentials.ts');
  return createCredentialsSource({ clock, prefix: config.SECRET_PREFIX });
});

const rescue = onFirstUse<RescueStore>(async () => {
  const { createRescueStore } = await import('../adapters/s3/rescue-store.ts');
  return createRescueStore({ bucket: config.RESCUE_BUCKET_NAME });
});

const oauth = onFirstUse<{ readonly exchange: ExchangeCode }>(async () => {
  const { createCodeExchange } = await import('../adapters/oauth4webapi/code-exchange.ts');
  return { exchange: createCodeExchange({ send, credentials, clock }) };
});

const publisher = onFirstUse<{ readonly nudge: (shard: string) => Promise<void> }>(async () => {
  const { createNudge } = await import('../adapters/lambda/nudge.ts');
  return { nudge: createNudge({ functionName: config.PUBLISHER_FUNCTION_NAME, log }) };
});

export const handler = createEntry(
  log,
  createHandler({
    answer: createAnswerWeb({
      store: onFirstUse<ConsentStores['store']>(async () => (await stores()).store),
      authorizations: onFirstUse<ConsentStores['authorizations']>(async () => (await stores()).authorizations),
      rescue,
      sealer: createSealer({ keys, clock, random }),
      credentials,
      exchange: oauth.exchange,
      cookies: createBrowserCookies(config.PUBLIC_BASE_URL),
      clock,
      random,
      wait: (ms) => setTimeout(ms),
      log,
      metrics: createMetrics('oauth-callback'),
      events: createConnectionEvents(config.STAGE),
      providers: PROVIDERS,
      redirectUri: (provider) => `${config.PUBLIC_BASE_URL}/callback/${provider}`,
      // Not of `random`, which draws its first block when a request comes.
      owner: `oauth-callback/${randomUUID().slice(0, 8)}`,
      announce: publisher.nudge,
    }),
  }),
);
