import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { countCsvRows, countLines } from '../../../../functions/core/reports/count-rows.ts';
import { addGroups, countGroups } from '../../../../functions/core/reports/groups.ts';
import {
  appendText,
  emptyFile,
  makeRoom,
  roomFor,
  writtenBytes,
} from '../../../../functions/core/reports/growing-file.ts';
import { numbered, safeFileName, windowOfKey, windowPrefix } from '../../../../functions/core/reports/names.ts';
import { boundedDrift, compareSchemas, inferColumns, schemaHash } from '../../../../functions/core/reports/schema.ts';
import { bySeverity, toneOf, wordsOf } from '../../../../functions/core/reports/summary-words.ts';

describe('keys of the archive', () => {
  const window = { from: new Date('2026-03-01T01:00:00Z'), to: new Date('2026-03-02T01:30:59Z') };

  it('are told from connection, job and window, and the window from them', () => {
    const prefix = windowPrefix('acme', 'daily', window);
    expect(prefix).toBe('acme/daily/20260301T010000Z--20260302T013059Z/');
    expect(windowOfKey(`${prefix}manifest.json`)).toBe('2026-03-01T01:00:00.000Z/2026-03-02T01:30:59.000Z');
    expect(windowOfKey('acme/daily/manifest.json')).toBeUndefined();
  });

  it('number their parts with five digits', () => {
    expect(numbered('part', 1, '.csv')).toBe('part-00001.csv');
    expect(numbered('vendor', 12_345, '-a')).toBe('vendor-12345-a');
  });

  it('have nothing special of a vendor’s file name', () => {
    expect(safeFileName('../ä b$(c).csv')).toBe('____b__c_.csv');
    expect(safeFileName('a.b-c_D9')).toBe('a.b-c_D9');
    expect(safeFileName(`${'x'.repeat(80)}y`)).toBe(`${'x'.repeat(79)}y`);
    expect(safeFileName('')).toBe('file');
  });
});

describe('rows of a vendor’s file', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);

  it('are counted without the header, and not at a line’s end within quotes', () => {
    expect(countCsvRows(bytes('a,b\n1,"x\ny"\n2,"""\n"\n'))).toBe(2);
    expect([countCsvRows(bytes('')), countCsvRows(bytes('a\n'))]).toEqual([0, 0]);
    expect([countLines(bytes('')), countLines(bytes('{}\n{}\n'))]).toEqual([0, 2]);
  });
});

describe('groups', () => {
  it('are by the value of a column, whatever it is', () => {
    const rows = [{ a: 'x' }, { a: 'x' }, { a: 1 }, { a: null }, {}, { a: { b: 1 } }, { a: 'y'.repeat(81) }];
    expect(countGroups({ x: 3 }, rows, 'a')).toEqual({
      x: 5,
      1: 1,
      '(none)': 2,
      '{"b":1}': 1,
      ['y'.repeat(80)]: 1,
    });
  });

  it('are a hundred at most, and the others together', () => {
    const many = Object.fromEntries(Array.from({ length: 99 }, (_, index) => [`g${index}`, 1]));
    const sum = addGroups(many, { g0: 2, h0: 1, h1: 2, h2: 3 });
    expect([sum['g0'], sum['h0'], sum['h1'], sum['(other)']]).toEqual([3, 1, undefined, 5]);
    expect(Object.keys(sum)).toHaveLength(101);
  });
});

describe('a growing file', () => {
  it('has every byte that was written, and grows by four', () => {
    const file = emptyFile();
    expect(makeRoom(file, 64 * 1024)).toHaveLength(64 * 1024);
    appendText(file, 'ä');
    expect(makeRoom(file, 64 * 1024 - 2)).toHaveLength(64 * 1024);
    expect(makeRoom(file, 64 * 1024 - 1)).toHaveLength(256 * 1024);
    appendText(file, 'b'.repeat(2_000_000));
    expect(file.bytes).toHaveLength(2_000_002);
    expect(writtenBytes(file).toString()).toBe(`ä${'b'.repeat(2_000_000)}`);
  });

  it('takes a short text for the most that it can be, and measures a long one', () => {
    expect(roomFor('a'.repeat(4095))).toBe(3 * 4095);
    expect(roomFor('a'.repeat(4096))).toBe(4096);
  });
});

