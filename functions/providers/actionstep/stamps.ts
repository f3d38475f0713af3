import type { JsonObject, JsonValue } from '../../core/json.ts';
import { HOUR_MS } from '../../core/time.ts';
import type { Window } from '../../core/reports/source.ts';

/** The stamp that tells when a record of a resource was created or last changed. */
export interface Stamp {
  readonly field: string;
  /** A modified stamp moves when the record is changed; a creation stamp stays, and hides edits and deletions. */
  readonly moves: boolean;
}

const modified = (field: string): Stamp => ({ field, moves: true });
const created = (field: string): Stamp => ({ field, moves: false });

/**
 * Resources that can be read by time. Every other one is a snapshot.
 *
 * `phonerecords.callTimestamp` and `bills.invoiceDate` are not here: people choose them, so they say nothing about when
 * the record came to be.
 */
export const STAMPS: Readonly<Record<string, Stamp>> = {
  actions: modified('modifiedTimestamp'),
  participants: modified('modifiedTimestamp'),
  actiondocuments: modified('modifiedTimestamp'),
  bills: modified('modifiedTimestamp'),
  contactdocuments: modified('modifiedTimestamp'),
  documenttemplates: modified('modifiedTimestamp'),
  tasks: modified('lastModifiedTimestamp'),
  datacollectionrecordvalues: modified('last_modified_time_stamp'),
  filenotes: created('enteredTimestamp'),
  contactnotes: created('enteredTimestamp'),
  timeentries: created('createdTimestamp'),
  timerecords: created('createdTimestamp'),
  disbursements: created('enteredTimestamp'),
  emails: created('createdTimestamp'),
};

/**
 * How much wider than the window the source is asked: Actionstep does not say in which time zone it takes a filter without
 * an offset, and zones reach from UTC−12 to UTC+14. Rows are then placed by their own stamp, which has an offset.
 */
const WIDENING_MS = 26 * HOUR_MS;

/** Filters for everything that may lie in the window, whichever zone they are read in. */
export function stampFilters(stamp: Stamp, window: Window): readonly (readonly [string, string])[] {
  return [
    [`${stamp.field}_gteq`, local(window.from.getTime() - WIDENING_MS)],
    [`${stamp.field}_lteq`, local(window.to.getTime() + WIDENING_MS)],
  ];
}

function local(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19);
}

/** `2025-11-20T19:45:02+11:00`, and `Z`. A stamp without an offset names no instant. */
const INSTANT =
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)$/u;

/** A record's stamp as an instant; `undefined` where it has none. */
export function stampOf(row: JsonObject, stamp: Stamp): Date | undefined {
  return parseStamp(row[stamp.field]);
}

/** An instant with its offset, as Actionstep writes it. */
export function parseStamp(value: JsonValue | undefined): Date | undefined {
  if (typeof value !== 'string' || !INSTANT.test(value)) return undefined;
  const normal = value.replace(' ', 'T').replace(/([+-][0-9]{2})$/u, '$1:00');
  const ms = Date.parse(normal);
  return Number.isNaN(ms) ? undefined : new Date(ms);
}
