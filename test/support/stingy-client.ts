import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';

/** What of a batch is done; the rest is unprocessed. */
const PROCESSED_SHARE = 0.75;

export interface StingyOptions {
  /** Pages of one item also where the caller names a larger size. Default: only where it names none. */
  readonly whateverLimit?: boolean;
}

/**
 * A client that gives as little at a time as DynamoDB may: pages of one item, batches that are not done at once, and
 * nothing at all for a read that is not consistent, as if the write before it had not arrived yet. Engines on loopback
 * are never so, so that code which forgets about any of it works there.
 *
 * Indexes, which nobody can read consistently, are left alone but for their pages.
 */
export function createStingyClient(
  client: DynamoDBClient,
  { whateverLimit = false }: StingyOptions = {},
): DynamoDBClient {
  const send = async (command: object): Promise<unknown> => {
    if (command instanceof GetItemCommand) return command.input.ConsistentRead === true ? client.send(command) : {};
    if (command instanceof QueryCommand) {
      const { input } = command;
      if (input.ConsistentRead !== true && input.IndexName === undefined) return { Items: [] };
      return client.send(new QueryCommand({ ...input, Limit: whateverLimit ? 1 : (input.Limit ?? 1) }));
    }
    if (command instanceof ScanCommand) {
      if (command.input.ConsistentRead !== true) return { Items: [] };
      return client.send(new ScanCommand({ ...command.input, Limit: 1 }));
    }
    if (command instanceof BatchGetItemCommand) return getSome(client, command);
    if (command instanceof BatchWriteItemCommand) return writeSome(client, command);
    return client.send(command as GetItemCommand);
  };
  return new Proxy(client, {
    get: (target, name) => (name === 'send' ? send : (Reflect.get(target, name) as unknown)),
  });
}

function divide<T>(items: readonly T[]): readonly [T[], T[]] {
  const at = Math.ceil(items.length * PROCESSED_SHARE);
  return [items.slice(0, at), items.slice(at)];
}

async function getSome(client: DynamoDBClient, { input }: BatchGetItemCommand) {
  const [table = '', asked] = Object.entries(input.RequestItems ?? {})[0] ?? [];
  if (asked?.ConsistentRead !== true) return { Responses: { [table]: [] } };
  const [now, later] = divide(asked.Keys ?? []);
  const answer = await client.send(new BatchGetItemCommand({ RequestItems: { [table]: { ...asked, Keys: now } } }));
  return later.length === 0 ? answer : { ...answer, UnprocessedKeys: { [table]: { ...asked, Keys: later } } };
}

async function writeSome(client: DynamoDBClient, { input }: BatchWriteItemCommand) {
  const [table = '', asked = []] = Object.entries(input.RequestItems ?? {})[0] ?? [];
  const [now, later] = divide(asked);
  const answer = await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: now } }));
  return later.length === 0 ? answer : { ...answer, UnprocessedItems: { [table]: later } };
}
