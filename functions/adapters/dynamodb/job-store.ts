import { TransactWriteItemsCommand, UpdateItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { NotFoundError } from '../../core/errors.ts';
import type { Job } from '../../core/jobs.ts';
import type { ExportRequest, JobStore, LeasedJob } from '../../core/schedules/job-store.ts';
import { jobToText } from '../../core/schedules/job-text.ts';
import { dueShard, jobKey, jobStateFromItem, PAUSED, runToItem } from './job-item.ts';
import { DIRECTORY, dueJobs, findJob, jobNames } from './job-queries.ts';
import { fromItem, isConditionFailure, run, type Table, toItem } from './table.ts';

/**
 * Jobs in the `state` table: one item per job, found by time through the index `due`.
 *
 * `wakeAt` is set by whatever changes a job from outside (configuration, pause, requests) and taken away by `take`: a
 * run that ends and finds one again never puts off what came in meanwhile.
 */
export function createJobStore(table: Table): JobStore {
  return {
    configure: (job, now) => configure(table, job, now),
    remove: (name) => remove(table, name),
    setPaused: (name, paused, now) => setPaused(table, name, paused, now),
    find: (name) => findJob(table, name),
    async list() {
      const states = [];
      for (const name of await jobNames(table)) states.push(await findJob(table, name));
      return states.filter((state) => state !== undefined);
    },
    due: (kind, shard, now, limit) => dueJobs(table, kind, shard, now, limit),
    take: (name, owner, now, until) => take(table, name, owner, now, until),
    complete: (lease, nextDueAt, figures) =>
      settle(table, lease, {
        set: 'SET #run = :run, #dueAt = if_not_exists(#wakeAt, :due)',
        values: { ':run': runToItem(figures), ':due': nextDueAt.getTime() },
      }),
    async release(lease) {
      try {
        await settle(table, lease, undefined);
      } catch (error) {
        if (!isConditionFailure((error as Error).cause)) throw error;
      }
    },
    request: (name, request, now) => ask(table, name, request, now),
    async wake(name, now) {
      try {
        await ask(table, name, {}, now);
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error;
      }
    },
  };
}

async function update(
  table: Table,
  what: string,
  name: string,
  expression: string,
  condition: string,
  values: Record<string, unknown>,
): Promise<Record<string, AttributeValue>> {
  const used = [...new Set(`${expression} ${condition}`.match(/#\w+/g) ?? [])];
  const answer = await run(what, () =>
    table.client.send(
      new UpdateItemCommand({
        TableName: table.tableName,
        Key: jobKey(name),
        UpdateExpression: expression,
        ConditionExpression: condition,
        ExpressionAttributeNames: Object.fromEntries(used.map((alias) => [alias, alias.slice(1)])),
        ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: toItem(values) }),
        ReturnValues: 'ALL_NEW',
      }),
    ),
  );
  return answer.Attributes ?? {};
}

async function configure(table: Table, job: Job, now: Date): Promise<void> {
  const at = job.paused ? PAUSED : now.getTime();
  await run(`configure job ${job.name}`, () =>
    table.client.send(
      new TransactWriteItemsCommand({
        TransactItems: [
          { Put: { TableName: table.tableName, Item: toItem({ pk: DIRECTORY, sk: job.name }) } },
          {
            Update: {
              TableName: table.tableName,
              Key: jobKey(job.name),
              UpdateExpression:
                'SET #schema = :one, #config = :config, #paused = :paused, #dueShard = :shard, #dueAt = :at, ' +
                '#wakeAt = :at, #createdAt = if_not_exists(#createdAt, :now)',
              ExpressionAttributeNames: {
                '#schema': 'schema',
                '#config': 'config',
                '#paused': 'paused',
                '#dueShard': 'dueShard',
                '#dueAt': 'dueAt',
                '#wakeAt': 'wakeAt',
                '#createdAt': 'createdAt',
              },
              ExpressionAttributeValues: toItem({
                ':one': 1,
                ':config': jobToText(job),
                ':paused': job.paused,
                ':shard': dueShard(job.kind, job.shard),
                ':at': at,
                ':now': now.getTime(),
              }),
            },
          },
        ],
      }),
    ),
  );
}

async function remove(table: Table, name: string): Promise<void> {
  await run(`remove job ${name}`, () =>
    table.client.send(
      new TransactWriteItemsCommand({
        TransactItems: [
          { Delete: { TableName: table.tableName, Key: toItem({ pk: DIRECTORY, sk: name }) } },
          { Delete: { TableName: table.tableName, Key: jobKey(name) } },
        ],
      }),
    ),
  );
}

async function setPaused(table: Table, name: string, paused: boolean, now: Date): Promise<void> {
  const at = paused ? PAUSED : now.getTime();
  await orNotFound(name, () =>
    update(
      table,
      `pause job ${name}`,
      name,
      'SET #paused = :paused, #dueAt = :at, #wakeAt = :at',
      'attribute_exists(#pk)',
      { ':paused': paused, ':at': at },
    ),
  );
}

async function ask(table: Table, name: string, request: ExportRequest, now: Date): Promise<void> {
  const sets = ['#wakeAt = :now', '#dueAt = :now'];
  if (request.until) sets.push('#requestedUntil = :until');
  if (request.from) sets.push('#requestedFrom = :from');
  await orNotFound(name, () =>
    update(table, `request of job ${name}`, name, `SET ${sets.join(', ')}`, 'attribute_exists(#pk) AND #paused = :no', {
      ':now': now.getTime(),
      ':no': false,
      ...(request.until ? { ':until': request.until.getTime() } : {}),
      ...(request.from ? { ':from': request.from.getTime() } : {}),
    }),
  );
}

async function orNotFound(name: string, call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!isConditionFailure((error as Error).cause)) throw error;
    throw new NotFoundError(`No job ${name} that could do this: it does not exist or is paused`, { cause: error });
  }
}

async function take(table: Table, name: string, owner: string, now: Date, until: Date): Promise<LeasedJob | undefined> {
  try {
    const item = await update(
      table,
      `take job ${name}`,
      name,
      'SET #leaseOwner = :owner, #leaseUntil = :until REMOVE #wakeAt',
      'attribute_exists(#pk) AND #paused = :no AND #dueAt <= :now AND ' +
        '(attribute_not_exists(#leaseUntil) OR #leaseUntil <= :now OR #leaseOwner = :owner)',
      { ':owner': owner, ':until': until.getTime(), ':now': now.getTime(), ':no': false },
    );
    return { ...jobStateFromItem(fromItem(item)), owner, until };
  } catch (error) {
    if (isConditionFailure((error as Error).cause)) return undefined;
    throw error;
  }
}

/** Ends a lease, on condition that it is still ours. */
async function settle(
  table: Table,
  lease: LeasedJob,
  change: { readonly set: string; readonly values: Record<string, unknown> } | undefined,
): Promise<void> {
  await update(
    table,
    `end the lease of job ${lease.job.name}`,
    lease.job.name,
    `${change?.set ?? ''} REMOVE #leaseOwner, #leaseUntil`.trim(),
    '#leaseOwner = :owner AND #leaseUntil = :until',
    { ...change?.values, ':owner': lease.owner, ':until': lease.until.getTime() },
  );
}
