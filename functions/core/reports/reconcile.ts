import type { Completeness } from './source.ts';

export interface Totals {
  readonly rows: number;
  readonly files: number;
  readonly sourceTotal: number | undefined;
  readonly completeness: Completeness | undefined;
  readonly duplicates: number | undefined;
  readonly attempt: number;
}

export type Verdict =
  | { readonly complete: true; readonly completeness: Completeness }
  | { readonly complete: false; readonly message: string };

/**
 * Attempts after which duplicates of a source without a total no longer stop its export: then the key of its rows is
 * none, and `duplicates` in the manifest says so.
 */
const DUPLICATES_TOLERATED_FROM = 3;

/**
 * Whether everything was read. With a total the rows must be as many, and none twice: a row that moved between pages
 * while they were read is one twice and another one missing. Without one the source says how it judged.
 */
export function reconcile({ rows, files, sourceTotal, completeness, duplicates = 0, attempt }: Totals): Verdict {
  const onlyFiles = rows === 0 && files > 0;
  const counted = sourceTotal !== undefined && !onlyFiles;
  if (counted && rows !== sourceTotal) {
    return { complete: false, message: `The source counts ${sourceTotal} rows, ${rows} were read` };
  }
  if (duplicates > 0 && attempt < DUPLICATES_TOLERATED_FROM) {
    return { complete: false, message: `${duplicates} of ${rows} rows came twice: pages moved while they were read` };
  }
  if (duplicates > 0) return { complete: true, completeness: 'unproven' };
  return { complete: true, completeness: counted ? 'reconciled' : (completeness ?? 'unproven') };
}
