import { GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthorizationStore } from '../../functions/adapters/dynamodb/authorization-store.ts';
import { createConnectionStore } from '../../functions/adapters/dynamodb/connection-store.ts';
import { toItem } from '../../functions/adapters/dynamodb/table.ts';
import { StoreUnavailableError } from '../../functions/core/errors.ts';
import { createOutboxStore } from '../../functions/adapters/dynamodb/outbox-store.ts';
import { DYNAMO_ENGINES, startTestDynamo, type TestDynamo } from '../support/dynamo.ts';
import { createMemoryAuthorizations } from '../support/memory-authorizations.ts';
import { createStingyClient } from '../support/stingy-client.ts';
import { itIsAnAuthorizationStore } from './authorization-store.ts';

describe('AuthorizationStore in memory', () => {
  itIsAnAuthorizationStore(
    () => createMemoryAuthorizations(),
    async ({ outbox }) => outbox,
  );
});

describe.each(DYNAMO_ENGINES)('AuthorizationStore on DynamoDB (%s)', (engine) => {
  let dynamo: TestDynamo;
  beforeAll(async () => {
    dynamo = await startTestDynamo(engine);
  });
  afterAll(async () => {
    await dynamo.stop();
  });
  const create = () =>
    createAuthorizationStore({ client: dynamo.client, stateTable: dynamo.state.tableName, shardCount: 2 });
  const rows = async () => {
    const outbox = createOutboxStore(dynamo.state);
    const pages = await Promise.all(['0', '1'].map((shard) => outbox.read(shard, 1000, undefined)));
    return pages.flatMap((page) => page.rows);
  };
  itIsAnAuthorizationStore(create, rows);

  describe('that gives as little at a time as it may', () => {
    const client = () => createStingyClient(dynamo.client);
    const stateTable = () => dynamo.state.tableName;
    itIsAnAuthorizationStore(
      () => createAuthorizationStore({ client: client(), stateTable: stateTable(), shardCount: 2 }),
      rows,
    );
  });

  it('begins the later of two authorizations that a double click began at once', async () => {
    const now = new Date('2026-03-01T12:00:00Z');
    const store = create();
    const hash = 'f'.repeat(64);
    const expiresAt = new Date(now.getTime() + 600_000);
    const common = { connection: 'double', provider: 'acme', replaceAccount: false, expiresAt };
    const pendingOf = (stateHash: string) => ({
      stateHash,
      ticketHash: hash,
      browserHash: 'b',
      redirectUri: 'r',
      scopes: [],
      ...common,
    });
    await store.createTicket({ hash, ...common });
    const [first, second] = [pendingOf('1'.repeat(64)), pendingOf('2'.repeat(64))];
    let isFirst = true;
    const late = new Proxy(dynamo.client, {
      get: (client, name) =>
        name !== 'send'
          ? (Reflect.get(client, name) as unknown)
          : async (command: GetItemCommand) => {
              const answer = await client.send(command);
              if (isFirst) {
                isFirst = false;
                await store.begin(first, now);
              }
              return answer;
            },
    });
    const slow = createAuthorizationStore({ client: late, stateTable: dynamo.state.tableName, shardCount: 2 });
    expect(await slow.begin(second, now)).toBe(true);
    expect(await store.find(first.stateHash)).toBeUndefined();
    expect((await store.findTicket(hash))?.stateHash).toBe(second.stateHash);
    expect(await slow.begin(second, now)).toBe(true);
  });

  it('S07, R20: burns a state although the client sends the write twice', async () => {
    const now = new Date('2026-03-01T12:00:00Z');
    const twice = new Proxy(dynamo.client, {
      get: (client, name) =>
        name !== 'send'
          ? (Reflect.get(client, name) as unknown)
          : async (command: GetItemCommand) => {
              if ((command as object) instanceof UpdateItemCommand) await client.send(command);
              return client.send(command);
            },
    });
    const store = createAuthorizationStore({ client: twice, stateTable: dynamo.state.tableName, shardCount: 2 });
    const [hash, stateHash] = ['d'.repeat(64), 'e'.repeat(64)];
    const expiresAt = new Date(now.getTime() + 600_000);
    const common = { connection: 'twice', provider: 'acme', replaceAccount: false, expiresAt };
    const pending = { stateHash, ticketHash: hash, browserHash: 'b', redirectUri: 'r', scopes: [], ...common };
    await create().createTicket({ hash, ...common });
    await create().begin(pending, now);
    expect(await store.burn(pending, now)).toBe(true);
    expect(await store.burn(pending, now)).toBe(false);
  });

  it('says that the end of an authorization could not be written', async () => {
    const now = new Date('2026-03-01T12:00:00Z');
    const throttled = Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
    const client = new Proxy(dynamo.client, {
      get: (target, name) =>
        name === 'send' ? () => Promise.reject(throttled) : (Reflect.get(target, name) as unknown),
    });
    const store = createAuthorizationStore({ client, stateTable: dynamo.state.tableName, shardCount: 2 });
    const common = { connection: 'c1', provider: 'acme', replaceAccount: false, expiresAt: now };
    const pending = { stateHash: 's', ticketHash: 't', browserHash: 'b', redirectUri: 'r', scopes: [], ...common };
    await expect(store.finish(pending, 'declined', [], now)).rejects.toThrow(StoreUnavailableError);
  });

  it('lets an item go an hour after its end, in the seconds that a time to live counts in', async () => {
    const now = new Date('2026-03-01T12:00:00Z');
    const [hash, stateHash] = ['9'.repeat(64), '8'.repeat(64)];
    const expiresAt = new Date(now.getTime() + 600_000);
    const common = { connection: 'ttl', provider: 'acme', replaceAccount: false, expiresAt };
    const pending = { stateHash, ticketHash: hash, browserHash: 'b', redirectUri: 'r', scopes: [], ...common };
    await create().createTicket({ hash, ...common });
    await create().begin(pending, now);
    for (const key of [
      { pk: `ticket#${hash}`, sk: 'ticket' },
      { pk: `authorization#${stateHash}`, sk: 'authorization' },
    ]) {
      const command = new GetItemCommand({ TableName: dynamo.state.tableName, Key: toItem(key) });
      const { Item } = await dynamo.client.send(command);
      expect(Number(Item?.['ttl']?.N)).toBe(expiresAt.getTime() / 1000 + 3600);
    }
  });

  it('has its ticket used up and its outcome known by the transaction that stores the tokens', async () => {
    const now = new Date('2026-03-01T12:00:00Z');
    const later = new Date(now.getTime() + 600_000);
    const store = create();
    const connections = createConnectionStore({
      client: dynamo.client,
      connectionsTable: dynamo.connections.tableName,
      stateTable: dynamo.state.tableName,
      shardCount: 2,
    });
    const name = `completing-${Date.now()}`;
    const configuration = { provider: 'acme', settings: {}, secret: { name: 's' }, budgetAccount: 'a' };
    await connections.configure(name, { ...configuration, grant: 'authorization-code' }, now);
    const [hash, stateHash] = ['t'.repeat(64), 's'.repeat(64)];
    const common = { connection: name, provider: 'acme', replaceAccount: false, expiresAt: later };
    await store.createTicket({ hash, ...common });
    const pending = { stateHash, ticketHash: hash, browserHash: 'b', redirectUri: 'r', scopes: [], ...common };
    await store.begin(pending, now);
    await connections.lease({
      name,
      owner: 'o',
      attempt: 'x',
      kind: 'authorization',
      spends: 'f',
      until: later,
      now,
      healths: ['pending'],
    });
    const outcome = await connections.commit(
      {
        name,
        provider: 'acme',
        attempt: 'x',
        spent: 'f',
        generation: 1,
        fingerprint: 'g',
        access: { sealed: new Uint8Array([1]), issuedAt: now, expiresAt: later },
        health: 'connected',
        rejections: 0,
        resolves: ['x'],
        releasesLease: true,
        authorization: { stateHash, ticketHash: hash, authorizedAt: now, replacesGeneration: 0 },
      },
      [],
      now,
    );
    expect(outcome).toEqual({ kind: 'committed' });
    expect((await store.findTicket(hash))?.consumedAt).toEqual(now);
    expect((await store.find(stateHash))?.outcome).toBe('connected');
    expect(await store.begin({ ...pending, stateHash: 'z'.repeat(64) }, now)).toBe(false);
  });
});
