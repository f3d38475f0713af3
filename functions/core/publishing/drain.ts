import { createHash } from 'node:crypto';
import { ConfigInvalidError, StoreUnavailableError } from '../errors.ts';
import type { Log, Metrics } from '../log.ts';
import { countSeverity, measureSeverities, type SeverityCounts } from './severities.ts';
import { type Clock, type Deadline, SECOND_MS } from '../time.ts';
import type { LatencyStore } from './latency-store.ts';
import { type SnsMessage, SNS_LIMIT_BYTES, toMessage } from './message.ts';
import type { OutboxStore, StoredRow } from './outbox-store.ts';
import { BATCH_ENTRIES, type EventPublisher, type PublishResult } from './publisher.ts';

/** Rows read at a time. */
const PAGE_ROWS = 250;
/** Batches in flight. */
const CONCURRENCY = 6;
/** No batch is begun with less time left: publish and mark have to end. */
const BATCH_MS = 8_000;
/** How often marking is tried: what is not marked is published again. */
const MARK_TRIES = 5;
const MARK_PAUSE_MS = 200;

export interface DrainDependencies {
  readonly outbox: OutboxStore;
  readonly latencies: Pick<LatencyStore, 'add'>;
  readonly publisher: EventPublisher;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly pause: (ms: number) => Promise<void>;
}

export interface DrainResult {
  readonly published: number;
  readonly failed: number;
  readonly refused: number;
  /** Rows were left because time ran out. */
  readonly unfinished: boolean;
}

/** A drain while it goes on. */
interface Drain extends DrainDependencies {
  readonly shard: string;
  readonly deadline: Deadline;
  /** Subjects whose next row failed: their later rows wait for it. */
  readonly blocked: Set<string>;
  /** From the provider's change to SNS, by job. */
  readonly latenciesMs: Map<string, number[]>;
  readonly severities: SeverityCounts;
  published: number;
  failed: number;
  refused: number;
  unfinished: boolean;
  oldest: number | undefined;
}

/**
 * Publishes what stands in a shard's outbox, under the shard's lease.
 *
 * In waves: of every subject the first row only; the next one when that one is marked (I14). A failed row holds back its own
 * subject and nothing else; the next drain tries it again. A row that SNS will never take is set aside with the reason.
 */
export async function drainOutbox(
  dependencies: DrainDependencies,
  shard: string,
  deadline: Deadline,
): Promise<DrainResult> {
  const drain: Drain = {
    ...dependencies,
    shard,
    deadline,
    blocked: new Set(),
    latenciesMs: new Map(),
    severities: new Map(),
    published: 0,
    failed: 0,
    refused: 0,
    unfinished: false,
    oldest: undefined,
  };
  let after: string | undefined;
  do {
    const page = await drain.outbox.read(shard, PAGE_ROWS, after);
    for (const { createdAt } of page.rows) {
      drain.oldest = Math.min(drain.oldest ?? createdAt.getTime(), createdAt.getTime());
    }
    await publishWaves(drain, page.rows);
    after = page.next;
  } while (after !== undefined && !drain.unfinished);
  const now = drain.clock.now().getTime();
  drain.metrics.add(
    'OutboxOldestSeconds',
    'Seconds',
    Math.max(0, Math.round((now - (drain.oldest ?? now)) / SECOND_MS)),
  );
  drain.metrics.add('EventsPublished', 'Count', drain.published);
  if (drain.refused + drain.failed > 0) drain.metrics.add('PublishFailed', 'Count', drain.refused + drain.failed);
  measureSeverities(drain.metrics, drain.severities);
  await countLatencies(drain);
  const { published, failed, refused, unfinished } = drain;
  return { published, failed, refused, unfinished };
}

async function publishWaves(drain: Drain, rows: readonly StoredRow[]): Promise<void> {
  let waiting = rows;
  while (waiting.length > 0) {
    const wave = new Map<string, StoredRow>();
    const later: StoredRow[] = [];
    for (const row of waiting) {
      const { subject } = row.event;
      if (drain.blocked.has(subject)) continue;
      if (wave.has(subject)) later.push(row);
      else wave.set(subject, row);
    }
    await publishAll(drain, toBatches(await buildAll(drain, [...wave.values()])));
    if (drain.unfinished) return;
    waiting = later;
  }
}

interface Batch {
  readonly topic: string;
  readonly entries: { readonly row: StoredRow; readonly message: SnsMessage }[];
  bytes: number;
}

