// oxlint-disable vitest/expect-expect -- a property that does not hold throws by itself
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../../../functions/core/errors.ts';
import type { JsonValue } from '../../../../functions/core/json.ts';
import { countCsvRows, countLines } from '../../../../functions/core/reports/count-rows.ts';
import { appendRecord } from '../../../../functions/core/reports/csv.ts';
import { parseHead, parseHeads } from '../../../../functions/core/reports/heads.ts';
import { parseRecord, renderRecord, type SignedRecord } from '../../../../functions/core/reports/manifest.ts';
import { verifyArchive } from '../../../../functions/core/reports/verify.ts';
import { folderReader } from '../../../support/archive-reader.ts';
import { createWorld, DAY, NEXT_DAY, TEST_PUBLIC_KEY, type World } from '../../../support/export-world.ts';
import { emptyFile, writtenBytes } from '../../../../functions/core/reports/growing-file.ts';
import { spoiled, spoiling } from '../../../support/spoil.ts';

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.json().map((text) => Buffer.from(text)),
);

describe('the reader of manifests', () => {
  let world: World;
  let key: string;
  let text: string;
  beforeAll(async () => {
    world = createWorld({ partBytes: 300 });
    for (const window of [DAY, NEXT_DAY]) {
      world.state.now = new Date(Date.parse(window.to) + 5000);
      await world.drive(await world.begin(window.from, window.to));
    }
    key = `${world.prefix(DAY.from, DAY.to)}manifest.json`;
    text = world.archive.text(key) ?? '';
  });

  it('takes any bytes for a record or for none', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const record = parseRecord(bytes);
        return record === undefined || typeof record.job === 'string';
      }),
      { numRuns: 1000 },
    );
    expect(parseRecord(Buffer.from(text))).toMatchObject({ kind: 'export', rows: 10 });
  });

  it('I18: finds every record that is spoiled in one place, wherever that is, and ends', async () => {
    const good = JSON.parse(text) as JsonValue;
    await fc.assert(
      fc.asyncProperty(spoiling, async (how) => {
        const record = spoiled(good, how);
        const forged = Buffer.from(renderRecord(record as unknown as SignedRecord));
        if (forged.equals(Buffer.from(text))) return;
        const { ok, findings } = await verifyArchive(folderReader(world.archive, { [key]: forged }), TEST_PUBLIC_KEY);
        expect(ok).toBe(false);
        expect(findings.length).toBeGreaterThan(0);
      }),
      { numRuns: 400 },
    );
  });

  it('I18: finds every byte of a record that is another', async () => {
    const original = Buffer.from(text);
    await fc.assert(
      fc.asyncProperty(fc.nat(original.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const forged = Buffer.from(original);
        forged[at] = (forged[at] ?? 0) ^ change;
        const { ok } = await verifyArchive(folderReader(world.archive, { [key]: forged }), TEST_PUBLIC_KEY);
        expect(ok).toBe(false);
      }),
      { numRuns: 400 },
    );
  });
});

describe('the reader of pinned heads', () => {
  const lines = fc.array(fc.constantFrom('# title', '', 'a'.repeat(64), '  ', '7', 'acme/nightly', '-1', 'x'), {
    maxLength: 12,
  });
  it.each([
    ['a file', parseHeads],
    ['an argument', parseHead],
  ] as const)('takes or refuses %s', (_name, parse) => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary' }),
      lines.map((parts) => parts.join(' ')),
      lines.map((parts) => parts.join('\n')),
      lines.map((parts) => parts.join('=')),
    );
    fc.assert(
      fc.property(anyText, (given) => {
        try {
          return [parse(given)].flat().every(({ sha256, job }) => /^[0-9a-f]{64}$/.test(sha256) && job !== '');
        } catch (error) {
          return error instanceof UsageError;
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the counter of rows', () => {
  const text = fc.string({
    unit: fc.oneof(fc.constantFrom('"', ',', '\r', '\n', '=', ' '), fc.string({ maxLength: 1 })),
  });
  const rows = fc.array(fc.array(fc.oneof(text, fc.integer(), fc.constant(null)), { minLength: 1, maxLength: 5 }));

  it('E19 counts the records that were written, whatever stands in their cells', () => {
    fc.assert(
      fc.property(rows, fc.boolean(), (records, defuse) => {
        const file = emptyFile();
        appendRecord(file, ['a head'], defuse);
        for (const cells of records) appendRecord(file, cells, defuse);
        expect(countCsvRows(writtenBytes(file))).toBe(records.length);
      }),
      { numRuns: 300 },
    );
  });

  it('counts lines of JSON, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (values) => {
        const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
        expect(countLines(bytes)).toBe(values.length);
      }),
    );
  });
});
