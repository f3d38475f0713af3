import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createEncoders } from '../../../../functions/adapters/encoding/encoders.ts';
import type { Cell, Encoders } from '../../../../functions/core/reports/encoding.ts';
import { createKeyDigest } from '../../../../functions/core/reports/key-digest.ts';
import { createPartBuilder, type PartOptions } from '../../../../functions/core/reports/part.ts';
import type { Column } from '../../../../functions/core/reports/schema.ts';

const ROWS = [
  { id: 'a', n: 1, s: '=x' },
  { id: 'b', n: 2, s: null },
];

const OPTIONS: PartOptions = {
  formats: ['csv', 'jsonl'],
  gzip: false,
  defuseFormulas: true,
  description: {},
  columns: undefined,
  emptyColumns: undefined,
  digestKeys: undefined,
};

function builderOf(change: Partial<PartOptions> = {}) {
  const parquet: { columns: readonly Column[]; values: readonly (readonly Cell[])[] }[] = [];
  const encoders: Encoders = {
    ...createEncoders(),
    parquet: (columns, values) => {
      parquet.push({ columns, values });
      return Buffer.from('PAR1');
    },
  };
  return { builder: createPartBuilder({ ...OPTIONS, ...change }, encoders), parquet };
}

const CSV = "id,n,s,_more\r\na,1,'=x,\r\nb,2,,\r\n";
const JSONL = '{"id":"a","n":1,"s":"=x"}\n{"id":"b","n":2,"s":null}\n';

const texts = (files: ReturnType<ReturnType<typeof builderOf>['builder']['finish']>) =>
  files.map(({ bytes, ...rest }) => ({ ...rest, text: Buffer.from(bytes).toString() }));

