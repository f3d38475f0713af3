import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import {
  type AttributeDefinition,
  CreateTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  ResourceInUseException,
} from '@aws-sdk/client-dynamodb';
import { type TableShape, TABLES } from '../../infra/tables.ts';
import type { Table } from '../../functions/adapters/dynamodb/table.ts';

export interface TestDynamo {
  readonly client: DynamoDBClient;
  readonly endpoint: string;
  readonly connections: Table;
  readonly state: Table;
  /** Closes the client and ends the engine that was started here. */
  stop(): Promise<void>;
}

/** Anything signs: engines on loopback check nothing. Real ones behind `AWS_ENDPOINT_URL` bring their own environment. */
const LOOPBACK_CREDENTIALS = { accessKeyId: 'loopback', secretAccessKey: 'loopback' };

const START_TIMEOUT_MS = 20_000;

/**
 * A DynamoDB with both tables of `infra/tables.ts`, empty but for what others put in them.
 *
 * With `AWS_ENDPOINT_URL` set that endpoint is used; otherwise an engine of this process's own is started on a free
 * port of loopback, with nothing on disk. Tests share tables: take names that nobody else takes.
 */
export async function startTestDynamo(): Promise<TestDynamo> {
  const given = process.env.AWS_ENDPOINT_URL;
  const engine = given === undefined ? await startEngine() : undefined;
  const endpoint = given ?? engine?.endpoint ?? '';
  const client = new DynamoDBClient({
    endpoint,
    region: process.env.AWS_REGION ?? 'us-east-1',
    ...(process.env.AWS_ACCESS_KEY_ID === undefined ? { credentials: LOOPBACK_CREDENTIALS } : {}),
  });
  await untilAnswering(client);
  for (const shape of TABLES) await createTable(client, shape);
  return {
    client,
    endpoint,
    connections: { client, tableName: tableNameOf('connections') },
    state: { client, tableName: tableNameOf('state') },
    async stop() {
      client.destroy();
      await engine?.stop();
    },
  };
}

/** Name of a table in tests. */
export function tableNameOf(id: TableShape['id']): string {
  return `steward-test-${id}`;
}

async function startEngine(): Promise<{ readonly endpoint: string; stop(): Promise<void> }> {
  const binary = createRequire(import.meta.url).resolve('@dynoxide/linux-x64/dynoxide');
  const port = await freePort();
  const engine: ChildProcess = spawn(binary, ['--port', String(port)], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => {
    engine.once('exit', () => resolve());
    engine.once('error', () => resolve());
  });
  const endNow = () => engine.kill('SIGKILL');
  process.once('exit', endNow);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async stop() {
      process.off('exit', endNow);
      engine.kill('SIGKILL');
      await ended;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function untilAnswering(client: DynamoDBClient): Promise<void> {
  const until = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      await client.send(new ListTablesCommand({}));
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function createTable(client: DynamoDBClient, shape: TableShape): Promise<void> {
  const attributes = new Map<string, 'S' | 'N'>([[shape.partitionKey, 'S']]);
  if (shape.sortKey !== undefined) attributes.set(shape.sortKey, 'S');
  for (const index of shape.indexes) {
    attributes.set(index.partitionKey, 'S');
    attributes.set(index.sortKey.name, index.sortKey.type);
  }
  try {
    await client.send(
      new CreateTableCommand({
        TableName: tableNameOf(shape.id),
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [...attributes].map(([AttributeName, AttributeType]): AttributeDefinition => ({
          AttributeName,
          AttributeType,
        })),
        KeySchema: keySchema(shape.partitionKey, shape.sortKey),
        GlobalSecondaryIndexes: shape.indexes.map((index) => ({
          IndexName: index.name,
          KeySchema: keySchema(index.partitionKey, index.sortKey.name),
          Projection: { ProjectionType: index.projection },
        })),
      }),
    );
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
}

function keySchema(partitionKey: string, sortKey: string | undefined) {
  return [
    { AttributeName: partitionKey, KeyType: 'HASH' as const },
    ...(sortKey === undefined ? [] : [{ AttributeName: sortKey, KeyType: 'RANGE' as const }]),
  ];
}
