import { describe, expect, it } from 'vitest';
import { reconcile, type Totals } from '../../../../functions/core/reports/reconcile.ts';

const READ: Totals = {
  rows: 10,
  files: 0,
  sourceTotal: 10,
  completeness: undefined,
  duplicates: undefined,
  attempt: 1,
};

describe('reconcile()', () => {
  it.each([9, 11])('E14, I22: %s rows of ten are not what the source counts', (rows) => {
    const verdict = reconcile({ ...READ, rows });
    expect(verdict).toEqual({ complete: false, message: `The source counts 10 rows, ${rows} were read` });
  });

  it('E14, I22: ten rows of ten are, and of none that came twice', () => {
    expect(reconcile(READ)).toEqual({ complete: true, completeness: 'reconciled' });
    expect(reconcile({ ...READ, duplicates: 1 }).complete).toBe(false);
    expect(reconcile({ ...READ, duplicates: 1, attempt: 3 })).toEqual({ complete: true, completeness: 'unproven' });
  });

  const unproven = { complete: true, completeness: 'unproven' };
  const twice = { complete: false, message: '2 of 10 rows came twice: pages moved while they were read' };
  it.each([
    ['nothing of nothing', { rows: 0, sourceTotal: 0 }, { complete: true, completeness: 'reconciled' }],
    ['a file instead of rows', { rows: 0, files: 1 }, unproven],
    ['nothing at all', { rows: 0 }, { complete: false, message: 'The source counts 10 rows, 0 were read' }],
    [
      'rows beside a file',
      { rows: 9, files: 1 },
      { complete: false, message: 'The source counts 10 rows, 9 were read' },
    ],
    ['no total, and nothing said', { sourceTotal: undefined }, unproven],
    [
      'no total',
      { sourceTotal: undefined, completeness: 'short-page' },
      { complete: true, completeness: 'short-page' },
    ],
    ['rows that came twice', { duplicates: 2, attempt: 2 }, twice],
    ['no total, and rows that came twice', { sourceTotal: undefined, duplicates: 2, attempt: 2 }, twice],
    [
      'no total, and rows that always come twice',
      { sourceTotal: undefined, completeness: 'short-page', duplicates: 2, attempt: 3 },
      unproven,
    ],
  ] as const)('judges %s', (_, change, verdict) => {
    expect(reconcile({ ...READ, ...change })).toEqual(verdict);
  });
});
