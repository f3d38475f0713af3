import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ConflictError, StoreUnavailableError } from '../../../../functions/core/errors.ts';
import { parseRecord, renderRecord, type SignedRecord } from '../../../../functions/core/reports/manifest.ts';
import { createWorld, DAY, NEXT_DAY, pagesOf, someRows, type World } from '../../../support/export-world.ts';

const PREFIX = 'acme/nightly/20260301T010000Z--20260302T010000Z/';
const GAP = { action: 'gap', reason: 'missed' } as const;

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const sealed = async (world: World) => (await world.windows.find('nightly', new Date(DAY.from)))?.sealed;

/** The same record as another run would have written it: KMS signs no text twice alike. */
function signedAgain(bytes: Uint8Array, change: Partial<SignedRecord> = {}): Uint8Array {
  const record = parseRecord(bytes);
  if (record === undefined) throw new Error('no record');
  const value = `${record.signature.value.slice(0, -4)}AA==`;
  return renderRecord({ ...record, ...change, signature: { ...record.signature, value } } as SignedRecord);
}

/** Another run is a moment earlier with its record. */
function overtake(world: World, change: Partial<SignedRecord> = {}): void {
  const { create } = world.archive;
  Object.assign(world.archive, {
    create: async (...[object, lock]: Parameters<typeof create>) => {
      await create({ ...object, bytes: signedAgain(object.bytes, change) }, lock);
      return create(object, lock);
    },
  });
}

describe('the record of a window', () => {
  it('I19 E03 is the one that stands, not the one that came too late', async () => {
    for (const [file, change] of [
      ['manifest.json', {}],
      ['gap.json', GAP],
    ] as const) {
      const world = createWorld();
      overtake(world);
      await world.drive(await world.begin(DAY.from, DAY.to, change));
      const stands = sha256(world.archive.text(`${PREFIX}${file}`) ?? '');
      expect((await world.windows.chain('nightly'))?.last?.sha256).toBe(stands);
      expect((await sealed(world))?.manifestSha256).toBe(stands);
    }
  });

  it('E26 names nothing that is not under retention, however many parts there are', async () => {
    const world = createWorld({ partBytes: 100 });
    world.setReadPage(pagesOf(someRows(27), 1));
    await world.drive(await world.begin(DAY.from, DAY.to));
    expect(world.archive.objects.size).toBeGreaterThan(20);
    const unlocked = [...world.archive.objects].filter(([, versions]) => versions.some(({ lock }) => !lock));
    expect(unlocked.map(([key]) => key)).toEqual([]);
  });

  it('wakes the poller when what it looks at has changed, whether the attempt went well or not', async () => {
    for (const [state, readPage] of [
      ['exported', pagesOf(someRows(3), 4)],
      ['failed', () => Promise.reject(new TypeError('a bug'))],
    ] as const) {
      const world = createWorld();
      world.setReadPage(readPage);
      const { wake } = world.jobs;
      const found: unknown[] = [];
      Object.assign(world.jobs, {
        wake: async (...given: Parameters<typeof wake>) => {
          found.push((await world.windows.find('nightly', new Date(DAY.from)))?.state);
          return wake(...given);
        },
      });
      await world.drive(await world.begin(DAY.from, DAY.to));
      expect(found).toEqual([state]);
    }
  });

  it('I19 is none that goes on from another record than the chain’s last', async () => {
    const world = createWorld();
    overtake(world, { previous: { key: 'acme/other', sha256: '0'.repeat(64) } });
    const driven = await world.drive(await world.begin(DAY.from, DAY.to));
    expect(driven).toMatchObject({ result: { state: 'failed', code: 'CONFLICT' } });
    expect(await sealed(world)).toBeUndefined();
  });

  it('I19 E01 is its own that stands, when the run was cut off after it was made known', async () => {
    const twin = createWorld();
    await twin.drive(await twin.begin(DAY.from, DAY.to, GAP));
    const key = `${PREFIX}gap.json`;
    const bytes = signedAgain(Buffer.from(twin.archive.text(key) ?? ''));
    const world = createWorld();
    const input = await world.begin(DAY.from, DAY.to, GAP);
    const { beat } = world.windows;
    Object.assign(world.windows, {
      beat: async () => {
        await world.archive.create({ key, bytes, contentType: '' }, { mode: 'GOVERNANCE', until: new Date(0) });
        throw new ConflictError('no longer runs');
      },
    });
    await world.drive(input);
    Object.assign(world.windows, { beat });
    expect((await sealed(world))?.manifestSha256).toBe(sha256(Buffer.from(bytes).toString()));
  });

  it('counts what it stands for: rows and the bytes of its parts, and nothing for a gap', async () => {
    const world = createWorld({ job: { formats: ['csv', 'jsonl'] } });
    const driven = await world.drive(await world.begin(DAY.from, DAY.to));
    expect(driven).toMatchObject({ result: { state: 'exported', rows: 10 } });
    const bytes = world.manifest(DAY.from, DAY.to).parts.reduce((sum, part) => sum + part.bytes, 0);
    expect(await sealed(world)).toMatchObject({ rows: 10, bytes });
    const gap = createWorld();
    expect(await gap.drive(await gap.begin(DAY.from, DAY.to, GAP))).toStrictEqual({
      crashed: false,
      result: { state: 'gap', manifestKey: `${PREFIX}gap.json`, rows: 0 },
    });
    expect(await sealed(gap)).toMatchObject({ rows: 0, bytes: 0 });
  });

  it('I22 says that a window was given up, and of a failure only where there was one', async () => {
    const world = createWorld();
    await world.drive(await world.begin(DAY.from, DAY.to, { action: 'gap' }));
    const record = JSON.parse(world.archive.text(`${PREFIX}gap.json`) ?? '') as object;
    expect(record).toMatchObject({ kind: 'gap', reason: 'given up' });
    expect(record).not.toHaveProperty('failure');
  });

  it('E01 is not taken for given up because the table does not answer', async () => {
    const world = createWorld();
    const input = await world.begin(DAY.from, DAY.to, GAP);
    Object.assign(world.windows, { beat: () => Promise.reject(new StoreUnavailableError('down')) });
    expect(await world.drive(input)).toMatchObject({ result: { state: 'failed', code: 'STORE_UNAVAILABLE' } });
  });

  it('is served as what it is', async () => {
    const world = createWorld();
    await world.drive(await world.begin(DAY.from, DAY.to));
    const types = [...world.archive.objects].map(([key, [version]]) => [
      key.slice(PREFIX.length),
      version?.contentType,
    ]);
    expect(types).toContainEqual(['summary.html', 'text/html; charset=utf-8']);
    expect(types).toContainEqual(['manifest.json', 'application/json']);
  });
});

