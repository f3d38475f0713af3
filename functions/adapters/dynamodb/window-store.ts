import {
  type AttributeValue,
  GetItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import { ConflictError } from '../../core/errors.ts';
import type {
  AttemptKey,
  Chain,
  NewAttempt,
  WindowError,
  WindowRecord,
  WindowStore,
} from '../../core/schedules/window-store.ts';
import { outboxPuts } from './outbox-item.ts';
import { fromItem, type Item, run, type Table, toItem } from './table.ts';
import { chainFromItem, chainKey, WINDOW_PREFIX, windowFromItem, windowKey } from './window-item.ts';

/** Windows and chains in the `state` table, in the partition of their job. */
export function createWindowStore(table: Table): WindowStore {
  return {
    async chain(job) {
      const item = await read(table, chainKey(job));
      return item && chainFromItem(item);
    },
    async find(job, from) {
      const item = await read(table, windowKey(job, from));
      return item && windowFromItem(item);
    },
    list: (job, limit) => list(table, job, limit),
    async gaps(job, { from, to }) {
      const records: WindowRecord[] = [];
      for await (const record of between(table, job, from, to)) if (record.state === 'gap') records.push(record);
      return records;
    },
    async ask(job, from) {
      await write(table, `request to fill a gap of ${job}`, [
        {
          ConditionCheck: {
            TableName: table.tableName,
            Key: windowKey(job, from),
            ConditionExpression: '#state = :gap',
            ExpressionAttributeNames: { '#state': 'state' },
            ExpressionAttributeValues: toItem({ ':gap': 'gap' }),
          },
        },
        update(table, chainKey(job), 'ADD #asked :asked', 'attribute_exists(#pk)', asked(from)),
      ]);
    },
    begin: (attempt, now) => begin(table, attempt, now),
    async beat(attempt, now) {
      await write(table, `beat of ${attempt.job}`, [
        update(table, windowKey(attempt.job, attempt.from), 'SET #updatedAt = :now', RUNNING, {
          ...running(attempt),
          ':now': now.getTime(),
        }),
      ]);
    },
    async fail(attempt, state, error, events, now) {
      try {
        await write(table, `failure of ${attempt.job}`, [
          update(
            table,
            windowKey(attempt.job, attempt.from),
            'SET #state = :state, #error = :error, #updatedAt = :now',
            RUNNING,
            { ...running(attempt), ':state': state, ':error': error, ':now': now.getTime() },
          ),
          release(table, attempt, error),
          ...outboxPuts(table.tableName, events.shard, events.rows, now),
        ]);
        return true;
      } catch (failure) {
        if (failure instanceof ConflictError) return false;
        throw failure;
      }
    },
    async seal(attempt, state, sealed, events, now) {
      const window = await read(table, windowKey(attempt.job, attempt.from));
      const chain = await read(table, chainKey(attempt.job));
      if (!window || !chain)
        throw new ConflictError(`No window of ${attempt.job} begins at ${attempt.from.toISOString()}`);
      const record = windowFromItem(window);
      if (record.state === state && record.sealed?.manifestSha256 === sealed.manifestSha256) return;
      await write(table, `seal of ${attempt.job}`, [
        update(
          table,
          windowKey(attempt.job, attempt.from),
          `SET #state = :state, #sealed = :sealed, #updatedAt = :now REMOVE #error${state === 'gap' ? '' : ', #reason'}`,
          RUNNING,
          { ...running(attempt), ':state': state, ':sealed': sealed, ':now': now.getTime() },
        ),
        advance(table, attempt, state, sealed, { record, chain: chainFromItem(chain) }),
        ...outboxPuts(table.tableName, events.shard, events.rows, now),
      ]);
    },
  };
}

const RUNNING = '#attempt = :attempt AND #state = :running';
const CURRENT = '#currentFrom = :from AND #currentAttempt = :attempt';

function running({ attempt }: AttemptKey): Item {
  return { ':attempt': attempt, ':running': 'running' };
}

function current({ from, attempt }: AttemptKey): Item {
  return { ':from': from.getTime(), ':attempt': attempt };
}

function asked(from: Date): Item {
  return { ':asked': new Set([from.getTime()]) };
}

/** The job is free for another attempt; what was asked for is done with, unless its record may stand. */
function release(table: Table, attempt: AttemptKey, { mayStand }: WindowError): TransactWriteItem {
  const expression = `REMOVE #currentFrom, #currentAttempt${mayStand ? '' : ' DELETE #asked :asked'}`;
  const values = { ...current(attempt), ...(mayStand ? {} : asked(attempt.from)) };
  return update(table, chainKey(attempt.job), expression, CURRENT, values);
}

async function read(table: Table, key: ReturnType<typeof chainKey>): Promise<Item | undefined> {
  const { Item: item } = await run('read a window', () =>
    table.client.send(new GetItemCommand({ TableName: table.tableName, Key: key, ConsistentRead: true })),
  );
  return item && fromItem(item);
}

async function list(table: Table, job: string, limit: number): Promise<readonly WindowRecord[]> {
  const { Items = [] } = await run(`list windows of ${job}`, () =>
    table.client.send(
      new QueryCommand({
        TableName: table.tableName,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: toItem({ ':pk': `job#${job}`, ':prefix': WINDOW_PREFIX }),
        ConsistentRead: true,
        ScanIndexForward: false,
        Limit: limit,
      }),
    ),
  );
  return Items.map((item) => windowFromItem(fromItem(item)));
}

async function* between(table: Table, job: string, from: Date, to: Date): AsyncGenerator<WindowRecord> {
  let next: Record<string, AttributeValue> | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await run(`list gaps of ${job}`, () =>
      table.client.send(
        new QueryCommand({
          TableName: table.tableName,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :last',
          ExpressionAttributeValues: toItem({
            ':pk': `job#${job}`,
            ':first': `${WINDOW_PREFIX}${from.toISOString()}`,
            ':last': `${WINDOW_PREFIX}${new Date(to.getTime() - 1).toISOString()}`,
          }),
          ConsistentRead: true,
          ...(next === undefined ? {} : { ExclusiveStartKey: next }),
        }),
      ),
    );
    for (const item of Items) yield windowFromItem(fromItem(item));
    next = LastEvaluatedKey;
  } while (next !== undefined);
}

