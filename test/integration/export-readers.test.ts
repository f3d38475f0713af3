import { DuckDBInstance } from '@duckdb/node-api';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SourceRow } from '../../functions/core/reports/source.ts';
import { createWorld, DAY, pagesOf } from '../support/export-world.ts';

const ROWS: readonly SourceRow[] = [
  { id: 'plain', note: 'a "quoted", note\nin two lines', score: 9.8, open: true, tags: ['x', { y: 1 }] },
  { id: 'empty', note: '', score: 0, open: false, tags: [] },
  { id: 'nothing', note: null, score: null, open: null, tags: null },
  { id: '漢字🙂', note: 'tab\tand \u00e9', score: -1.5e-7, open: true, tags: { deep: { deeper: [1, 2] } } },
  { id: 'late', note: 'more', score: 3, open: true, tags: null, color: 'red' },
  ...Array.from({ length: 5000 }, (_, n) => ({
    id: `r${n}`,
    note: `n${n % 7}`,
    score: n,
    open: n % 2 === 0,
    tags: [n],
  })),
];

const SQL_TYPES = { string: 'VARCHAR', number: 'DOUBLE', boolean: 'BOOLEAN', json: 'VARCHAR' } as const;

describe('a reader that is not ours', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'steward-readers-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each([false, true])(
    'DuckDB reads the same rows and types from CSV, JSON Lines and Parquet (gzip: %s)',
    async (gzip) => {
      const first = ROWS.slice(0, 4);
      const world = createWorld({
        readPage: (cursor, ...rest) =>
          cursor === undefined
            ? { rows: first, next: 4, sourceTotal: ROWS.length }
            : pagesOf(ROWS, 6000)(cursor, ...rest),
        job: { formats: ['csv', 'jsonl', 'parquet'], gzip, defuseFormulas: false },
        partBytes: 200_000,
      });
      const driven = await world.drive(await world.begin(DAY.from, DAY.to));
      expect(driven).toMatchObject({ result: { state: 'exported', rows: ROWS.length } });
      const manifest = world.manifest(DAY.from, DAY.to);
      for (const { key } of manifest.parts) {
        await writeFile(join(folder, key.slice(key.lastIndexOf('/') + 1)), (await world.archive.read(key))!);
      }
      const columns = [...manifest.schema.columns, { name: '_more', type: 'json' as const }];
      const types = columns.map(({ name, type }) => `'${name}': '${SQL_TYPES[type]}'`).join(', ');
      const zip = gzip ? '.gz' : '';
      const sources = {
        csv: `read_csv('${folder}/part-*.csv${zip}', header = true, allow_quoted_nulls = false, columns = {${types}}, quote = '"', escape = '"', new_line = '\\r\\n')`,
        parquet: `read_parquet('${folder}/part-*.parquet')`,
      };
      const connection = await (await DuckDBInstance.create(':memory:')).connect();
      const read = async (from: string) => {
        const result = await connection.runAndReadAll(`SELECT * FROM ${from} ORDER BY id`);
        return { rows: result.getRowObjectsJson(), types: result.columnTypes().map(String) };
      };
      const csv = await read(sources.csv);
      const parquet = await read(sources.parquet);
      expect(csv.types).toEqual(['VARCHAR', 'VARCHAR', 'DOUBLE', 'BOOLEAN', 'VARCHAR', 'VARCHAR']);
      expect(parquet.types).toEqual(csv.types);
      expect(parquet.rows).toHaveLength(ROWS.length);
      expect(parquet.rows).toEqual(csv.rows);

      const jsonTypes = "'id': 'VARCHAR', 'note': 'VARCHAR', 'score': 'DOUBLE', 'open': 'BOOLEAN', 'color': 'VARCHAR'";
      const jsonl = await read(
        `(SELECT * FROM read_json('${folder}/part-*.jsonl${zip}', format = 'newline_delimited', columns = {${jsonTypes}}))`,
      );
      const expected = parquet.rows.map(({ id, note, score, open, _more }) => ({
        id,
        note,
        score,
        open,
        color: typeof _more === 'string' ? ((JSON.parse(_more) as { color: string }).color ?? null) : null,
      }));
      expect(jsonl.rows).toEqual(expected);
      connection.closeSync();
    },
  );
});
