import { describe, expect, it } from 'vitest';
import { countCsvRows } from '../../../../functions/core/reports/count-rows.ts';
import { csvHeader, csvRecord } from '../../../../functions/core/reports/csv.ts';
import { createRowMapper } from '../../../../functions/core/reports/rows.ts';
import { compareSchemas, inferColumns, schemaHash } from '../../../../functions/core/reports/schema.ts';

describe('csvRecord()', () => {
  it('E19 quotes what RFC 4180 asks for, and keeps an empty text apart from no value', () => {
    expect(csvRecord(['a', 'b"c', 'd,e', 'f\ng', 'h\ri', '', null, 1.5, -2, true], true)).toBe(
      'a,"b""c","d,e","f\ng","h\ri","",,1.5,-2,true\r\n',
    );
  });

  it('E19 defuses cells that a spreadsheet would run, numbers excepted', () => {
    const dangerous = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\u0000=1'];
    for (const cell of dangerous) expect(csvRecord([cell], true)).toBe(`'${cell}\r\n`);
    expect(csvRecord(['\r=1'], true)).toBe(`"'\r=1"\r\n`);
    expect(csvRecord([-1], true)).toBe('-1\r\n');
    expect(csvRecord(['=1+1'], false)).toBe('=1+1\r\n');
    expect(csvHeader([{ name: '=cmd()', type: 'string' }], true)).toBe(`'=cmd()\r\n`);
  });

  it.each(['\n=1+1', '\uFF1D1+1', '\uFF0B1', '\uFF0D1', '\uFF20A1'])('E19 defuses %j, too', (cell) => {
    expect(csvRecord([cell], true)).toMatch(/^"?'/);
    expect(csvRecord([cell], false)).not.toContain("'");
  });

  it('E19 leaves a BOM, right-to-left marks and other scripts as they are', () => {
    const text = '\uFEFFabc \u202Eתיקייה 漢字 🙂';
    expect(csvRecord([text], true)).toBe(`${text}\r\n`);
  });

  it('counts records, not lines', () => {
    const text =
      csvHeader([{ name: 'a', type: 'string' }], true) + csvRecord(['x\ny'], true) + csvRecord(['"\n"'], true);
    expect(countCsvRows(Buffer.from(text))).toBe(2);
    expect(countCsvRows(Buffer.from(''))).toBe(0);
  });
});

describe('columns', () => {
  it('are the declared ones first, then those of the first rows; mixed ones are text', () => {
    const rows = [
      { b: 1, a: null, c: { x: 1 } },
      { b: 2, a: 'x', d: true, c: 'plain' },
      { b: 'three', e: null },
    ];
    expect(inferColumns(['a', 'z'], rows)).toEqual([
      { name: 'a', type: 'string' },
      { name: 'z', type: 'string' },
      { name: 'b', type: 'string' },
      { name: 'c', type: 'json' },
      { name: 'd', type: 'boolean' },
      { name: 'e', type: 'string' },
    ]);
  });

  it('E15 compare by name and type, whatever their order', () => {
    const one = [{ name: 'a', type: 'string' } as const, { name: 'b', type: 'number' } as const];
    expect(compareSchemas(one, one.toReversed())).toEqual([]);
    expect(schemaHash(one)).not.toBe(schemaHash(one.toReversed()));
    expect(
      compareSchemas(one, [
        { name: 'b', type: 'string' },
        { name: 'c', type: 'json' },
      ]),
    ).toEqual([
      { kind: 'missing', column: 'a' },
      { kind: 'retyped', column: 'b' },
      { kind: 'new', column: 'c' },
    ]);
  });

  it('E15 lose no value: what has no column or another type is in the last one', () => {
    const mapper = createRowMapper([
      { name: 'n', type: 'number' },
      { name: 's', type: 'string' },
      { name: 'j', type: 'json' },
    ]);
    expect(mapper.cells({ n: 1, s: 7, j: 'text' })).toEqual([1, '7', '"text"', null]);
    expect(mapper.cells({ n: 'one', s: { deep: true }, x: null, y: 0 })).toEqual([
      null,
      null,
      null,
      '{"n":"one","s":{"deep":true},"y":0}',
    ]);
    expect(mapper.drift()).toEqual([
      { kind: 'retyped', column: 'n' },
      { kind: 'retyped', column: 's' },
      { kind: 'new', column: 'y' },
    ]);
  });
});