describe('a schema', () => {
  it('has what was declared first, then what the rows have, by the type of all of them', () => {
    const rows = [
      { b: 1, c: true, mixed: 1, json: {}, late: null, _more: {} },
      { b: 2, mixed: 'x', json: 'x', late: 3, only: null },
      { b: null },
    ];
    expect(inferColumns(['a', 'b'], rows)).toEqual([
      { name: 'a', type: 'string' },
      { name: 'b', type: 'number' },
      { name: 'c', type: 'boolean' },
      { name: 'mixed', type: 'string' },
      { name: 'json', type: 'json' },
      { name: 'late', type: 'number' },
      { name: 'only', type: 'string' },
    ]);
    expect(inferColumns(undefined, [{ a: 'x' }, { a: [] }])).toEqual([{ name: 'a', type: 'json' }]);
  });

  it('has a thousand columns at most, and 64 KiB of them', () => {
    const names = (count: number, length: number) =>
      Array.from({ length: count }, (_, index) => String(index).padStart(length, 'x'));
    expect(inferColumns(names(1001, 4), [])).toHaveLength(1000);
    expect(inferColumns(names(64, 994), [])).toHaveLength(64);
    expect(inferColumns(names(65, 994), [])).toHaveLength(64);
    expect(inferColumns(names(64, 995), [])).toHaveLength(63);
    expect(inferColumns(names(2, 64 * 1024), [])).toEqual([]);
  });

  it('says of two what is new, missing or of another type, by name', () => {
    const before = inferColumns(undefined, [{ z: 1, b: 1, same: 1 }]);
    const after = inferColumns(undefined, [{ same: 1, c: 1, b: 'x', a: 1 }]);
    expect(compareSchemas(before, after)).toEqual([
      { kind: 'new', column: 'a' },
      { kind: 'retyped', column: 'b' },
      { kind: 'new', column: 'c' },
      { kind: 'missing', column: 'z' },
    ]);
  });

  it('is known by SHA-256 of its names and types in order', () => {
    const text = '[["a","number"],["b","string"]]';
    const hash = createHash('sha256').update(text).digest('hex');
    expect(schemaHash(inferColumns(undefined, [{ a: 1, b: 'x' }]))).toBe(hash);
  });

  it('keeps 200 drifts with names of 256 bytes', () => {
    const drift = Array.from({ length: 201 }, (_, index) => ({ kind: 'new' as const, column: `${index}`.padEnd(257) }));
    const kept = boundedDrift(drift);
    expect(kept).toHaveLength(200);
    expect(Buffer.byteLength(kept[0]?.column ?? '')).toBe(256);
    expect(kept[0]?.kind).toBe('new');
  });
});

describe('words of a summary', () => {
  it.each([
    ['2026-03-01T01:00:00Z', '2026-03-01 01:00:00 UTC'],
    ['2026-03-01T01:00:00.123456Z', '2026-03-01 01:00:00 UTC'],
    ['since 2026-03-01T01:00:00Z', 'since 2026-03-01T01:00:00Z'],
    ['2026-03-01T01:00:00Z or so', '2026-03-01T01:00:00Z or so'],
    ['2026-03-01T01:00:00.Z', '2026-03-01T01:00:00.Z'],
  ])('show %s as %s', (at, shown) => {
    expect(wordsOf({ at })).toEqual([['At', shown]]);
  });

  it('put severities in their order, and anything else by its count', () => {
    expect(
      bySeverity([
        ['low', 9],
        ['Critical', 1],
        ['medium', 5],
      ]).map(([name]) => name),
    ).toEqual(['Critical', 'medium', 'low']);
    const groups = [
      ['low', 1],
      ['b', 5],
      ['a', 5],
    ] as const;
    for (const given of [groups, groups.toReversed()]) {
      expect(bySeverity(given).map(([name]) => name)).toEqual(['a', 'b', 'low']);
    }
  });

  it('know what providers call severities, worst first', () => {
    const severities =
      'critical important high major warning medium moderate minor low info informational ok none unspecified (none)';
    const groups = severities.split(' ').map((name, index) => [name, index] as const);
    for (const given of [groups, groups.toReversed()]) expect(bySeverity(given)).toEqual(groups);
  });

  it('have a tone for what is bad', () => {
    const tones = ['CRITICAL', 'important', 'high', 'major', 'warning', 'medium', 'low', 'none', 'other'].map(toneOf);
    expect(tones).toEqual(['bad', 'warn', 'warn', 'warn', 'warn', 'plain', 'plain', 'plain', 'plain']);
  });

  it('say what an option is, and nothing of what is off, empty or a table', () => {
    const many = Array.from({ length: 13 }, (_, index) => `n${index}`);
    const twelve = many.slice(1);
    expect(
      wordsOf({
        liveResponses: true,
        off: false,
        none: null,
        empty: '',
        count: 1200,
        at: '2026-03-01T01:00:00.000Z',
        nested: { deepName: 'x' },
        list: ['a', 2, { name: 'c' }, { id: 1 }, null, ['x']],
        many,
        twelve,
        table: [{ id: 1 }],
      }),
    ).toEqual([
      ['Live responses', 'yes'],
      ['Count', '1 200'],
      ['At', '2026-03-01 01:00:00 UTC'],
      ['Nested: Deep name', 'x'],
      ['List', 'a, 2, c'],
      ['Many', `${many.slice(0, 12).join(', ')} and 1 more`],
      ['Twelve', twelve.join(', ')],
    ]);
  });
});
