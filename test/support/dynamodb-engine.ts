import { CreateTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TABLES, type TableShape } from '../../infra/tables.ts';

/** A DynamoDB engine on loopback with Steward's two tables in it, for contract suites. */
export interface DynamoEngine {
  readonly client: DynamoDBClient;
  stop(): Promise<void>;
}

/** Starts the engine, or takes the one behind `AWS_ENDPOINT_URL_DYNAMODB`. Tables that stand already are left alone. */
export async function startDynamoEngine(): Promise<DynamoEngine> {
  const given = process.env['AWS_ENDPOINT_URL_DYNAMODB'];
  const port = given ? 0 : await freePort();
  const child = given ? undefined : spawn(binary(), ['--port', String(port)], { stdio: 'ignore' });
  const client = new DynamoDBClient({
    region: 'eu-west-1',
    endpoint: given ?? `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  await untilUp(client);
  for (const shape of TABLES) await createTable(client, shape);
  return {
    client,
    async stop() {
      client.destroy();
      child?.kill();
    },
  };
}

function binary(): string {
  return createRequire(import.meta.url).resolve('@dynoxide/linux-x64/dynoxide');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilUp(client: DynamoDBClient): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await client.send(new ListTablesCommand({}));
      return;
    } catch (error) {
      if (attempt > 200) throw error;
      await sleep(20);
    }
  }
}

async function createTable(client: DynamoDBClient, shape: TableShape): Promise<void> {
  const { TableNames = [] } = await client.send(new ListTablesCommand({}));
  if (TableNames.includes(shape.id)) return;
  const types = new Map<string, 'S' | 'N'>([[shape.partitionKey, 'S']]);
  if (shape.sortKey) types.set(shape.sortKey, 'S');
  for (const index of shape.indexes) types.set(index.partitionKey, 'S').set(index.sortKey.name, index.sortKey.type);
  await client.send(
    new CreateTableCommand({
      TableName: shape.id,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [...types].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
      KeySchema: [
        { AttributeName: shape.partitionKey, KeyType: 'HASH' },
        ...(shape.sortKey ? [{ AttributeName: shape.sortKey, KeyType: 'RANGE' as const }] : []),
      ],
      GlobalSecondaryIndexes: shape.indexes.map((index) => ({
        IndexName: index.name,
        KeySchema: [
          { AttributeName: index.partitionKey, KeyType: 'HASH' },
          { AttributeName: index.sortKey.name, KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: index.projection },
      })),
    }),
  );
}