/** Messages of rows. One that no message can be made of is set aside like one that SNS refuses: it blocks no other. */
async function buildAll(drain: Drain, rows: readonly StoredRow[]): Promise<readonly Batch['entries'][number][]> {
  const entries: Batch['entries'] = [];
  for (const row of rows) {
    try {
      entries.push({ row, message: toMessage(row.event, hashGroup) });
    } catch (error) {
      const name = error instanceof Error ? error.name : 'unknown';
      await putBack(drain, row, { outcome: 'refused', reason: `No message can be made of it: ${name}` });
    }
  }
  return entries;
}

/** Messages by topic, ten to a batch and within its limit. */
function toBatches(entries: readonly Batch['entries'][number][]): readonly Batch[] {
  const batches: Batch[] = [];
  const open = new Map<string, Batch>();
  for (const { row, message } of entries) {
    let batch = open.get(row.topic);
    if (
      batch === undefined ||
      batch.entries.length === BATCH_ENTRIES ||
      batch.bytes + message.bytes > SNS_LIMIT_BYTES
    ) {
      batch = { topic: row.topic, entries: [], bytes: 0 };
      batches.push(batch);
      open.set(row.topic, batch);
    }
    batch.entries.push({ row, message });
    batch.bytes += message.bytes;
  }
  return batches;
}

function hashGroup(subject: string): string {
  return createHash('sha256').update(subject).digest('hex');
}

/** Some batches side by side, each marked as soon as it is published. */
async function publishAll(drain: Drain, batches: readonly Batch[]): Promise<void> {
  const queue = [...batches];
  const worker = async () => {
    for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
      if (drain.deadline.remainingMs() < BATCH_MS) {
        drain.unfinished = true;
        return;
      }
      await publishBatch(drain, batch);
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(CONCURRENCY, queue.length) }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

async function publishBatch(drain: Drain, { topic, entries }: Batch): Promise<void> {
  const results = await publishTo(drain, topic, entries);
  const published: StoredRow[] = [];
  for (const [index, { row }] of entries.entries()) {
    const result = results[index] ?? { outcome: 'failed', reason: 'no result' };
    if (result.outcome === 'published') published.push(row);
    else await putBack(drain, row, result);
  }
  if (published.length === 0) return;
  const publishedAt = drain.clock.now().getTime();
  await mark(drain, published);
  drain.published += published.length;
  for (const { event, timing } of published) {
    countSeverity(drain.severities, event);
    if (timing === undefined) continue;
    const latency = Math.max(0, publishedAt - timing.changedAt.getTime());
    drain.metrics.add('AlertLatencyMilliseconds', 'Milliseconds', latency);
    const counted = drain.latenciesMs.get(timing.job) ?? [];
    drain.latenciesMs.set(timing.job, counted);
    counted.push(latency);
  }
}

/** One write for each job, once everything is published: a figure is worth no event. */
async function countLatencies({ latencies, latenciesMs, shard, clock, log }: Drain): Promise<void> {
  if (latenciesMs.size === 0) return;
  try {
    await latencies.add(shard, latenciesMs, clock.now());
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    log.warn('event.uncounted', { shard, code: error.code });
  }
}

/** A topic that does not exist is our own mistake and holds back its own rows only. */
async function publishTo(drain: Drain, topic: string, entries: Batch['entries']): Promise<readonly PublishResult[]> {
  try {
    return await drain.publisher.publish(
      topic,
      entries.map(({ message }) => message),
    );
  } catch (error) {
    if (!(error instanceof ConfigInvalidError)) throw error;
    drain.log.error('event.topic-missing', { topic, code: error.code });
    return entries.map(() => ({ outcome: 'failed', reason: error.message }));
  }
}

async function putBack(drain: Drain, row: StoredRow, result: Exclude<PublishResult, { outcome: 'published' }>) {
  const fields = { type: row.event.type, id: row.event.id, topic: row.topic, reason: result.reason };
  if (result.outcome === 'refused') {
    drain.refused += 1;
    drain.log.error('event.refused', fields);
    await drain.outbox.setAside(drain.shard, row, result.reason, drain.clock.now());
    return;
  }
  drain.failed += 1;
  drain.blocked.add(row.event.subject);
  drain.log.warn('event.failed', fields);
}

/** Published and not marked means published again, so marking is tried for as long as there is time. */
async function mark(drain: Drain, rows: readonly StoredRow[]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await drain.outbox.markPublished(drain.shard, rows, drain.clock.now());
      return;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || attempt === MARK_TRIES) throw error;
      await drain.pause(MARK_PAUSE_MS * 2 ** (attempt - 1));
    }
  }
}
