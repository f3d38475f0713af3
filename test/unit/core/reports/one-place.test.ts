import { describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../../../functions/core/errors.ts';
import { verifyArchive } from '../../../../functions/core/reports/verify.ts';
import {
  createWorld,
  DAY,
  NEXT_DAY,
  pagesOf,
  someRows,
  TEST_PUBLIC_KEY,
  type World,
} from '../../../support/export-world.ts';
import { bucketReader } from '../../../support/archive-reader.ts';

const PREFIX = 'acme/nightly/20260301T010000Z--20260302T010000Z/';

async function verified(world: World) {
  const { findings } = await verifyArchive(bucketReader(world.archive), TEST_PUBLIC_KEY);
  return findings.filter(({ kind }) => kind !== 'stray');
}

/** Makes the attempt fail at `seal`, as a run does that the runtime ends between the record and its commit. */
async function writtenButUnknown(world: World) {
  const { seal } = world.windows;
  Object.assign(world.windows, {
    seal: async () => {
      throw new StoreUnavailableError('down');
    },
  });
  await world.drive(await world.begin(DAY.from, DAY.to));
  Object.assign(world.windows, { seal });
}

describe('one place of the chain', () => {
  it('I18 I19 E12 counts a manifest that stands already for the gap that was to be recorded in its stead', async () => {
    const world = createWorld({ description: { kind: 'snapshot' } });
    await writtenButUnknown(world);
    const gap = await world.begin(DAY.from, DAY.to, { attempt: 2, action: 'gap', reason: 'failed: STALLED' });
    expect(await world.drive(gap)).toMatchObject({
      result: { state: 'exported', manifestKey: `${PREFIX}manifest.json` },
    });
    expect([...world.archive.objects.keys()]).not.toContain(`${PREFIX}gap.json`);
    await world.drive(await world.begin(NEXT_DAY.from, NEXT_DAY.to));
    expect(await verified(world)).toEqual([]);
  });

  it('I19 writes no manifest for a run that was given up and wakes late, beside the gap record of its successor', async () => {
    const world = createWorld({ description: { kind: 'snapshot' } });
    const input = await world.begin(DAY.from, DAY.to);
    const { lock } = world.archive;
    let woken = false;
    Object.assign(world.archive, {
      lock: async (...args: Parameters<typeof lock>) => {
        if (!woken) {
          woken = true;
          const key = { job: 'nightly', from: new Date(DAY.from), attempt: 1 };
          const error = { code: 'STALLED', message: 'silent', retryable: true };
          await world.windows.fail(key, 'failed', error, { shard: '0', rows: [] }, world.state.now);
          await world.drive(await world.begin(DAY.from, DAY.to, { attempt: 2, action: 'gap', reason: 'missed' }));
        }
        return lock(...args);
      },
    });
    expect(await world.drive(input)).toMatchObject({ result: { state: 'superseded' } });
    const records = [...world.archive.objects.keys()].filter((key) => /(?:manifest|gap)\.json$/.test(key));
    expect(records).toEqual([`${PREFIX}gap.json`]);
    expect(await verified(world)).toEqual([]);
  });

  it('E01 puts nothing under retention for a run that was given up', async () => {
    const world = createWorld();
    const input = await world.begin(DAY.from, DAY.to);
    const read = pagesOf(someRows(10), 4);
    world.setReadPage(async (cursor, ...rest) => {
      if (cursor === 8) {
        const error = { code: 'STALLED', message: 'silent', retryable: true };
        const key = { job: 'nightly', from: new Date(DAY.from), attempt: 1 };
        await world.windows.fail(key, 'failed', error, { shard: '0', rows: [] }, world.state.now);
      }
      return read(cursor, ...rest);
    });
    expect(await world.drive(input)).toMatchObject({ result: { state: 'superseded' } });
    const locks = [...world.archive.objects.values()].flatMap((versions) => versions.map(({ lock }) => lock));
    expect(locks.filter((lock) => lock !== undefined)).toEqual([]);
  });

  it('moves no parts of its successor out of the way', async () => {
    const world = createWorld();
    const input = await world.begin(DAY.from, DAY.to);
    const { beat } = world.windows;
    let beats = 0;
    Object.assign(world.windows, {
      beat: async (...args: Parameters<typeof beat>) => {
        await beat.apply(world.windows, args);
        beats += 1;
      },
    });
    world.setReadPage(() => {
      const rows = [{ id: 'a' }];
      return { rows, sourceTotal: 2 };
    });
    await world.drive(input);
    expect(beats).toBe(2);
  });
});

describe('a snapshot', () => {
  it('E24 is not taken by a start that was delayed past the next window’s', async () => {
    const world = createWorld({ description: { kind: 'snapshot' } });
    const input = await world.begin(DAY.from, DAY.to);
    world.state.now = new Date(NEXT_DAY.to);
    expect(await world.drive(input)).toMatchObject({ result: { state: 'failed', code: 'EXPORT_INCOMPLETE' } });
    expect(world.state.reads).toBe(0);
    const missed = createWorld({ description: { kind: 'incremental' } });
    const late = await missed.begin(DAY.from, DAY.to);
    missed.state.now = new Date(NEXT_DAY.to);
    expect(await missed.drive(late)).toMatchObject({ result: { state: 'exported' } });
  });

  it('I27 of another connection is not put into this one’s chain', async () => {
    const world = createWorld();
    await world.drive(await world.begin(DAY.from, DAY.to));
    await world.jobs.configure({ ...world.job, connection: 'other' }, world.state.now);
    const driven = await world.drive(await world.begin(NEXT_DAY.from, NEXT_DAY.to));
    expect(driven).toMatchObject({ result: { state: 'failed', code: 'CONFIG_INVALID' } });
    expect([...world.archive.objects.keys()].filter((key) => key.startsWith('other/'))).toEqual([]);
  });
});

describe('a part', () => {
  it('E28 ends by the bytes of the vendor’s files too', async () => {
    const bytes = Buffer.alloc(1000, 'x');
    const world = createWorld({
      partBytes: 1500,
      readPage: (cursor) => {
        const at = typeof cursor === 'number' ? cursor : 0;
        return {
          rows: [],
          file: { name: 'report.csv', contentType: 'text/csv', bytes },
          ...(at < 5 ? { next: at + 1 } : {}),
        };
      },
    });
    await world.drive(await world.begin(DAY.from, DAY.to));
    const sizes = world.manifest(DAY.from, DAY.to).parts.filter(({ format }) => format === 'vendor');
    expect(sizes.map((part) => part.bytes)).toEqual([2000, 2000, 2000]);
  });

  it('counts rows by whatever their group is called', async () => {
    const rows = ['constructor', '__proto__', 'toString', 'constructor'].map((severity, id) => ({
      id: `${id}`,
      severity,
    }));
    const world = createWorld({ readPage: () => ({ rows }) });
    expect(await world.drive(await world.begin(DAY.from, DAY.to))).toMatchObject({ result: { state: 'exported' } });
    const { groups } = world.manifest(DAY.from, DAY.to);
    expect(Object.entries(groups?.counts ?? {})).toEqual([
      ['constructor', 2],
      ['__proto__', 1],
      ['toString', 1],
    ]);
    expect(await verified(world)).toEqual([]);
  });

  it('says which limit is met when a source has to remember more than Lambda keeps', async () => {
    const organizations = Array.from({ length: 6000 }, (_, n) => ({
      id: `organization-${n}`,
      name: `Customer number ${n}`,
    }));
    const world = createWorld({ readPage: () => ({ rows: [{ id: '1' }], next: { organizations }, waitMs: 1000 }) });
    const driven = await world.drive(await world.begin(DAY.from, DAY.to));
    expect(driven).toMatchObject({ result: { state: 'failed', code: 'CONFIG_INVALID' } });
    expect((await world.windows.find('nightly', new Date(DAY.from)))?.error).toMatchObject({
      retryable: false,
      message: expect.stringMatching(/remember 3\d{5} bytes, and 250000 can be kept: divide the job/) as string,
    });
  });

  it('E15 keeps each step and each event small, however many columns rows have', async () => {
    const wide = (page: number) => ({
      id: `${page}`,
      ...Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`column ${page}/${n} ${'x'.repeat(40)}`, n])),
    });
    const world = createWorld({
      partBytes: 1000,
      readPage: (cursor) => {
        const at = typeof cursor === 'number' ? cursor : 0;
        return { rows: [wide(at)], ...(at < 3 ? { next: at + 1 } : {}) };
      },
    });
    const journal = { entries: [] as { name: string; result: string }[] };
    expect(await world.drive(await world.begin(DAY.from, DAY.to), { journal })).toMatchObject({
      result: { state: 'exported', rows: 4 },
    });
    expect(Math.max(...journal.entries.map(({ result }) => result.length))).toBeLessThan(200_000);
    for (const { event } of world.windows.outbox) expect(JSON.stringify(event).length).toBeLessThan(100_000);
    const csv = world.archive.text(`${PREFIX}part-00001.csv`) ?? '';
    expect(csv).toContain('column 0/4999');
    expect(await verified(world)).toEqual([]);
  });
});