function update(
  table: Table,
  key: ReturnType<typeof chainKey>,
  expression: string,
  condition: string,
  values: Item,
): TransactWriteItem {
  const used = [...new Set(`${expression} ${condition}`.match(/#\w+/g) ?? [])];
  return {
    Update: {
      TableName: table.tableName,
      Key: key,
      UpdateExpression: expression,
      ConditionExpression: condition,
      ExpressionAttributeNames: Object.fromEntries(used.map((alias) => [alias, alias.slice(1)])),
      ExpressionAttributeValues: toItem(values),
    },
  };
}

async function write(table: Table, what: string, items: TransactWriteItem[]): Promise<void> {
  await run(what, () => table.client.send(new TransactWriteItemsCommand({ TransactItems: items })));
}

function beginsWhere({ attempt, action }: NewAttempt): string {
  if (attempt === 1) return 'attribute_not_exists(#pk)';
  return `#attempt = :previous AND ${action === 'fill' ? '#state = :gap' : '#state IN (:failed, :incomplete)'}`;
}

async function begin(table: Table, attempt: NewAttempt, now: Date): Promise<WindowRecord> {
  const { job, from, to, action, execution, reason } = attempt;
  const reasonSet = reason === undefined ? '' : ', #reason = :reason';
  await write(table, `begin of ${job}`, [
    update(
      table,
      windowKey(job, from),
      'SET #schema = :one, #from = :from, #to = :to, #state = :running, #action = :action, #attempt = :attempt, ' +
        `#execution = :execution, #startedAt = :now, #updatedAt = :now${reasonSet}`,
      beginsWhere(attempt),
      {
        ':one': 1,
        ':from': from.getTime(),
        ':to': to.getTime(),
        ':running': 'running',
        ':action': action,
        ':attempt': attempt.attempt,
        ':execution': execution,
        ':now': now.getTime(),
        ...(reason === undefined ? {} : { ':reason': reason }),
        ...(attempt.attempt === 1
          ? {}
          : action === 'fill'
            ? { ':previous': attempt.attempt - 1, ':gap': 'gap' }
            : { ':previous': attempt.attempt - 1, ':failed': 'failed', ':incomplete': 'incomplete' }),
      },
    ),
    update(
      table,
      chainKey(job),
      'SET #schema = :one, #from = if_not_exists(#from, :from), #to = if_not_exists(#to, :from), ' +
        '#sequence = if_not_exists(#sequence, :zero), #currentFrom = :from, #currentAttempt = :attempt',
      'attribute_not_exists(#currentFrom)',
      { ':one': 1, ':zero': 0, ':from': from.getTime(), ':attempt': attempt.attempt },
    ),
  ]);
  return { ...attempt, state: 'running', startedAt: now, updatedAt: now };
}

function advance(
  table: Table,
  attempt: AttemptKey,
  state: 'exported' | 'gap',
  sealed: { readonly sequence: number; readonly manifestKey: string; readonly manifestSha256: string },
  held: { readonly record: WindowRecord; readonly chain: Chain },
): TransactWriteItem {
  const { record, chain } = held;
  const exported = state === 'exported' && record.to >= chain.to;
  return update(
    table,
    chainKey(attempt.job),
    `SET #sequence = :sequence, #last = :last, #from = :min, #to = :max${exported ? ', #lastExport = :export' : ''} ` +
      'REMOVE #currentFrom, #currentAttempt DELETE #asked :asked',
    `${CURRENT} AND #sequence = :before`,
    {
      ...current(attempt),
      ...asked(attempt.from),
      ':sequence': sealed.sequence,
      ':before': sealed.sequence - 1,
      ':last': { key: sealed.manifestKey, sha256: sealed.manifestSha256 },
      ':min': Math.min(chain.from.getTime(), record.from.getTime()),
      ':max': Math.max(chain.to.getTime(), record.to.getTime()),
      ...(exported ? { ':export': { key: sealed.manifestKey } } : {}),
    },
  );
}
