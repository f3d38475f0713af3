import { expect } from 'vitest';
import type { SourceDescription, SourceRow } from '../../functions/core/reports/source.ts';

/** Holds rows against what their source says of itself beforehand: columns, key, and what is counted by. */
export function expectAsDescribed(description: SourceDescription, rows: readonly SourceRow[]): void {
  const { kind, snapshotReason, columns, keyColumns = [], groupColumn } = description;
  expect(kind).toBe(snapshotReason === undefined ? 'incremental' : 'snapshot');
  expect(rows.length).toBeGreaterThan(1);
  const present = new Set(rows.flatMap((row) => Object.keys(row)));
  for (const column of [...(columns ?? []), ...keyColumns, groupColumn ?? keyColumns[0]]) {
    expect(present).toContain(column);
  }
  expect(columns?.length).not.toBe(0);
  expect(keyColumns.length).toBeGreaterThan(0);
  const keys = rows.map((row) => JSON.stringify(keyColumns.map((column) => row[column])));
  expect(new Set(keys).size).toBe(rows.length);
}
