import {
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unique } from '../support/aws-endpoint.ts';
import { startTestDynamo, DYNAMO_ENGINES, type TestDynamo } from '../support/dynamo.ts';

describe.each(DYNAMO_ENGINES)('DynamoDB: %s', (engine) => {
  let dynamo: TestDynamo;
  let client: DynamoDBClient;
  let TableName: string;

  beforeAll(async () => {
    dynamo = await startTestDynamo(engine);
    client = dynamo.client;
    TableName = dynamo.state.tableName;
  });

  afterAll(async () => {
    await dynamo.stop();
  });

  const key = (pk: string, sk = 'job') => ({ pk: { S: pk }, sk: { S: sk } });
  const put = (pk: string, more: Record<string, { N: string } | { S: string }> = {}, condition?: string) =>
    client.send(
      new PutItemCommand({
        TableName,
        Item: { ...key(pk), ...more },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        ...(condition === undefined ? {} : { ConditionExpression: condition }),
      }),
    );
  const get = async (pk: string, sk?: string) =>
    (await client.send(new GetItemCommand({ TableName, Key: key(pk, sk), ConsistentRead: true }))).Item;

  it('shows the item that stood in the way of a conditional write', async () => {
    const pk = unique('job');
    await put(pk, { owner: { S: 'first' } });

    await expect(put(pk, { owner: { S: 'second' } }, 'attribute_not_exists(pk)')).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
      Item: { ...key(pk), owner: { S: 'first' } },
    });
    expect((await get(pk))?.['owner']).toEqual({ S: 'first' });
  });

  it('lets one of many writers take a lease', async () => {
    const pk = unique('lease');
    const takes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) =>
        client.send(
          new UpdateItemCommand({
            TableName,
            Key: key(pk),
            UpdateExpression: 'SET #owner = :owner, #until = :until',
            ConditionExpression: 'attribute_not_exists(#until) OR #until < :now',
            ExpressionAttributeNames: { '#owner': 'owner', '#until': 'until' },
            ExpressionAttributeValues: { ':owner': { S: `${n}` }, ':until': { N: '200' }, ':now': { N: '100' } },
          }),
        ),
      ),
    );

    expect(takes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('writes all of a transaction or nothing, and says which condition failed on which item', async () => {
    const [a, b, c] = [unique('a'), unique('b'), unique('c')] as const;
    await put(b, { version: { N: '2' } });
    const writes = (expected: string) => [
      { Put: { TableName, Item: { ...key(a), n: { N: '1' } }, ConditionExpression: 'attribute_not_exists(pk)' } },
      {
        Update: {
          TableName,
          Key: key(b),
          UpdateExpression: 'SET version = version + :one',
          ConditionExpression: 'version = :expected',
          ExpressionAttributeValues: { ':one': { N: '1' }, ':expected': { N: expected } },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
        },
      },
      { ConditionCheck: { TableName, Key: key(c), ConditionExpression: 'attribute_not_exists(pk)' } },
    ];

    await expect(client.send(new TransactWriteItemsCommand({ TransactItems: writes('1') }))).rejects.toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: [
        { Code: 'None' },
        { Code: 'ConditionalCheckFailed', Item: { ...key(b), version: { N: '2' } } },
        { Code: 'None' },
      ],
    });
    expect(await get(a)).toBeUndefined();

    await client.send(new TransactWriteItemsCommand({ TransactItems: writes('2') }));
    expect((await get(a))?.['n']).toEqual({ N: '1' });
    expect((await get(b))?.['version']).toEqual({ N: '3' });
  });

  it('runs a transaction once per token', async () => {
    const pk = unique('counter');
    await put(pk, { n: { N: '0' } });
    const Update = {
      TableName,
      Key: key(pk),
      UpdateExpression: 'ADD n :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    };
    const send = () =>
      client.send(new TransactWriteItemsCommand({ ClientRequestToken: pk.slice(-36), TransactItems: [{ Update }] }));
    await send();
    await send();

    expect((await get(pk))?.['n']).toEqual({ N: '1' });
  });

  it('loses no increment of transactions that race', async () => {
    const pk = unique('race');
    await put(pk, { n: { N: '0' } });
    const increment = async () => {
      for (;;) {
        const before = (await get(pk))?.['n']?.N ?? '';
        const Update = {
          TableName,
          Key: key(pk),
          UpdateExpression: 'SET n = n + :one',
          ConditionExpression: 'n = :before',
          ExpressionAttributeValues: { ':one': { N: '1' }, ':before': { N: before } },
        };
        try {
          return await client.send(new TransactWriteItemsCommand({ TransactItems: [{ Update }] }));
        } catch (error) {
          if ((error as Error).name !== 'TransactionCanceledException') throw error;
        }
      }
    };
    await Promise.all([1, 2, 3, 4, 5].map(increment));

    expect((await get(pk))?.['n']).toEqual({ N: '5' });
  });

  it('refuses two writes of one item in a transaction', async () => {
    const Item = key(unique('twice'));

    await expect(
      client.send(
        new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName, Item } }, { Put: { TableName, Item } }] }),
      ),
    ).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('reads several items at one moment', async () => {
    const [a, b] = [unique('a'), unique('b')] as const;
    await put(a, { n: { N: '1' } });
    const Get = (pk: string) => ({ Get: { TableName, Key: key(pk) } });

    const { Responses } = await client.send(new TransactGetItemsCommand({ TransactItems: [Get(a), Get(b)] }));

    expect(Responses?.map(({ Item }) => Item?.['n'])).toEqual([{ N: '1' }, undefined]);
  });

  it('finds by an index what has its attributes, in the order of its numbers, and only its keys', async () => {
    const dueShard = unique('report#0');
    for (const [name, dueAt] of [
      ['late', '300'],
      ['soon', '20'],
      ['next', '100'],
    ] as const) {
      await put(unique(name), { dueShard: { S: dueShard }, dueAt: { N: dueAt }, secret: { S: 'not projected' } });
    }
    await put(unique('idle'), { dueShard: { S: dueShard } });

    const query = async () =>
      client.send(
        new QueryCommand({
          TableName,
          IndexName: 'due',
          KeyConditionExpression: 'dueShard = :shard AND dueAt <= :now',
          ExpressionAttributeValues: { ':shard': { S: dueShard }, ':now': { N: '100' } },
        }),
      );
    await expect.poll(async () => (await query()).Count).toBe(2);
    const { Items } = await query();
    expect(Items?.map((item) => item['dueAt']?.N)).toEqual(['20', '100']);
    expect(Items?.[0]?.['secret']).toBeUndefined();
  });
});
