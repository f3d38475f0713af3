import { DeadlineTooNearError, ProviderResponseInvalidError } from '../errors.ts';
import { canonicalJson, type JsonValue } from '../json.ts';
import type { Deadline } from '../time.ts';
import { shortHash } from './fingerprint.ts';
import type { Alert, AlertPage } from './source.ts';

/** Rounds through all pages before a pass is called unsettled. */
const ROUNDS = 3;
/** An id longer than this has no place in a key. */
const ID_LIMIT_BYTES = 512;
/** What recording what was read may take: no page is asked for with less time left. */
export const RECORDING_MS = 20_000;

/** What a pass read, however far it got. */
export interface PagesRead {
  /** Every alert that was seen, as it was seen last. */
  readonly alerts: ReadonlyMap<string, Alert>;
  /** Short hashes of everything that was seen, in an earlier part of the same pass too. */
  readonly seen: ReadonlySet<string>;
  /** Those of the round that was interrupted, to go on with. */
  readonly inRound: ReadonlySet<string>;
  /** Ids of items that could not be read; empty where they had none. */
  readonly unreadable: readonly string[];
  /** Nothing moved between pages while they were read, so that what was not seen was not there. */
  readonly settled: boolean;
  /** Why it ended early. */
  readonly interruption?: unknown;
  /** Where to go on after an interruption. */
  readonly cursor?: JsonValue;
  readonly shifted: boolean;
  readonly total?: number;
  /** The earliest change on the last page that was read, where its alerts carry one. */
  readonly lastPageFrom?: Date;
}

export interface ReadPagesOptions {
  readonly read: (cursor: JsonValue | undefined) => Promise<AlertPage>;
  readonly deadline: Deadline;
  /** A source whose list only grows at its end may grow while it is read; one without history may not. */
  readonly mayGrow: boolean;
  /** Whether to read again what shifted. Default true. */
  readonly settle?: boolean;
  /** An earlier part of the same pass. */
  readonly resume?: {
    readonly cursor?: JsonValue;
    readonly seen?: readonly string[];
    readonly shifted?: boolean;
    readonly total?: number;
  };
}

/**
 * Reads all pages to a stable pass (A10, A11, A24): an item on two pages, a shrinking total or another first page
 * mean that items moved while the pages were read and one may have slipped through, so they are read again.
 *
 * Never throws: what was read before a failure is as true as ever. The failure is in the result.
 */
export async function readPages(options: ReadPagesOptions): Promise<PagesRead> {
  const { resume } = options;
  const reading: Reading = {
    options,
    alerts: new Map(),
    seen: new Set(resume?.seen),
    inRound: new Set(resume?.seen),
    unreadable: new Set(),
    cursor: resume?.cursor,
    shifted: resume?.shifted ?? false,
    settled: false,
    total: resume?.total,
    lastPageFrom: undefined,
  };
  try {
    await readRounds(reading);
  } catch (error) {
    return toResult(reading, error);
  }
  return toResult(reading);
}

/** A pass while it is being read. */
interface Reading {
  readonly options: ReadPagesOptions;
  readonly alerts: Map<string, Alert>;
  readonly seen: Set<string>;
  /** Short hashes of what this round has seen. */
  readonly inRound: Set<string>;
  readonly unreadable: Set<string>;
  cursor: JsonValue | undefined;
  shifted: boolean;
  settled: boolean;
  total: number | undefined;
  lastPageFrom: Date | undefined;
}

async function readRounds(reading: Reading): Promise<void> {
  const rounds = reading.options.settle === false ? 1 : ROUNDS;
  for (let round = 1; round <= rounds; round += 1) {
    const resumed = reading.cursor !== undefined;
    const pages = await readRound(reading);
    if ((pages > 1 || resumed) && rounds > 1) await checkFirstPage(reading);
    reading.settled = !reading.shifted;
    if (reading.settled || round === rounds) return;
    reading.cursor = undefined;
    reading.total = undefined;
    reading.shifted = false;
    reading.inRound.clear();
  }
}

/** One way through all pages, from where an earlier part of the pass ended. Returns how many it read. */
async function readRound(reading: Reading): Promise<number> {
  const cursors = new Set<string>();
  // Where an earlier part ended at the check of the first page, its last page is read twice, and that tells nothing.
  const resumed = reading.cursor !== undefined;
  for (let pages = 1; ; pages += 1) {
    const page = await readPage(reading, reading.cursor);
    take(reading, page, (hash) => !(resumed && pages === 1) && reading.inRound.has(hash));
    if (page.next === undefined) return pages;
    const key = canonicalJson(page.next);
    if (cursors.has(key)) throw new ProviderResponseInvalidError('The provider leads back to a page that was read');
    cursors.add(key);
    reading.cursor = page.next;
  }
}

/** After the last page the first one has to be the one that we know. */
async function checkFirstPage(reading: Reading): Promise<void> {
  const page = await readPage(reading, undefined);
  take(reading, page, (hash) => !reading.inRound.has(hash));
}

async function readPage({ options }: Reading, cursor: JsonValue | undefined): Promise<AlertPage> {
  if (options.deadline.remainingMs() < RECORDING_MS) {
    throw new DeadlineTooNearError('Too little time is left to read another page of alerts');
  }
  return options.read(cursor);
}

/** Keeps what a page has. `tells` says of an id whether finding it here means that pages have shifted. */
function take(reading: Reading, page: AlertPage, tells: (hash: string) => boolean): void {
  if (page.alerts.some((alert) => tells(shortHash(alert.id)))) reading.shifted = true;
  compareTotal(reading, page.total);
  for (const id of page.unreadable ?? []) reading.unreadable.add(id);
  let earliest: Date | undefined;
  for (const alert of page.alerts) {
    const bytes = Buffer.byteLength(alert.id);
    if (bytes === 0 || bytes > ID_LIMIT_BYTES) {
      reading.unreadable.add(alert.id.slice(0, 64));
      continue;
    }
    reading.alerts.set(alert.id, alert);
    reading.seen.add(shortHash(alert.id));
    reading.inRound.add(shortHash(alert.id));
    if (alert.changedAt && (earliest === undefined || alert.changedAt < earliest)) earliest = alert.changedAt;
  }
  if (earliest !== undefined) reading.lastPageFrom = earliest;
}

function compareTotal(reading: Reading, total: number | undefined): void {
  if (total === undefined) return;
  const before = reading.total;
  if (before !== undefined && (total < before || (total > before && !reading.options.mayGrow))) reading.shifted = true;
  reading.total = total;
}

function toResult(reading: Reading, interruption?: unknown): PagesRead {
  return {
    alerts: reading.alerts,
    seen: reading.seen,
    inRound: reading.inRound,
    unreadable: [...reading.unreadable].sort(),
    settled: reading.settled && interruption === undefined,
    shifted: reading.shifted,
    ...(interruption === undefined ? {} : { interruption }),
    ...(reading.cursor === undefined ? {} : { cursor: reading.cursor }),
    ...(reading.total === undefined ? {} : { total: reading.total }),
    ...(reading.lastPageFrom === undefined ? {} : { lastPageFrom: reading.lastPageFrom }),
  };
}
