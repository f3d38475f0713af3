import { DeadlineTooNearError, ProviderResponseInvalidError } from '../errors.ts';
import { canonicalJson, type JsonValue } from '../json.ts';
import type { Deadline } from '../time.ts';
import { shortHash } from './fingerprint.ts';
import type { Alert, AlertPage } from './source.ts';
import type { PagesResume } from './store.ts';

/** Rounds through all pages before a pass is called unsettled. */
const ROUNDS = 3;
/** An id longer than this has no place in a key. */
const ID_LIMIT_BYTES = 512;
/** What recording what was read may take: no page is asked for with less time left. */
export const RECORDING_MS = 20_000;

/** Ids remembered of an unfinished round, so that the checkpoint stays within an item. */
const RESUME_LIMIT = 25_000;

/** What a pass read, however far it got. */
export interface PagesRead {
  /** Every alert that was seen, as it was seen last. */
  readonly alerts: ReadonlyMap<string, Alert>;
  /** Short hashes of everything that was seen, in an earlier part of the same pass too. */
  readonly seen: ReadonlySet<string>;
  /** Ids of items that could not be read; empty where they had none. */
  readonly unreadable: readonly string[];
  /** Nothing moved between pages while they were read, so that what was not seen was not there. */
  readonly settled: boolean;
  /** Why it ended early. */
  readonly interruption?: unknown;
  /** Where to go on after an interruption. */
  readonly resume?: PagesResume;
}

export interface ReadPagesOptions {
  readonly read: (cursor: JsonValue | undefined) => Promise<AlertPage>;
  readonly deadline: Deadline;
  /** A source whose list only grows at its end may grow while it is read; one without history may not. */
  readonly mayGrow: boolean;
  /** Whether to read again what shifted. Default true. */
  readonly settle?: boolean;
  /** An earlier part of the same pass. */
  readonly resume?: PagesResume | undefined;
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
    round: resume?.round ?? 1,
    total: resume?.total,
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
  round: number;
  total: number | undefined;
}

async function readRounds(reading: Reading): Promise<void> {
  const rounds = reading.options.settle === false ? 1 : ROUNDS;
  for (;;) {
    const resumed = reading.cursor !== undefined;
    const pages = await readRound(reading);
    if ((pages > 1 || resumed) && rounds > 1) await checkFirstPage(reading);
    reading.settled = !reading.shifted;
    if (reading.settled || reading.round >= rounds) return;
    reading.round += 1;
    reading.cursor = undefined;
    reading.total = undefined;
    reading.shifted = false;
    reading.inRound.clear();
  }
}

/** One way through all pages, from where an earlier part of the pass ended. Returns how many it read. */
async function readRound(reading: Reading): Promise<number> {
  const cursors = new Set<string>();
  for (let pages = 1; ; pages += 1) {
    const page = await readPage(reading, reading.cursor);
    // Where an earlier part ended at the check of the first page, its last page is read twice, and that tells nothing.
    take(reading, page, (hash) => pages > 1 && reading.inRound.has(hash));
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
  for (const alert of page.alerts) {
    const bytes = Buffer.byteLength(alert.id);
    if (bytes === 0 || bytes > ID_LIMIT_BYTES) {
      reading.unreadable.add(alert.id.slice(0, 64));
      continue;
    }
    reading.alerts.set(alert.id, alert);
    reading.seen.add(shortHash(alert.id));
    reading.inRound.add(shortHash(alert.id));
  }
}

function compareTotal(reading: Reading, total: number | undefined): void {
  if (total === undefined) return;
  const before = reading.total;
  if (before !== undefined && (total < before || (total > before && !reading.options.mayGrow))) reading.shifted = true;
  reading.total = total;
}

function toResult(reading: Reading, interruption?: unknown): PagesRead {
  const { alerts, seen, inRound, cursor, round, shifted, total } = reading;
  const resume =
    interruption !== undefined && cursor !== undefined && inRound.size <= RESUME_LIMIT
      ? { cursor, round, seen: [...inRound], shifted, ...(total === undefined ? {} : { total }) }
      : undefined;
  return {
    alerts,
    seen,
    unreadable: [...reading.unreadable].sort(),
    settled: reading.settled,
    ...(interruption === undefined ? {} : { interruption }),
    ...(resume === undefined ? {} : { resume }),
  };
}
