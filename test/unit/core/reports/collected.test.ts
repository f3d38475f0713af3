import { describe, expect, it } from 'vitest';
import { collect, nothingCollected } from '../../../../functions/core/reports/collected.ts';
import type { ManifestPart } from '../../../../functions/core/reports/manifest.ts';
import type { PartResult } from '../../../../functions/core/reports/read-part.ts';

const result = (part: number, change: Partial<PartResult>): PartResult => ({
  position: { part, rows: part },
  done: false,
  parts: [{ key: `${part}` } as ManifestPart],
  groups: {},
  drift: [],
  requests: 1,
  readAt: `${part}`,
  ...change,
});

describe('collect()', () => {
  it('adds up what parts say, with the last word on total and completeness', () => {
    const parts = [
      result(2, { groups: { a: 1 }, facts: { x: 1, y: 1 }, sourceTotal: 1, completeness: 'short-page' }),
      result(3, { groups: { a: 2, b: 1 }, facts: { y: 2 }, requests: 4, sourceTotal: 2 }),
      result(4, {}),
    ];
    expect(nothingCollected('1')).toMatchObject({ position: { part: 1, rows: 0 }, requests: 0, readAt: '1' });
    expect(parts.reduce(collect, nothingCollected('1'))).toStrictEqual({
      position: { part: 4, rows: 4 },
      parts: [{ key: '2' }, { key: '3' }, { key: '4' }],
      groups: { a: 3, b: 1 },
      drift: [],
      requests: 6,
      readAt: '4',
      facts: { x: 1, y: 2 },
      sourceTotal: 2,
      completeness: 'short-page',
    });
  });

  it('names a column that drifts once, and 200 of them', () => {
    const [late, other] = ['late', 'other'].map((column) => ({ kind: 'new' as const, column }));
    if (late === undefined || other === undefined) throw new Error('two columns');
    const first = collect(nothingCollected('1'), result(2, { drift: [late] }));
    expect(collect(first, result(3, { drift: [{ ...late, kind: 'retyped' }, other] })).drift).toEqual([late, other]);
    const many = Array.from({ length: 200 }, (_, index) => ({ kind: 'new' as const, column: `${index}` }));
    expect(collect(first, result(3, { drift: many })).drift).toHaveLength(200);
  });
});
