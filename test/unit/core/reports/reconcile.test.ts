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
});
