import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import dynalite from 'dynalite';
import { makePrivateDirectory } from '../files.ts';
import { connectDynalite, type DynaliteCalls } from './dynalite-calls.ts';
import { createTransactions } from './dynalite-transactions.ts';
import { listen } from './listen.ts';
import { type AwsReply, jsonFault, readAwsRequest, sendAwsReply } from './wire.ts';

/** Operations that change items. They pass one at a time, so that a transaction is alone while it runs. */
const WRITES = new Set([
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'BatchWriteItem',
  'TransactWriteItems',
  'TransactGetItems',
]);

/**
 * dynalite, with what it lacks and this service uses: transactions, the item that stood in the way of a conditional
 * write, and the switch for time to live.
 */
export async function startDynalite(path: string): Promise<{ endpoint: string; stop(): Promise<void> }> {
  makePrivateDirectory(path);
  const inner = dynalite({ path, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  const innerAddress = await listen(inner, 0);
  const calls = connectDynalite(innerAddress.port);
  const transactions = createTransactions(calls);
  const own: Readonly<Record<string, (input: Record<string, unknown>) => Promise<unknown>>> = {
    ...transactions,
    UpdateTimeToLive: async (input) => ({ TimeToLiveSpecification: input['TimeToLiveSpecification'] }),
  };
  let last: Promise<unknown> = Promise.resolve();
  const oneAtATime = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
  const answer = async (operation: string, body: string): Promise<AwsReply> => {
    const handler = Object.hasOwn(own, operation) ? own[operation] : undefined;
    if (handler === undefined) return withBlockingItem(calls, operation, body, await calls.raw(operation, body));
    const output = await handler(JSON.parse(body) as Record<string, unknown>);
    return { status: 200, body: JSON.stringify(output) };
  };
  const server = createServer((message, response) => {
    void (async () => {
      const request = await readAwsRequest(message);
      const operation = request.headers['x-amz-target']?.split('.')[1] ?? '';
      const body = request.body.toString('utf8');
      const work = () => answer(operation, body).catch(dynamoFault);
      const reply = await (WRITES.has(operation) ? oneAtATime(work) : work());
      const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': randomUUID() };
      sendAwsReply(response, { ...reply, headers });
    })();
  });
  const address = await listen(server, 0);
  return {
    endpoint: address.url,
    async stop() {
      await address.close();
      calls.close();
      await innerAddress.close();
    },
  };
}

function dynamoFault(error: unknown): AwsReply {
  const reply = jsonFault(error);
  const body = JSON.parse(String(reply.body)) as { __type: string };
  const type = `com.amazonaws.dynamodb.v20120810#${body.__type}`;
  return { status: reply.status, body: JSON.stringify({ ...body, __type: type }) };
}

/** Adds the item to a failed condition where the write asked for it. */
async function withBlockingItem(
  calls: DynaliteCalls,
  operation: string,
  body: string,
  reply: AwsReply,
): Promise<AwsReply> {
  const failed = reply.status === 400 && String(reply.body).includes('ConditionalCheckFailedException');
  if (!failed || !WRITES.has(operation)) return reply;
  const input = JSON.parse(body) as Record<string, unknown>;
  if (input['ReturnValuesOnConditionCheckFailure'] !== 'ALL_OLD') return reply;
  const table = String(input['TableName']);
  const key = input['Key'] ?? (await calls.keyOf(table, input['Item'] as Record<string, unknown>));
  const { Item } = await calls.call('GetItem', { TableName: table, Key: key, ConsistentRead: true });
  const fault = JSON.parse(String(reply.body)) as object;
  return { status: 400, body: JSON.stringify(Item === undefined ? fault : { ...fault, Item }) };
}
