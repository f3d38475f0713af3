import {
  CreateTableCommand,
  DynamoDBClient,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { TABLES, type TableShape } from '../../tables.ts';
import { REGION } from './account.ts';

/** Makes the tables of `infra/tables.ts` where they are not there yet. */
export async function createTables(endpoint: string): Promise<void> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint, region: REGION, credentials, maxAttempts: 1 });
  try {
    await Promise.all(TABLES.map((table) => createTable(client, table)));
  } finally {
    client.destroy();
  }
}

async function createTable(client: DynamoDBClient, table: TableShape): Promise<void> {
  try {
    await client.send(new CreateTableCommand(tableInput(table)));
  } catch (error) {
    if (error instanceof ResourceInUseException) return;
    throw error;
  }
  if (table.timeToLive === undefined) return;
  const TimeToLiveSpecification = { Enabled: true, AttributeName: table.timeToLive };
  await client.send(new UpdateTimeToLiveCommand({ TableName: table.id, TimeToLiveSpecification }));
}

/** A table as CreateTable takes it: on demand, with its indexes, as the state stack makes it. */
export function tableInput(table: TableShape): ConstructorParameters<typeof CreateTableCommand>[0] {
  const types = new Map<string, 'S' | 'N'>([[table.partitionKey, 'S']]);
  if (table.sortKey !== undefined) types.set(table.sortKey, 'S');
  for (const index of table.indexes) {
    types.set(index.partitionKey, 'S');
    types.set(index.sortKey.name, index.sortKey.type);
  }
  return {
    TableName: table.id,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [...types].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    KeySchema: [
      { AttributeName: table.partitionKey, KeyType: 'HASH' },
      ...(table.sortKey === undefined ? [] : [{ AttributeName: table.sortKey, KeyType: 'RANGE' as const }]),
    ],
    GlobalSecondaryIndexes: table.indexes.map((index) => ({
      IndexName: index.name,
      KeySchema: [
        { AttributeName: index.partitionKey, KeyType: 'HASH' },
        { AttributeName: index.sortKey.name, KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: index.projection },
    })),
  };
}
