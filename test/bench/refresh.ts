import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { Agent, request } from 'undici';
import { tokenItem } from '../../functions/adapters/dynamodb/connection-item.ts';
import { createConnectionStore } from '../../functions/adapters/dynamodb/connection-store.ts';
import { toItem } from '../../functions/adapters/dynamodb/table.ts';
import type { ConnectionStore } from '../../functions/core/connections/store.ts';
import { createRefresh } from '../../functions/core/tokens/refresh.ts';
import { startTestDynamo, type TestDynamo } from '../support/dynamo.ts';
import { createMemoryConnections } from '../support/memory-connections.ts';
import { memoryDataKeys } from '../support/token-world.ts';
import { countCapacity } from './capacity.ts';
import { atLeast, type Figure, inTurn, plain, type Rate, rateOf, share } from './figures.ts';
import { refreshCosts } from './refresh-costs.ts';
import { AMPLE, CONFIGURATION, connectedItem, inFlight, refreshDependencies } from './refresh-world.ts';
import { startTokenEndpoint } from './token-endpoint.ts';

const WIDTH = 32;
const ROUNDS = 5;
const REFRESHES = 2000;
const STORED_REFRESHES = 300;
const BUDGET = 0.45;

/** Refreshes a second, sealing included, against bare requests to the same endpoint. */
export async function refresh(): Promise<readonly Figure[]> {
  const endpoint = await startTokenEndpoint(0);
  const dynamo = await startTestDynamo();
  try {
    await bareRate(endpoint.url);
    await memoryRate(endpoint.url);
    const rates = await inTurn(ROUNDS, {
      bare: () => bareRate(endpoint.url),
      memory: () => memoryRate(endpoint.url),
    });
    const stored = await inTurn(2, {
      bare: () => bareRate(endpoint.url),
      dynamo: async () => (await storedRate(endpoint.url, dynamo)).rate,
    });
    const { counts } = await storedRate(endpoint.url, dynamo);
    const memory = share(rates.memory, rates.bare);
    const onDynamo = share(stored.dynamo, stored.bare);
    return [
      plain('bare undici.request, 32 in flight', share(rates.bare, rates.bare).perSecond, '/s', 0),
      plain('refreshes, store in memory', memory.perSecond, '/s', 0),
      { what: '… of bare requests', ...atLeast(memory.clock, BUDGET, '×') },
      { what: "… by the process's own time", ...atLeast(memory.cpu, BUDGET, '×') },
      plain('refreshes, store on loopback DynamoDB', onDynamo.perSecond, '/s', 0),
      plain('… of bare requests', onDynamo.clock, '×', 3),
      ...refreshCosts(counts, STORED_REFRESHES),
    ];
  } finally {
    await dynamo.stop();
    await endpoint.stop();
  }
}

async function bareRate(url: URL): Promise<Rate> {
  const dispatcher = new Agent({ connections: WIDTH, pipelining: 1 });
  const body = new URLSearchParams({
    client_id: 'client',
    client_secret: 'canary-secret',
    grant_type: 'refresh_token',
    refresh_token: `refresh-0-${'r'.repeat(200)}`,
  }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const rate = await rateOf(REFRESHES, () =>
    inFlight(REFRESHES, WIDTH, async () => {
      const response = await request(url, { dispatcher, method: 'POST', headers, body });
      await response.body.text();
    }),
  );
  await dispatcher.close();
  return rate;
}

async function memoryRate(url: URL): Promise<Rate> {
  const store = createMemoryConnections();
  const dependencies = refreshDependencies(url, store);
  for (let n = 0; n < REFRESHES; n += 1) {
    const name = `c${n}`;
    await store.configure(name, CONFIGURATION, new Date());
    const [item] = [store.items.get(name)];
    if (item !== undefined) store.items.set(name, await connectedItem(dependencies, item));
  }
  return timed(REFRESHES, createRefresh(dependencies));
}

function timed(count: number, one: ReturnType<typeof createRefresh>, prefix = 'c'): Promise<Rate> {
  return rateOf(count, () =>
    inFlight(count, WIDTH, async (n) => {
      const { outcome } = await one(`${prefix}${n}`, AMPLE);
      if (outcome !== 'refreshed') throw new Error(`${prefix}${n} was not refreshed: ${outcome}`);
    }),
  );
}

let batch = 0;

/** The same over DynamoDB's wire protocol, each token set under a data key of its own, which is the worst there is. */
async function storedRate(url: URL, { client, connections, state }: TestDynamo) {
  batch += 1;
  const prefix = `b${batch}-`;
  const store: ConnectionStore = createConnectionStore({
    client,
    connectionsTable: connections.tableName,
    stateTable: state.tableName,
    shardCount: 1,
  });
  const { port: keys, calls } = memoryDataKeys();
  for (let n = 0; n < STORED_REFRESHES; n += 1) {
    const name = `${prefix}${n}`;
    await store.configure(name, CONFIGURATION, new Date());
    const stored = await store.find(name);
    if (stored === undefined) throw new Error(`${name} was not stored`);
    const item = await connectedItem(refreshDependencies(url, store, keys), stored);
    await client.send(
      new UpdateItemCommand({
        TableName: connections.tableName,
        Key: toItem({ connection: name }),
        UpdateExpression: 'SET health = :h, generation = :g, fingerprint = :f, #a = :a, #r = :r, nextRefreshAt = :n',
        ExpressionAttributeNames: { '#a': 'access', '#r': 'refresh' },
        ExpressionAttributeValues: toItem({
          ':h': item.health,
          ':g': item.generation,
          ':f': item.fingerprint,
          ':a': item.access && tokenItem(item.access),
          ':r': item.refresh && tokenItem(item.refresh),
          ':n': item.nextRefreshAt?.getTime(),
        }),
      }),
    );
  }
  const before = { ...calls };
  const capacity = countCapacity(client);
  const rate = await timed(STORED_REFRESHES, createRefresh(refreshDependencies(url, store, keys)), prefix);
  capacity.stop();
  const kms = calls.generate - before.generate + calls.open - before.open;
  return { rate, counts: { ...capacity.counted, kms } };
}
