import type { SourceRow } from './source.ts';

/** Rows by the value of one column. */
export type GroupCounts = Readonly<Record<string, number>>;

/** More values than these are counted together, so that a step's result stays small. */
const GROUPS_LIMIT = 100;

export const OTHER_GROUP = '(other)';
const NO_VALUE = '(none)';

/** Adds rows to counts. */
export function countGroups(counts: GroupCounts, rows: readonly SourceRow[], column: string): GroupCounts {
  const added = new Map<string, number>();
  for (const row of rows) {
    const value = row[column] ?? NO_VALUE;
    const group = (typeof value === 'object' ? JSON.stringify(value) : String(value)).slice(0, 80);
    added.set(group, (added.get(group) ?? 0) + 1);
  }
  return addGroups(counts, Object.fromEntries(added));
}

/** The sum of two counts, with at most a hundred groups of its own. */
export function addGroups(a: GroupCounts, b: GroupCounts): GroupCounts {
  const sum = new Map(Object.entries(a));
  for (const [group, count] of Object.entries(b)) {
    const known = sum.has(group) || sum.size < GROUPS_LIMIT;
    const name = known ? group : OTHER_GROUP;
    sum.set(name, (sum.get(name) ?? 0) + count);
  }
  return Object.fromEntries(sum);
}
