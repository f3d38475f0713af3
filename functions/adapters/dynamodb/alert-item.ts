import type { AttributeValue, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { AlertChange, AlertHead } from '../../core/alerts/head.ts';
import type { AlertState, Severity } from '../../core/alerts/source.ts';
import type { AlertCheckpoint, AlertDestination, PagesResume, PassResume } from '../../core/alerts/store.ts';
import type { JsonObject } from '../../core/json.ts';
import { DAY_MS } from '../../core/time.ts';
import { fromEpoch, fromItem, type Item, toEpoch, toItem } from './table.ts';

/** How long the head of a resolved alert is kept, so that its next version has the next number. */
const CLOSED_DAYS = 90;

export function headKey(job: string, id: string): Record<string, AttributeValue> {
  return toItem({ pk: `heads#${job}`, sk: id });
}

export function checkpointKey(job: string): Record<string, AttributeValue> {
  return toItem({ pk: `job#${job}`, sk: 'checkpoint' });
}

function headItem(job: string, head: AlertHead, now: Date): Record<string, AttributeValue> {
  const open = head.state !== 'resolved';
  return toItem({
    pk: `heads#${job}`,
    sk: head.id,
    schema: 1,
    version: head.version,
    fingerprint: head.fingerprint,
    pass: head.pass,
    state: head.state,
    severity: head.severity,
    title: head.title,
    resource: head.resource,
    significant: JSON.stringify(head.significant),
    raisedAt: toEpoch(head.raisedAt),
    changedAt: toEpoch(head.changedAt),
    ...(open
      ? { openJob: job, openedAt: toEpoch(head.openedAt ?? now) }
      : { ttl: Math.ceil((now.getTime() + CLOSED_DAYS * DAY_MS) / 1000) }),
  });
}

export function headFromItem(item: Record<string, AttributeValue>): AlertHead {
  const stored = fromItem(item);
  const raisedAt = fromEpoch(stored['raisedAt']);
  const changedAt = fromEpoch(stored['changedAt']);
  const openedAt = fromEpoch(stored['openedAt']);
  return {
    id: stored['sk'] as string,
    version: stored['version'] as number,
    fingerprint: stored['fingerprint'] as string,
    pass: stored['pass'] as number,
    state: stored['state'] as AlertState,
    severity: stored['severity'] as Severity,
    title: stored['title'] as string,
    resource: stored['resource'] as string,
    significant: JSON.parse(stored['significant'] as string) as JsonObject,
    ...(raisedAt === undefined ? {} : { raisedAt }),
    ...(changedAt === undefined ? {} : { changedAt }),
    ...(openedAt === undefined ? {} : { openedAt }),
  };
}

/** The head's write, on condition that it is the next version, another state, and no newer pass has been there. */
export function headPut(
  tableName: string,
  { job }: AlertDestination,
  { head, previousVersion }: AlertChange,
  now: Date,
): TransactWriteItem {
  const Item = headItem(job, head, now);
  if (previousVersion === 0) {
    return { Put: { TableName: tableName, Item, ConditionExpression: 'attribute_not_exists(pk)' } };
  }
  return {
    Put: {
      TableName: tableName,
      Item,
      ConditionExpression: '#version = :version AND #fingerprint <> :fingerprint AND #pass < :pass',
      ExpressionAttributeNames: { '#version': 'version', '#fingerprint': 'fingerprint', '#pass': 'pass' },
      ExpressionAttributeValues: toItem({
        ':version': previousVersion,
        ':fingerprint': head.fingerprint,
        ':pass': head.pass,
      }),
    },
  };
}

export function checkpointItem(job: string, checkpoint: AlertCheckpoint): Record<string, AttributeValue> {
  const { bornAt, position, succeededAt, listedAt, resume, suspicion, ...plain } = checkpoint;
  return toItem({
    ...plain,
    pk: `job#${job}`,
    sk: 'checkpoint',
    schema: 1,
    bornAt: toEpoch(bornAt),
    position: toEpoch(position),
    succeededAt: toEpoch(succeededAt),
    listedAt: toEpoch(listedAt),
    resume: resume && {
      startedAt: toEpoch(resume.startedAt),
      from: toEpoch(resume.from),
      to: toEpoch(resume.to),
      pages: JSON.stringify(resume.pages),
    },
    suspicion: suspicion && { ...suspicion, since: toEpoch(suspicion.since) },
  });
}

/** `undefined` where what is stored is no checkpoint: the job then begins as one that has lost it. */
export function checkpointFromItem(item: Item): AlertCheckpoint | undefined {
  const { revision, bornAt, position, succeededAt } = item;
  if (typeof revision !== 'number') return undefined;
  const times = { bornAt: fromEpoch(bornAt), position: fromEpoch(position), succeededAt: fromEpoch(succeededAt) };
  if (times.bornAt === undefined || times.position === undefined || times.succeededAt === undefined) return undefined;
  if (Object.values(times).some((time) => Number.isNaN(time?.getTime()))) return undefined;
  const suspicion = item['suspicion'] as { since: number; held: number; seen: number } | undefined;
  return defined({
    revision,
    bornAt: times.bornAt,
    position: times.position,
    succeededAt: times.succeededAt,
    listedAt: fromEpoch(item['listedAt']),
    resume: resumeFromItem(item['resume'] as Item | undefined),
    suspicion: suspicion && { ...suspicion, since: new Date(suspicion.since) },
    unreadable: item['unreadable'] as readonly string[] | undefined,
    minute: item['minute'] as AlertCheckpoint['minute'],
    silenced: item['silenced'] as number | undefined,
  });
}

function resumeFromItem(stored: Item | undefined): PassResume | undefined {
  const startedAt = fromEpoch(stored?.['startedAt']);
  const from = fromEpoch(stored?.['from']);
  const to = fromEpoch(stored?.['to']);
  const pages = stored?.['pages'];
  if (!startedAt || !from || !to || typeof pages !== 'string') return undefined;
  return { startedAt, from, to, pages: JSON.parse(pages) as PagesResume };
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Without the members that are `undefined`. */
function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}
