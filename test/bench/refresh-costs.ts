import { PRICE } from '../../infra/costs.ts';
import { WORK } from '../../infra/usage.ts';
import type { Counted } from './capacity.ts';
import { atMost, type Figure, plain } from './figures.ts';

const CONNECTIONS = 1000;
/** A quarter of an hour before the end of a token that lives an hour. */
const REFRESHES_PER_MONTH = CONNECTIONS * 32 * 30;
const SWEEPS_PER_MONTH = 30 * 24 * 60;
const IN_FLIGHT = 20;
const MEMORY_GB = 0.5;
/** RELIABILITY.md 6, I25. */
const MOST_WRITE_UNITS = 6;
const MOST_READ_UNITS = 2;

/** Units and calls of one refresh, and what a thousand busy connections cost in a month by them. */
export function refreshCosts(counts: Counted & { readonly kms: number }, refreshes: number): readonly Figure[] {
  const writes = counts.writeUnits / refreshes;
  const reads = counts.readUnits / refreshes;
  const kms = counts.kms / refreshes;
  const compute = (REFRESHES_PER_MONTH * WORK.refresh.seconds * MEMORY_GB * PRICE.gigabyteSecond) / IN_FLIGHT;
  const dollars =
    REFRESHES_PER_MONTH * (writes * PRICE.writeUnit + reads * PRICE.readUnit + kms * PRICE.kmsRequest) +
    (REFRESHES_PER_MONTH * WORK.refresh.logBytes * PRICE.logGigabyte) / 1e9 +
    SWEEPS_PER_MONTH * (PRICE.secretRequest / 5 + PRICE.schedule + PRICE.invocation) +
    compute;
  const calls = Object.entries(counts.calls).map(([name, count]) => `${(count / refreshes).toFixed(1)} ${name}`);
  return [
    { what: 'write units of a refresh', ...atMost(writes, MOST_WRITE_UNITS, 'WRU') },
    { what: 'read units of a refresh', ...atMost(reads, MOST_READ_UNITS, 'RRU') },
    { what: 'calls of a refresh to DynamoDB', value: calls.join(', ') },
    plain('calls to KMS, every token under its own data key', kms, ''),
    plain('dollars a month, 1,000 connections, 32 refreshes a day', dollars, '$'),
  ];
}
