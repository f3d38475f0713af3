import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import type { Table } from '../../functions/adapters/dynamodb/table.ts';
import { type DynamoEngine, startDynamo } from '../../infra/local/aws/dynamodb.ts';
import { tableInput } from '../../infra/local/aws/tables.ts';
import { type TableShape, TABLES } from '../../infra/tables.ts';
import { cleanUp, foreignClient, IS_FOREIGN, unique } from './aws-endpoint.ts';

export interface TestDynamo {
  readonly client: DynamoDBClient;
  readonly endpoint: string;
  readonly connections: Table;
  readonly state: Table;
  /** Deletes the tables, closes the client, and ends the engine that was started here. */
  stop(): Promise<void>;
}

/** Anything signs: engines on loopback check nothing. */
const LOOPBACK_CREDENTIALS = { accessKeyId: 'loopback', secretAccessKey: 'loopback' };

/** Engines to run a contract suite on: each one that there is; the foreign one alone where there is one. */
export const DYNAMO_ENGINES: readonly (DynamoEngine | 'foreign' | undefined)[] = IS_FOREIGN
  ? ['foreign']
  : [undefined, 'dynalite'];

/**
 * A DynamoDB with both tables of `infra/tables.ts`, empty, under names that nobody else has.
 *
 * With `AWS_ENDPOINT_URL` set that endpoint is used, whatever is behind it; otherwise an engine is started on loopback: the
 * named one, or the best there is for this platform. The tests of a suite share tables: take names that nobody else takes.
 */
export async function startTestDynamo(engine?: DynamoEngine | 'foreign'): Promise<TestDynamo> {
  const started = IS_FOREIGN || engine === 'foreign' ? undefined : await startEngine(engine);
  const client = new DynamoDBClient(
    started === undefined
      ? foreignClient()
      : { endpoint: started.endpoint, region: 'us-east-1', credentials: LOOPBACK_CREDENTIALS },
  );
  const names = { connections: unique('steward-connections'), state: unique('steward-state') };
  await Promise.all(TABLES.map((shape) => createTable(client, shape, names[shape.id])));
  return {
    client,
    endpoint: started?.endpoint ?? process.env['AWS_ENDPOINT_URL'] ?? '',
    connections: { client, tableName: names.connections },
    state: { client, tableName: names.state },
    async stop() {
      const gone = Object.values(names).map((TableName) => () => client.send(new DeleteTableCommand({ TableName })));
      if (started === undefined) await cleanUp(gone);
      client.destroy();
      await started?.stop();
    },
  };
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

/** As the state stack makes it, but for its time to live: the clock of the suites stands in the past. */
async function createTable(client: DynamoDBClient, shape: TableShape, TableName: string): Promise<void> {
  await client.send(new CreateTableCommand({ ...tableInput(shape), TableName }));
  await waitUntilTableExists({ client, minDelay: 1, maxDelay: 2, maxWaitTime: 120 }, { TableName });
}
