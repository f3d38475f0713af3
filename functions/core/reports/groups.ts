import type { SourceRow } from './source.ts';

/** Rows by the value of one column. */
export type GroupCounts = Readonly<Record<string, number>>;

/** More values than these are counted together, so that a step's result stays small. */
const GROUPS_LIMIT = 100;

export const OTHER_GROUP = '(other)';
const NO_VALUE = '(none)';

/** Adds rows to counts. */
export function countGroups(counts: GroupCounts, rows: readonly SourceRow[], column: string): GroupCounts {
  const added: Record<string, number> = {};
  for (const row of rows) {
    const value = row[column] ?? NO_VALUE;
    const group = (typeof value === 'object' ? JSON.stringify(value) : String(value)).slice(0, 80);
    added[group] = (added[group] ?? 0) + 1;
  }
  return addGroups(counts, added);
}

/** The sum of two counts, with at most a hundred groups of its own. */
export function addGroups(a: GroupCounts, b: GroupCounts): GroupCounts {
  const sum: Record<string, number> = { ...a };
  for (const [group, count] of Object.entries(b)) {
    const known = group in sum || Object.keys(sum).length < GROUPS_LIMIT;
    const name = known ? group : OTHER_GROUP;
    sum[name] = (sum[name] ?? 0) + count;
  }
  return sum;
}
