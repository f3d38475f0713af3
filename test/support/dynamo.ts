import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient, ResourceInUseException } from '@aws-sdk/client-dynamodb';
import type { Table } from '../../functions/adapters/dynamodb/table.ts';
import { type DynamoEngine, startDynamo } from '../../infra/local/aws/dynamodb.ts';
import { tableInput } from '../../infra/local/aws/tables.ts';
import { type TableShape, TABLES } from '../../infra/tables.ts';

export interface TestDynamo {
  readonly client: DynamoDBClient;
  readonly endpoint: string;
  readonly connections: Table;
  readonly state: Table;
  /** Closes the client, and ends the engine that was started here. */
  stop(): Promise<void>;
}

/** Anything signs: engines on loopback check nothing. What is behind `AWS_ENDPOINT_URL` brings its own environment. */
const LOOPBACK_CREDENTIALS = { accessKeyId: 'loopback', secretAccessKey: 'loopback' };

/** Engines to run a contract suite on: each one that there is; the one behind `AWS_ENDPOINT_URL` when it is set. */
export const DYNAMO_ENGINES: readonly (DynamoEngine | undefined)[] =
  process.env.AWS_ENDPOINT_URL === undefined ? [undefined, 'dynalite'] : [undefined];

/**
 * A DynamoDB with both tables of `infra/tables.ts`, empty but for what others put in them.
 *
 * With `AWS_ENDPOINT_URL` set that endpoint is used, whatever is behind it; otherwise an engine is started on loopback: the
 * named one, or the best there is for this platform. Tests share tables: take names that nobody else takes.
 */
export async function startTestDynamo(engine?: DynamoEngine): Promise<TestDynamo> {
  const started = process.env.AWS_ENDPOINT_URL === undefined ? await startEngine(engine) : undefined;
  const endpoint = started?.endpoint ?? process.env.AWS_ENDPOINT_URL ?? '';
  const client = new DynamoDBClient({
    endpoint,
    region: process.env.AWS_REGION ?? 'us-east-1',
    ...(process.env.AWS_ACCESS_KEY_ID === undefined ? { credentials: LOOPBACK_CREDENTIALS } : {}),
  });
  await Promise.all(TABLES.map((shape) => createTable(client, shape)));
  return {
    client,
    endpoint,
    connections: { client, tableName: tableNameOf('connections') },
    state: { client, tableName: tableNameOf('state') },
    async stop() {
      client.destroy();
      await started?.stop();
    },
  };
}

/** Name of a table in tests. */
export function tableNameOf(id: TableShape['id']): string {
  return `steward-test-${id}`;
}

async function startEngine(engine: DynamoEngine | undefined) {
  const directory = await mkdtemp(join(tmpdir(), 'steward-dynamo-'));
  const server = await startDynamo(directory, engine);
  return {
    endpoint: server.endpoint,
    async stop() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function createTable(client: DynamoDBClient, shape: TableShape): Promise<void> {
  try {
    await client.send(new CreateTableCommand({ ...tableInput(shape), TableName: tableNameOf(shape.id) }));
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
}
