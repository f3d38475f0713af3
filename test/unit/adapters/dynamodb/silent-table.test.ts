import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createConnectionStore } from '../../../../functions/adapters/dynamodb/connection-store.ts';
import { createHookStore } from '../../../../functions/adapters/dynamodb/hook-store.ts';
import { createWorkStore } from '../../../../functions/adapters/dynamodb/work-store.ts';
import { StoreUnavailableError } from '../../../../functions/core/errors.ts';
import { COMMIT_BUDGET_MS, STORE_CALL_MS, STORE_PATIENCE } from '../../../../functions/core/tokens/timing.ts';
import { HOOK_PATIENCE } from '../../../../functions/core/work/receive-hook.ts';
import { createHandler as createReceiver } from '../../../../functions/event-receiver/handler.ts';

const FUNCTIONS = join(import.meta.dirname, '../../../../functions');

/** Every client that stands between a token's reply and its safety. */
const MAKERS = [
  'token-refresher/index.ts',
  'adapters/dynamodb/consent-stores.ts',
  'adapters/kms/data-keys.ts',
  'adapters/lambda/nudge.ts',
  'adapters/s3/rescue-store.ts',
  'adapters/secrets-manager/credentials.ts',
];

/** Takes every request, and answers none. */
async function startSilent() {
  const taken: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => taken.push(socket));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const options = {
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  return { taken, options, stop: () => void server.close() };
}

describe('a table that takes a request and never answers', () => {
  let silent: Awaited<ReturnType<typeof startSilent>>;
  beforeEach(async () => {
    silent = await startSilent();
  });
  afterEach(() => silent.stop());

  it('R20, R21: is one that is down, after two tries', async () => {
    const client = new DynamoDBClient({
      ...STORE_PATIENCE,
      ...silent.options,
      requestHandler: { ...STORE_PATIENCE.requestHandler, requestTimeout: 50 },
    });
    const store = createConnectionStore({ client, connectionsTable: 'c', stateTable: 's', shardCount: 1 });
    await expect(store.find('c1')).rejects.toThrow(StoreUnavailableError);
    expect(silent.taken).toHaveLength(2);
    client.destroy();
  });

  it('R20: is down as well where nobody takes the request', async () => {
    const endpoint = 'http://127.0.0.1:1';
    const client = new DynamoDBClient({ ...STORE_PATIENCE, ...silent.options, endpoint, maxAttempts: 1 });
    const store = createConnectionStore({ client, connectionsTable: 'c', stateTable: 's', shardCount: 1 });
    await expect(store.find('c1')).rejects.toThrow(StoreUnavailableError);
    client.destroy();
  });

  it('has a hook answered with 200 in less than a second', async () => {
    const client = new DynamoDBClient({ ...HOOK_PATIENCE, ...silent.options });
    const table = { client, tableName: 's' };
    const receive = createReceiver({
      hooks: createHookStore(table),
      work: createWorkStore(table),
      hints: () => [],
      clock: { now: () => new Date() },
      random: { bytes: (length) => new Uint8Array(length) },
      log: { info() {}, warn() {}, error() {} },
    });
    const began = performance.now();
    const event = {
      body: '{}',
      headers: {},
      pathParameters: { connection: 'acme', secret: 'a-secret-of-32-characters-0123456' },
      requestContext: { http: { method: 'POST' } },
    };
    expect(await receive(event as unknown as APIGatewayProxyEventV2)).toMatchObject({ statusCode: 200 });
    expect(silent.taken).toHaveLength(2);
    expect(performance.now() - began).toBeLessThan(1000);
    client.destroy();
  });

  it('R20, R21: leaves time for a commit and a spill, whichever client it is', () => {
    const { maxAttempts, requestHandler } = STORE_PATIENCE;
    expect(STORE_CALL_MS).toBeGreaterThan(maxAttempts * requestHandler.requestTimeout);
    expect(COMMIT_BUDGET_MS).toBeGreaterThan(2 * STORE_CALL_MS);
  });

  it.each(MAKERS)('R21: %s makes its clients impatient', (path) => {
    const made = readFileSync(join(FUNCTIONS, path), 'utf8').match(/new \w+Client\([^)]*\)/g) ?? [];
    expect(made.length).toBeGreaterThan(0);
    for (const client of made) expect(client).toContain('STORE_PATIENCE');
  });

  it.each(['alert-poller/index.ts', 'event-publisher/index.ts', 'event-receiver/index.ts'])(
    'I24: %s has no client that waits for ever',
    (path) => {
      const made = readFileSync(join(FUNCTIONS, path), 'utf8').match(/new \w+Client\([^)]*\)/g) ?? [];
      expect(made.length).toBeGreaterThan(0);
      for (const client of made) expect(client).toMatch(/\((?:STORE|PUBLISH|HOOK)_PATIENCE\)$/);
    },
  );
});
