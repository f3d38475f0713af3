import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Chain, SealedWindow, WindowError, WindowRecord } from '../../core/schedules/window-store.ts';
import { fromEpoch, type Item, toItem } from './table.ts';

export const WINDOW_PREFIX = 'window#';

export function windowKey(job: string, from: Date): Record<string, AttributeValue> {
  return toItem({ pk: `job#${job}`, sk: `${WINDOW_PREFIX}${from.toISOString()}` });
}

export function chainKey(job: string): Record<string, AttributeValue> {
  return toItem({ pk: `job#${job}`, sk: 'chain' });
}

export function windowFromItem(item: Item): WindowRecord {
  const { pk, from, to, startedAt, updatedAt, state, action, attempt, execution, reason, error, sealed } = item as {
    [key: string]: unknown;
    pk: string;
    from: number;
    to: number;
    startedAt: number;
    updatedAt: number;
  };
  return {
    job: pk.slice('job#'.length),
    from: new Date(from),
    to: new Date(to),
    startedAt: new Date(startedAt),
    updatedAt: new Date(updatedAt),
    state: state as WindowRecord['state'],
    action: action as WindowRecord['action'],
    attempt: attempt as number,
    execution: execution as string,
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(error ? { error: error as WindowError } : {}),
    ...(sealed ? { sealed: sealed as SealedWindow } : {}),
  };
}

export function chainFromItem(item: Item): Chain {
  const { from, to, sequence, last, lastExport, currentFrom, currentAttempt, asked } = item;
  const current = fromEpoch(currentFrom);
  return {
    from: new Date(from as number),
    to: new Date(to as number),
    sequence: sequence as number,
    ...(last ? { last: last as { key: string; sha256: string } } : {}),
    ...(lastExport ? { lastExport: lastExport as { key: string } } : {}),
    ...(current ? { current: { from: current, attempt: currentAttempt as number } } : {}),
    ...(asked instanceof Set
      ? { asked: [...(asked as Set<number>)].toSorted((a, b) => a - b).map((at) => new Date(at)) }
      : {}),
  };
}
