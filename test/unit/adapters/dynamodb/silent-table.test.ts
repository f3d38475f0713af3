import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { createConnectionStore } from '../../../../functions/adapters/dynamodb/connection-store.ts';
import { StoreUnavailableError } from '../../../../functions/core/errors.ts';
import { COMMIT_BUDGET_MS, STORE_CALL_MS, STORE_PATIENCE } from '../../../../functions/core/tokens/timing.ts';

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

describe('a table that takes a request and never answers', () => {
  it('R20, R21: is one that is down, after two tries', async () => {
    const taken: unknown[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => taken.push(socket));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = new DynamoDBClient({
      ...STORE_PATIENCE,
      requestHandler: { ...STORE_PATIENCE.requestHandler, requestTimeout: 50 },
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    const store = createConnectionStore({ client, connectionsTable: 'c', stateTable: 's', shardCount: 1 });
    await expect(store.find('c1')).rejects.toThrow(StoreUnavailableError);
    expect(taken).toHaveLength(2);
    client.destroy();
    server.close();
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
});
