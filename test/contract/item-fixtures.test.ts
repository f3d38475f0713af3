import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConnectionStore } from '../../functions/adapters/dynamodb/connection-store.ts';
import { createJobStore } from '../../functions/adapters/dynamodb/job-store.ts';
import { ConfigInvalidError } from '../../functions/core/errors.ts';
import { FUNCTIONS } from '../../infra/functions.ts';
import { stateKinds } from '../infra/permissions.ts';
import { synthesize } from '../infra/synthesize.ts';
import { startTestDynamo, type TestDynamo } from '../support/dynamo.ts';
import {
  allItems,
  type ItemFixture,
  putItems,
  readFixtures,
  recordedSchemas,
  toPlain,
} from '../support/item-fixtures.ts';
import { STORED_KINDS } from '../support/stored-kinds.ts';

/** Members that an earlier version wrote and this one neither writes nor reads; `false` and its absence are one. */
const NO_LONGER_WRITTEN: Readonly<Record<string, readonly string[]>> = { connection: ['createdAt', 'paused'] };

/** Nothing here goes to whatever is behind `AWS_ENDPOINT_URL`: the tables have to be empty. */
const ALONE = process.env['AWS_ENDPOINT_URL'] === undefined;

async function withItems<T>(fixture: ItemFixture, look: (dynamo: TestDynamo) => Promise<T>): Promise<T> {
  const dynamo = await startTestDynamo();
  try {
    await putItems(dynamo, fixture);
    return await look(dynamo);
  } finally {
    await dynamo.stop();
  }
}

describe.runIf(ALONE)('P13 items that an earlier version wrote', () => {
  const recorded = recordedSchemas().flatMap((schema) =>
    readFixtures(schema).map((fixture) => ({ schema, ...fixture })),
  );

  it.each(recorded)('schema $schema: $kind is read as it was meant', async (fixture) => {
    const kind = STORED_KINDS[fixture.kind];
    const read = await withItems(fixture, (dynamo) => kind?.read(dynamo) ?? Promise.reject(new Error('of no kind')));
    expect(toPlain(read)).toEqual(toPlain(fixture.read));
  });

  it('are there of every kind that is written today: npm run record-items records a new one', () => {
    expect(recorded.map(({ kind }) => kind).toSorted()).toEqual(Object.keys(STORED_KINDS).toSorted());
  });

  it('are there of every kind that a function may touch', () => {
    const { service } = synthesize();
    const granted = FUNCTIONS.flatMap(({ name }) => {
      const id = name.replaceAll(/(^|-)([a-z])/g, (_match, _dash, letter: string) => letter.toUpperCase());
      return ['dynamodb:GetItem', 'dynamodb:PutItem'].flatMap((action) => stateKinds(service, id, action));
    });
    const words = recorded.flatMap(({ items }) => items.map(({ item }) => item['pk']?.S?.split('#')[0] ?? ''));
    expect([...new Set(granted)].filter((word) => !words.includes(word))).toEqual([]);
    expect(granted.length).toBeGreaterThan(20);
  });

  it('have the members that this version writes, and what it no longer writes is named', async () => {
    for (const { kind, items } of recorded) {
      const dynamo = await startTestDynamo();
      try {
        await STORED_KINDS[kind]?.write(dynamo);
        const members = (list: ItemFixture['items']) =>
          [...new Set(list.flatMap(({ item }) => Object.keys(item)))].toSorted();
        const written = members(await allItems(dynamo));
        const dropped = members(items).filter((name) => !written.includes(name));
        expect([kind, written.filter((name) => !members(items).includes(name))]).toEqual([kind, []]);
        expect([kind, dropped]).toEqual([kind, NO_LONGER_WRITTEN[kind] ?? []]);
      } finally {
        await dynamo.stop();
      }
    }
  });
});

describe('P13 items that a newer version wrote', () => {
  let dynamo: TestDynamo;
  beforeAll(async () => {
    dynamo = await startTestDynamo();
  });
  afterAll(() => dynamo.stop());

  it('are refused with what to do, and left as they are', async () => {
    const newer = { pk: { S: 'job#of-tomorrow' }, sk: { S: 'job' }, schema: { N: '2' }, config: { S: '{}' } };
    await dynamo.client.send(new PutItemCommand({ TableName: dynamo.state.tableName, Item: newer }));
    const found = createJobStore(dynamo.state).find('of-tomorrow');
    await expect(found).rejects.toThrow(ConfigInvalidError);
    await expect(found).rejects.toThrow(
      /^job#of-tomorrow job was written by a newer version .* deploy that version again/,
    );
  });

  it('a connection too', async () => {
    const newer = { connection: { S: 'of-tomorrow' }, schema: { N: '2' } };
    await dynamo.client.send(new PutItemCommand({ TableName: dynamo.connections.tableName, Item: newer }));
    const { client, connections, state } = dynamo;
    const options = { client, connectionsTable: connections.tableName, stateTable: state.tableName, shardCount: 2 };
    await expect(createConnectionStore(options).find('of-tomorrow')).rejects.toThrow(
      /^of-tomorrow was written by a newer version/,
    );
  });
});
