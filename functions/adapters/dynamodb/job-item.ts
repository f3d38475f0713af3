import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Job } from '../../core/jobs.ts';
import { NO_RUNS, type RunFigures } from '../../core/schedules/job-run.ts';
import type { JobState } from '../../core/schedules/job-store.ts';
import { jobFromText } from '../../core/schedules/job-text.ts';
import { fromEpoch, type Item, toEpoch, toItem } from './table.ts';

/** `dueAt` of a paused job: the last instant that a `Date` knows, so that it keeps its place in the index. */
export const PAUSED = 8_640_000_000_000_000;

export function jobKey(name: string): Record<string, AttributeValue> {
  return toItem({ pk: `job#${name}`, sk: 'job' });
}

/** Partition of the index `due`. */
export function dueShard(kind: Job['kind'], shard: string): string {
  return `${kind}#${shard}`;
}

/** Figures as a map: instants in epoch milliseconds. */
export function runToItem(run: RunFigures): Item {
  return {
    ...run,
    lastRunAt: toEpoch(run.lastRunAt),
    lastSuccessAt: toEpoch(run.lastSuccessAt),
    lastError: run.lastError && { ...run.lastError, at: run.lastError.at.getTime() },
  };
}

function runFromItem(stored: Item): RunFigures {
  const { lastRunAt, lastSuccessAt, lastError, ...rest } = stored;
  const error = lastError as { code: string; message: string; at: number } | undefined;
  return {
    ...(rest as unknown as RunFigures),
    ...optional('lastRunAt', fromEpoch(lastRunAt)),
    ...optional('lastSuccessAt', fromEpoch(lastSuccessAt)),
    ...optional('lastError', error && { ...error, at: new Date(error.at) }),
  };
}

export function jobStateFromItem(item: Item): JobState {
  // The item's own flag counts: a pause does not rewrite the configuration.
  const job = { ...jobFromText(item['config'] as string), paused: item['paused'] as boolean };
  return {
    job,
    createdAt: new Date(item['createdAt'] as number),
    dueAt: job.paused ? undefined : fromEpoch(item['dueAt']),
    run: item['run'] ? runFromItem(item['run'] as Item) : NO_RUNS,
    request: {
      ...optional('until', fromEpoch(item['requestedUntil'])),
      ...optional('from', fromEpoch(item['requestedFrom'])),
    },
  };
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: V });
}
