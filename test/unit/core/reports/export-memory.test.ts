import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const PROGRAM = new URL('../../../support/export-memory.ts', import.meta.url).pathname;

interface Figures {
  readonly outcome: string;
  readonly rows: number;
  readonly overBaseMb: number;
}

function measure(megabytes: number, formats: string): Figures {
  const flags = ['--max-old-space-size=128', '--max-semi-space-size=4'];
  const text = execFileSync(process.execPath, [...flags, PROGRAM, String(megabytes), formats], { encoding: 'utf8' });
  return JSON.parse(text) as Figures;
}

describe('memory of an export', () => {
  it('E17 E28 stays flat in a heap of 128 MB, however much is exported', { timeout: 120_000 }, () => {
    const small = measure(10, 'csv,jsonl');
    const large = measure(80, 'csv,jsonl');
    expect(large).toMatchObject({ outcome: 'exported' });
    expect(large.rows).toBeGreaterThan(350_000);
    expect(large.overBaseMb).toBeLessThan(small.overBaseMb + 64);
    const parquet = measure(30, 'parquet');
    expect(parquet).toMatchObject({ outcome: 'exported' });
    expect(parquet.overBaseMb).toBeLessThan(160);
  });
});
