import { readdirSync, readFileSync } from 'node:fs';
import { type AttributeValue, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { TestDynamo } from './dynamo.ts';

/** Items of one kind as a version of Steward wrote them, and what core read in them then. */
export interface ItemFixture {
  readonly kind: string;
  readonly items: readonly { readonly table: 'connections' | 'state'; readonly item: Record<string, AttributeValue> }[];
  readonly read: unknown;
}

const FOLDER = new URL('../fixtures/items/', import.meta.url);

/** Schemas that were ever written: the folders' names. */
export function recordedSchemas(): readonly string[] {
  return readdirSync(FOLDER);
}

export function fixtureFile(schema: string, kind: string): URL {
  return new URL(`${schema}/${kind}.json`, FOLDER);
}

export function readFixtures(schema: string): readonly ItemFixture[] {
  return readdirSync(new URL(`${schema}/`, FOLDER)).map((name) =>
    fromPlain(JSON.parse(readFileSync(new URL(`${schema}/${name}`, FOLDER), 'utf8')) as ItemFixture),
  );
}

export async function allItems(dynamo: TestDynamo): Promise<ItemFixture['items']> {
  const scan = async (table: 'connections' | 'state') => {
    const command = new ScanCommand({ TableName: dynamo[table].tableName, ConsistentRead: true });
    const { Items = [] } = await dynamo.client.send(command);
    return Items.map((item) => ({ table, item }));
  };
  return [...(await scan('connections')), ...(await scan('state'))];
}

export async function putItems(dynamo: TestDynamo, { items }: ItemFixture): Promise<void> {
  for (const { table, item } of items)
    await dynamo.client.send(new PutItemCommand({ TableName: dynamo[table].tableName, Item: item }));
}

/** Values as JSON can hold them; sets in order. Comes back by `fromPlain` but for what core has as `Date`, `Map`, `Set`. */
export function toPlain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Map) return { $map: [...value].map(toPlain) };
  if (value instanceof Set) return { $set: [...value].map(toPlain) };
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [key, toPlain(member)]),
  );
}

function fromPlain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_key, member: unknown) => {
    const bytes = (member as { $bytes?: unknown } | null)?.$bytes;
    return typeof bytes === 'string' ? new Uint8Array(Buffer.from(bytes, 'base64')) : member;
  }) as T;
}