describe('a manifest', () => {
  it('says of what moment its rows are, where they may still change their stamp', async () => {
    const incremental = createWorld();
    await incremental.drive(await incremental.begin(DAY.from, DAY.to));
    const { asOf, observedAt } = incremental.manifest(DAY.from, DAY.to);
    expect(asOf).toBe(observedAt.to);
    const snapshot = createWorld({ description: { kind: 'snapshot' } });
    await snapshot.drive(await snapshot.begin(DAY.from, DAY.to));
    expect(snapshot.manifest(DAY.from, DAY.to).asOf).toBeNull();
  });

  it('has no groups, no changes and no columns where there is nothing to tell them from', async () => {
    const world = createWorld({ readPage: () => ({ rows: [] }) });
    Object.assign(world.description, { keyColumns: undefined, groupColumn: undefined });
    await world.drive(await world.begin(DAY.from, DAY.to));
    expect(world.manifest(DAY.from, DAY.to)).toMatchObject({ groups: null, changes: null, duplicates: null });
    expect(world.manifest(DAY.from, DAY.to).schema.columns).toEqual([]);
  });

  it('E13 says how many rows came twice, when they were taken nevertheless', async () => {
    const rows = [...someRows(3), ...someRows(2)];
    const world = createWorld({ readPage: pagesOf(rows, 5) });
    for (const attempt of [1, 2, 3, 4]) {
      const driven = await world.drive(await world.begin(DAY.from, DAY.to, { attempt }));
      if (!driven.crashed && driven.result.state === 'exported') break;
    }
    expect(world.manifest(DAY.from, DAY.to)).toMatchObject({ rows: 5, duplicates: 2, completeness: 'unproven' });
  });

  it('E15 names no column as new or missing beside a window without rows', async () => {
    const world = createWorld({ readPage: () => ({ rows: [] }) });
    await world.drive(await world.begin(DAY.from, DAY.to));
    world.state.now = new Date(NEXT_DAY.to);
    world.setReadPage(() => ({ rows: [{ id: 'a' }] }));
    await world.drive(await world.begin(NEXT_DAY.from, NEXT_DAY.to));
    expect(world.manifest(NEXT_DAY.from, NEXT_DAY.to).schemaChanges).toEqual([]);
  });

  it('E15 names a column once that changed since the window before and again while it was read', async () => {
    const world = createWorld({ readPage: () => ({ rows: [{ id: 'a', size: 1 }] }) });
    await world.drive(await world.begin(DAY.from, DAY.to));
    world.state.now = new Date(NEXT_DAY.to);
    world.setReadPage((cursor) =>
      cursor === undefined ? { rows: [{ id: 'a', size: 'big' }], next: 1 } : { rows: [{ id: 'b', size: 2 }] },
    );
    await world.drive(await world.begin(NEXT_DAY.from, NEXT_DAY.to));
    const { schemaChanges } = world.manifest(NEXT_DAY.from, NEXT_DAY.to);
    expect(schemaChanges).toEqual([{ kind: 'retyped', column: 'size' }]);
  });

  it('E15 has no columns where the vendor made the file', async () => {
    const file = { name: 'report.csv', contentType: 'text/csv', bytes: Buffer.from('id\r\na\r\n') };
    const world = createWorld({ readPage: () => ({ rows: [], file }) });
    await world.drive(await world.begin(DAY.from, DAY.to));
    const { schema, schemaChanges } = world.manifest(DAY.from, DAY.to);
    expect([schema.columns, schemaChanges]).toEqual([[], []]);
  });

  it('E15 names a column once that was missed at first and came late', async () => {
    const world = createWorld({ readPage: () => ({ rows: [{ id: 'a', color: 'red' }] }) });
    await world.drive(await world.begin(DAY.from, DAY.to));
    world.state.now = new Date(NEXT_DAY.to);
    world.setReadPage((cursor) =>
      cursor === undefined ? { rows: [{ id: 'a' }], next: 1 } : { rows: [{ id: 'b', color: 'red' }] },
    );
    await world.drive(await world.begin(NEXT_DAY.from, NEXT_DAY.to));
    const { schemaChanges } = world.manifest(NEXT_DAY.from, NEXT_DAY.to);
    expect(schemaChanges).toEqual([{ kind: 'missing', column: 'color' }]);
  });
});
