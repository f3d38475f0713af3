import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countCsvRows } from '../../../../functions/core/reports/count-rows.ts';
import { appendHeader, appendRecord } from '../../../../functions/core/reports/csv.ts';
import type { Cell } from '../../../../functions/core/reports/encoding.ts';
import { emptyFile, writtenBytes } from '../../../../functions/core/reports/growing-file.ts';
import { createRowMapper } from '../../../../functions/core/reports/rows.ts';
import { type Column, compareSchemas, inferColumns, schemaHash } from '../../../../functions/core/reports/schema.ts';

function csvRecord(cells: readonly Cell[], defuse: boolean): string {
  const file = emptyFile();
  appendRecord(file, cells, defuse);
  return writtenBytes(file).toString();
}

function csvHeader(columns: readonly Column[], defuse: boolean): string {
  const file = emptyFile();
  appendHeader(file, columns, defuse);
  return writtenBytes(file).toString();
}

/** RFC 4180 and the defusing of formulas as one would write them without a thought for speed. */
function plainRecord(cells: readonly Cell[], defuse: boolean): string {
  const texts = cells.map((cell) => {
    if (cell === null) return '';
    if (typeof cell !== 'string') return String(cell);
    const safe = defuse && /^[=+\-@\t\r\n\0\uFF1D\uFF0B\uFF0D\uFF20]/.test(cell) ? `'${cell}` : cell;
    return safe === '' || /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  });
  return `${texts.join(',')}\r\n`;
}

describe('appendRecord()', () => {
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

  it('E19 writes the same bytes as the plainest implementation, whatever the cells are', () => {
    const awkward = fc.constantFrom(
      '"',
      ',',
      '\r',
      '\n',
      '=',
      '+',
      '-',
      '@',
      '\t',
      '\0',
      '\uFF1D',
      'é',
      '漢',
      '🙂',
      '\uD800',
    );
    const long = fc
      .tuple(fc.integer({ min: 250, max: 262 }), awkward, awkward)
      .map(([n, a, b]) => a + 'x'.repeat(n) + b);
    const text = fc.oneof(fc.string({ unit: awkward }), fc.string(), fc.string({ unit: 'binary' }), long);
    const cell = fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.constant(null));
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 1 })), fc.boolean(), (rows, defuse) => {
        const file = emptyFile();
        for (const cells of rows) appendRecord(file, cells, defuse);
        const expected = rows.map((cells) => plainRecord(cells, defuse)).join('');
        expect(writtenBytes(file)).toEqual(Buffer.from(expected));
      }),
    );
  });

  it.each([
    ['quotes only', '"'.repeat(70_000)],
    ['three bytes a unit', '漢'.repeat(70_000)],
    ['short and long', '"é🙂,'.repeat(20_000)],
  ])('E28 takes cells larger than any memory it has: %s', (_, cell) => {
    const file = emptyFile();
    const cells = [...Array.from({ length: 300 }, (_none, index) => cell.slice(0, index * 20)), cell];
    let expected = '';
    for (const one of cells) {
      appendRecord(file, [one, 7, one], true);
      expected += plainRecord([one, 7, one], true);
    }
    expect(writtenBytes(file).equals(Buffer.from(expected))).toBe(true);
  });

  it('finds room for as many numbers as there are, and for quotes that are doubled', () => {
    for (const cells of [Array.from({ length: 8000 }, () => -0.123456789), [`${'"'.repeat(5000)}x`]]) {
      expect(csvRecord(cells, true)).toBe(plainRecord(cells, true));
    }
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
    expect(mapper.cells({ j: null, s: 'in', n: 2 })).toEqual([2, 'in', null, null]);
    expect(mapper.drift()).toEqual([
      { kind: 'retyped', column: 'n' },
      { kind: 'retyped', column: 's' },
      { kind: 'new', column: 'y' },
    ]);
  });

  it('E15 lose no member that is named as something that every object has', () => {
    const mapper = createRowMapper([
      { name: 'constructor', type: 'string' },
      { name: 'id', type: 'string' },
    ]);
    const row = JSON.parse('{"id":"a","__proto__":{"x":1},"toString":2}') as Record<string, never>;
    expect(mapper.cells(row)).toEqual([null, 'a', '{"__proto__":{"x":1},"toString":2}']);
  });
});