describe('createPartBuilder()', () => {
  it('makes a file of each format with its name and type', () => {
    const { builder } = builderOf();
    builder.add({ rows: ROWS });
    expect(texts(builder.finish(false))).toEqual([
      { format: 'csv', suffix: '.csv', contentType: 'text/csv; charset=utf-8; header=present', rows: 2, text: CSV },
      { format: 'jsonl', suffix: '.jsonl', contentType: 'application/jsonl; charset=utf-8', rows: 2, text: JSONL },
    ]);
  });

  it('packs text and not Parquet', () => {
    const { builder, parquet } = builderOf({ formats: ['csv', 'jsonl', 'parquet'], gzip: true });
    for (const row of ROWS) builder.add({ rows: [row] });
    const [csv, jsonl, columns] = builder.finish(false);
    expect([csv, jsonl, columns].map((file) => [file?.suffix, file?.contentType, file?.rows])).toEqual([
      ['.csv.gz', 'application/gzip', 2],
      ['.jsonl.gz', 'application/gzip', 2],
      ['.parquet', 'application/vnd.apache.parquet', 2],
    ]);
    expect(gunzipSync(csv?.bytes ?? '').toString()).toBe(CSV);
    expect(gunzipSync(jsonl?.bytes ?? '').toString()).toBe(JSONL);
    expect(parquet).toEqual([
      {
        columns: [
          { name: 'id', type: 'string' },
          { name: 'n', type: 'number' },
          { name: 's', type: 'string' },
          { name: '_more', type: 'json' },
        ],
        values: [
          ['a', 'b'],
          [1, 2],
          ['=x', null],
          [null, null],
        ],
      },
    ]);
  });

  it.each([
    ['csv', ['csv'], CSV.length - 'id,n,s,_more\r\n'.length],
    ['the larger of the two', ['csv', 'jsonl'], JSONL.length],
    ['jsonl before Parquet', ['jsonl', 'parquet'], JSONL.length],
    ['Parquet about', ['parquet'], 2 * 4 * 16 + 'a=xb'.length],
  ] as const)('measures a part by %s', (_, formats, bytes) => {
    const { builder } = builderOf({ formats });
    builder.add({ rows: ROWS });
    expect(builder.bytes()).toBe(bytes);
    builder.add({ rows: ROWS });
    expect(builder.bytes()).toBe(2 * bytes);
    expect([builder.rows(), builder.pages()]).toEqual([4, 2]);
  });

  it('goes on with the columns of the part before, and says what did not fit', () => {
    const columns = [{ name: 'id', type: 'string' }] as const;
    const { builder } = builderOf({ formats: ['csv'], columns });
    expect([builder.columns(), builder.drift()]).toEqual([columns, []]);
    builder.add({ rows: ROWS });
    expect(builder.columns()).toEqual(columns);
    expect(builder.drift()).toEqual([
      { kind: 'new', column: 'n' },
      { kind: 'new', column: 's' },
    ]);
    expect(texts(builder.finish(false))[0]?.text).toBe('id,_more\r\na,"{""n"":1,""s"":""=x""}"\r\nb,"{""n"":2}"\r\n');
  });

  it('makes nothing of nothing, unless it is the only part there is', () => {
    const { builder } = builderOf();
    builder.add({ rows: [] });
    expect([builder.pages(), builder.rows(), builder.bytes(), builder.columns()]).toEqual([1, 0, 0, undefined]);
    expect(builder.finish(false)).toEqual([]);
    expect(texts(builder.finish(true)).map(({ text, rows }) => [text, rows])).toEqual([
      ['_more\r\n', 0],
      ['', 0],
    ]);
  });

  it.each([
    [
      'the last export',
      { emptyColumns: [{ name: '=a', type: 'string' }], description: { columns: ['b'] } },
      "'=a,_more",
    ],
    ['what is declared', { emptyColumns: [], description: { columns: ['=b'] } }, "'=b,_more"],
    ['nothing', {}, '_more'],
    ['formulas as they are', { description: { columns: ['=b'] }, defuseFormulas: false }, '=b,_more'],
  ] as const)('has the columns of %s where there are no rows', (_, change, header) => {
    const { builder } = builderOf({ formats: ['csv'], ...change });
    expect(texts(builder.finish(true))[0]?.text).toBe(`${header}\r\n`);
  });

  it('leaves formulas alone where the job says so', () => {
    const { builder } = builderOf({ formats: ['csv'], defuseFormulas: false });
    builder.add({ rows: [{ '=h': '=x' }] });
    expect(texts(builder.finish(false))[0]?.text).toBe('=h,_more\r\n=x,\r\n');
  });

  it('digests keys where the source has some, and counts groups', () => {
    const digestKeys = createKeyDigest('chain');
    const description = { keyColumns: ['id'], groupColumn: 's' };
    const { builder } = builderOf({ formats: ['csv'], description, digestKeys });
    builder.add({ rows: ROWS });
    builder.add({ rows: ROWS.slice(1) });
    const [, keys, ...others] = builder.finish(false);
    expect(others).toEqual([]);
    expect(keys).toMatchObject({
      format: 'keys',
      suffix: '.hsip64',
      contentType: 'application/octet-stream',
      rows: 3,
    });
    expect(keys?.bytes).toEqual(Buffer.from(digestKeys([...ROWS, ...ROWS.slice(1)], ['id'])));
    expect(builder.groups()).toEqual({ '=x': 1, '(none)': 2 });
    for (const without of [{ digestKeys }, { description: { keyColumns: ['id'] } }]) {
      const plain = builderOf({ formats: ['csv'], ...without }).builder;
      plain.add({ rows: ROWS });
      expect(plain.finish(false).map(({ format }) => format)).toEqual(['csv']);
      expect(plain.groups()).toEqual({});
    }
  });

  it('joins stretches of a vendor’s file by its name', () => {
    const { builder } = builderOf();
    const file = (name: string, text: string) => ({ name, contentType: 'text/plain', bytes: Buffer.from(text) });
    for (const [name, text] of [
      ['a', 'one'],
      ['b', '2'],
      ['a', 'three'],
    ] as const) {
      builder.add({ rows: [], file: file(name, text) });
    }
    expect(builder.bytes()).toBe(9);
    expect(texts(builder.finish(false))).toEqual([
      { format: 'vendor', suffix: '-a', contentType: 'text/plain', rows: 0, text: 'onethree' },
      { format: 'vendor', suffix: '-b', contentType: 'text/plain', rows: 0, text: '2' },
    ]);
  });
});
