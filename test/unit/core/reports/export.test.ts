import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  AccessTokenRejectedError,
  BudgetExhaustedError,
  ProviderRateLimitedError,
  ProviderRefusedError,
  ProviderResponseInvalidError,
  ReauthorizationRequiredError,
  StoreUnavailableError,
} from '../../../../functions/core/errors.ts';
import { signRecord } from '../../../../functions/core/reports/manifest.ts';
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
import { type Forged, folderReader } from '../../../support/archive-reader.ts';

const PREFIX = 'acme/nightly/20260301T010000Z--20260302T010000Z/';

async function findingsOf(world: World, forged: Forged = {}) {
  return (await verifyArchive(folderReader(world.archive, forged), TEST_PUBLIC_KEY)).findings;
}

async function exported(world: World, window = DAY) {
  const driven = await world.drive(await world.begin(window.from, window.to));
  if (driven.crashed) throw new Error('crashed');
  return driven.result;
}

describe('createRunExport()', () => {
  it('writes parts, a summary and a manifest that names them all', async () => {
    const world = createWorld({ partBytes: 300 });
    const outcome = await exported(world);
    const keys = [...world.archive.objects.keys()].toSorted().map((key) => key.slice(PREFIX.length));
    expect(keys).toEqual([
      'keys-00001.hsip64',
      'keys-00002.hsip64',
      'keys-00003.hsip64',
      'manifest.json',
      'part-00001.csv',
      'part-00001.jsonl',
      'part-00002.csv',
      'part-00002.jsonl',
      'part-00003.csv',
      'part-00003.jsonl',
      'summary.html',
    ]);
    const manifest = world.manifest(DAY.from, DAY.to);
    expect(manifest).toMatchObject({
      kind: 'export',
      sequence: 1,
      previous: null,
      rows: 10,
      sourceTotal: 10,
      completeness: 'reconciled',
      duplicates: 0,
      authorization: { by: 'ops@acme.example', scopes: ['reports'] },
      groups: { column: 'severity', counts: { critical: 4, high: 3, low: 3 } },
    });
    const { parts, requests, provider } = manifest;
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    const figures = { rows: 10, bytes, requests, provider };
    expect(outcome).toEqual({ state: 'exported', manifestKey: `${PREFIX}manifest.json`, ...figures });
    expect(world.log.events.at(-1)).toMatchObject(['export.finished', figures]);
    expect(manifest.parts.filter(({ format }) => format === 'csv').map(({ rows }) => rows)).toEqual([4, 4, 2]);
    expect(world.archive.text(`${PREFIX}part-00001.csv`)).toBe(
      'id,severity,score,open,tags,_more\r\n' +
        'row-0,critical,0,true,"{""list"":[0]}",\r\n' +
        'row-1,high,0.5,false,"{""list"":[1]}",\r\n' +
        'row-2,low,1,true,"{""list"":[2]}",\r\n' +
        'row-3,critical,1.5,false,"{""list"":[3]}",\r\n',
    );
    expect(await world.windows.find('nightly', new Date(DAY.from))).toMatchObject({ state: 'exported' });
    expect(world.windows.outbox.map(({ event }) => event.type)).toEqual(['steward.export.completed']);
  });

  it('puts every version that the manifest names under the job’s retention, and nothing before', async () => {
    const world = createWorld({ job: { retention: { days: 10, mode: 'COMPLIANCE' } } });
    await exported(world);
    const until = new Date(world.state.now.getTime() + 10 * 86_400_000);
    for (const versions of world.archive.objects.values()) {
      expect(versions.map(({ lock }) => lock)).toEqual([{ mode: 'COMPLIANCE', until }]);
    }
  });

  it('chains one window to the next and counts what came and went', async () => {
    const world = createWorld({ description: { kind: 'snapshot' } });
    await exported(world);
    world.state.now = new Date(NEXT_DAY.to);
    world.setReadPage(pagesOf(someRows(12).slice(3), 4));
    await exported(world, NEXT_DAY);
    const second = world.manifest(NEXT_DAY.from, NEXT_DAY.to);
    expect(second).toMatchObject({ sequence: 2, changes: { appeared: 2, disappeared: 3 }, schemaChanges: [] });
    expect(second.previous?.key).toBe(`${PREFIX}manifest.json`);
    const summary = world.archive.text(`${world.prefix(NEXT_DAY.from, NEXT_DAY.to)}summary.html`);
    expect(summary).toContain('<strong>2</strong><span>appeared</span>');
    expect(summary).not.toMatch(/<script|https?:/);
  });

  it('E04 I20 writes nothing when a window that is exported is started again', async () => {
    const world = createWorld();
    await exported(world);
    const writes = world.archive.writes();
    const input = { job: 'nightly', ...DAY, attempt: 1, action: 'export' } as const;
    const again = await world.drive(input);
    expect(again).toEqual({ crashed: false, result: { state: 'superseded' } });
    expect(world.archive.writes()).toBe(writes);
    expect(world.windows.outbox).toHaveLength(1);
  });

  it('E05 records a conflict when something else stands in the place of its manifest, and overwrites nothing', async () => {
    const world = createWorld();
    const foreign = Buffer.from('{"format":"steward-manifest/1","window":{"from":"x"},"sequence":7}');
    await world.archive.write({ key: `${PREFIX}manifest.json`, bytes: foreign, contentType: 'application/json' });
    expect(await exported(world)).toEqual({ state: 'failed', code: 'CONFLICT' });
    expect(world.archive.writes()).toBe(1);
    expect(await world.windows.find('nightly', new Date(DAY.from))).toMatchObject({
      state: 'failed',
      error: { code: 'CONFLICT', retryable: false },
    });
  });

  it('E03 lets one of two runs of a window count', async () => {
    const world = createWorld();
    const input = await world.begin(DAY.from, DAY.to);
    const [a, b] = await Promise.all([world.drive(input), world.drive(input)]);
    const states = [a, b].map((driven) => (driven.crashed ? 'crashed' : driven.result.state)).toSorted();
    expect(states[0]).toBe('exported');
    expect(['exported', 'superseded']).toContain(states[1]);
    expect((await world.windows.chain('nightly'))?.sequence).toBe(1);
    expect(world.windows.outbox).toHaveLength(1);
  });

  it('I18 I19 makes one chain of two windows that are due at once: one is begun, the other when that one has ended', async () => {
    const world = createWorld();
    const begin = () => Promise.allSettled([world.begin(DAY.from, DAY.to), world.begin(NEXT_DAY.from, NEXT_DAY.to)]);
    const [first, refused] = await begin();
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'CONFLICT' } });
    if (first.status === 'rejected') throw first.reason;
    // Another tick comes in the middle of the export, and finds a window under way.
    world.setReadPage(async (...given) => {
      const states = (await begin()).map(({ status }) => status);
      expect(states).toEqual(['rejected', 'rejected']);
      return pagesOf(someRows(10), 4)(...given);
    });
    expect(await world.drive(first.value)).toMatchObject({ result: { state: 'exported' } });
    world.setReadPage(pagesOf(someRows(12), 5));
    expect(await exported(world, NEXT_DAY)).toMatchObject({ state: 'exported' });
    expect((await world.windows.chain('nightly'))?.sequence).toBe(2);
    const digest = createHash('sha256')
      .update((await world.archive.read(`${PREFIX}manifest.json`)) ?? '')
      .digest('hex');
    expect(world.manifest(NEXT_DAY.from, NEXT_DAY.to)).toMatchObject({ sequence: 2, previous: { sha256: digest } });
    expect(await findingsOf(world)).toEqual([]);
  });

  it('E12 goes on from a manifest that an attempt before wrote and could not make known', async () => {
    const world = createWorld();
    const input = await world.begin(DAY.from, DAY.to);
    const seal = world.windows.seal.bind(world.windows);
    let failing = true;
    Object.assign(world.windows, {
      seal: async (...args: Parameters<typeof seal>) => {
        if (failing) throw new StoreUnavailableError('down');
        return seal(...args);
      },
    });
    expect(await world.drive(input)).toMatchObject({ result: { state: 'failed', code: 'STORE_UNAVAILABLE' } });
    failing = false;
    const writes = world.archive.writes();
    world.setReadPage(pagesOf(someRows(99), 50));
    const journal = { entries: [] as { name: string; result: string }[] };
    const second = await world.drive(await world.begin(DAY.from, DAY.to, { attempt: 2 }), { journal });
    expect(second).toMatchObject({ result: { state: 'exported', rows: 10 } });
    expect(world.archive.writes()).toBe(writes);
    expect(journal.entries.map(({ name }) => name)).toEqual(['plan', 'adopt']);
  });

  it('E14 E13 I22 keeps what does not reconcile apart, and says the figures', async () => {
    const world = createWorld({ readPage: pagesOf(someRows(10), 4, { sourceTotal: 12 }) });
    expect(await exported(world)).toEqual({ state: 'incomplete', code: 'EXPORT_INCOMPLETE' });
    const keys = [...world.archive.objects.keys()];
    expect(keys.length).toBeGreaterThan(2);
    expect(keys.every((key) => key.startsWith(`incomplete/${PREFIX}attempt-1/`))).toBe(true);
    const report = JSON.parse(world.archive.text(`incomplete/${PREFIX}attempt-1/report.json`) ?? '{}') as unknown;
    expect(report).toMatchObject({ rows: 10, sourceTotal: 12 });
    const [row] = world.windows.outbox;
    expect(row?.event).toMatchObject({ type: 'steward.export.incomplete', data: { rows: 10, sourceTotal: 12 } });
    world.setReadPage(pagesOf(someRows(10), 4));
    const second = await world.drive(await world.begin(DAY.from, DAY.to, { attempt: 2 }));
    expect(second).toMatchObject({ result: { state: 'exported' } });
  });

  it('E13 sees a row that moved between pages, although the total fits', async () => {
    const rows = someRows(8);
    const shifted = [...rows.slice(0, 4), rows[3]!, ...rows.slice(4, 7)];
    const world = createWorld({ readPage: pagesOf(shifted, 4) });
    expect(await exported(world)).toMatchObject({ state: 'incomplete' });
    expect(world.windows.outbox[0]?.event.summary).toContain('came twice');
  });

  it('says how completeness was judged where the source has no total', async () => {
    const rows = someRows(3);
    const read = createWorld({ readPage: () => ({ rows, completeness: 'short-page' }) });
    await exported(read);
    expect(read.manifest(DAY.from, DAY.to)).toMatchObject({ sourceTotal: null, completeness: 'short-page' });
    const unsaid = createWorld({ readPage: () => ({ rows }) });
    await exported(unsaid);
    expect(unsaid.manifest(DAY.from, DAY.to)).toMatchObject({ completeness: 'unproven' });
  });

  it('E15 announces new, missing and retyped columns, and loses no value that came late', async () => {
    const world = createWorld({ readPage: () => ({ rows: [{ id: 'a', name: 'x', size: 1 }] }) });
    await exported(world);
    world.state.now = new Date(NEXT_DAY.to);
    world.setReadPage((cursor) =>
      cursor === undefined
        ? { rows: [{ id: 'a', size: 'big' }], next: 1 }
        : { rows: [{ id: 'b', size: 'small', color: 'red' }] },
    );
    await exported(world, NEXT_DAY);
    expect(world.manifest(NEXT_DAY.from, NEXT_DAY.to).schemaChanges).toEqual([
      { kind: 'missing', column: 'name' },
      { kind: 'retyped', column: 'size' },
      { kind: 'new', column: 'color' },
    ]);
    const csv = world.archive.text(`${world.prefix(NEXT_DAY.from, NEXT_DAY.to)}part-00001.csv`);
    expect(csv).toBe('id,size,_more\r\na,big,\r\nb,small,"{""color"":""red""}"\r\n');
    expect(world.windows.outbox.map(({ event }) => event.type)).toEqual([
      'steward.export.completed',
      'steward.export.completed',
      'steward.export.schema-changed',
    ]);
  });

  it('E16 makes a whole export of no rows', async () => {
    const world = createWorld({
      readPage: () => ({ rows: [], sourceTotal: 0 }),
      description: { columns: ['id', 'name'] },
      job: { formats: ['csv', 'jsonl', 'parquet'] },
    });
    expect(await exported(world)).toMatchObject({ state: 'exported', rows: 0 });
    expect(world.archive.text(`${PREFIX}part-00001.csv`)).toBe('id,name,_more\r\n');
    expect(world.archive.text(`${PREFIX}part-00001.jsonl`)).toBe('');
    expect(world.manifest(DAY.from, DAY.to).parts.map(({ rows }) => rows)).toEqual([0, 0, 0]);
  });

  it('E15 E16 keeps the columns over a window without rows, and notices what changed behind it', async () => {
    const world = createWorld({ readPage: () => ({ rows: [{ id: 'a', name: 'x', size: 1 }] }) });
    await exported(world);
    world.setReadPage(() => ({ rows: [] }));
    await exported(world, NEXT_DAY);
    const empty = world.manifest(NEXT_DAY.from, NEXT_DAY.to);
    expect(empty).toMatchObject({ rows: 0, schemaChanges: [] });
    expect(empty.schema).toEqual(world.manifest(DAY.from, DAY.to).schema);
    expect(world.archive.text(`${world.prefix(NEXT_DAY.from, NEXT_DAY.to)}part-00001.csv`)).toBe(
      'id,name,size,_more\r\n',
    );
    world.setReadPage(() => ({ rows: [{ id: 'a', name: 'x', colour: 'red' }] }));
    const third = { from: NEXT_DAY.to, to: '2026-03-04T01:00:00.000Z' };
    await exported(world, third);
    expect(world.manifest(third.from, third.to).schemaChanges).toEqual([
      { kind: 'new', column: 'colour' },
      { kind: 'missing', column: 'size' },
    ]);
  });

  it('E18 takes a row of five megabytes', async () => {
    const text = 'x'.repeat(5_000_000);
    const world = createWorld({ readPage: () => ({ rows: [{ id: 'a', text }] }) });
    expect(await exported(world)).toMatchObject({ state: 'exported' });
    expect(world.archive.text(`${PREFIX}part-00001.csv`)).toContain(text);
  });

  it('keeps a file that the vendor made byte for byte, in stretches', async () => {
    const chunks = [Buffer.from('a;b\n1;'), Buffer.from([0xff, 0x00, 0x0a]), Buffer.from('2\n')];
    const world = createWorld({
      readPage: (cursor) => {
        const at = typeof cursor === 'number' ? cursor : 0;
        const file = { name: 'All report.csv', contentType: 'text/csv', bytes: chunks[at]! };
        return { rows: [], file, ...(at < 2 ? { next: at + 1 } : {}), ...(at === 1 ? { waitMs: 5000 } : {}) };
      },
    });
    expect(await exported(world)).toMatchObject({ state: 'exported' });
    const parts = world.manifest(DAY.from, DAY.to).parts.filter(({ format }) => format === 'vendor');
    expect(parts.map(({ key }) => key.slice(PREFIX.length))).toEqual([
      'vendor-00001-All_report.csv',
      'vendor-00002-All_report.csv',
    ]);
    const bytes = await Promise.all(parts.map(({ key }) => world.archive.read(key)));
    expect(Buffer.concat(bytes as Uint8Array[])).toEqual(Buffer.concat(chunks));
  });

  it('E20 waits for a fresh token, and E21 as long as the provider says', async () => {
    const world = createWorld();
    const began = world.state.now.getTime();
    let tries = 0;
    world.setOpen(() => {
      if (++tries <= 2) throw new AccessTokenRejectedError('expired');
    });
    const read = pagesOf(someRows(10), 4);
    let reads = 0;
    world.setReadPage((cursor, ...rest) => {
      if (++reads === 2) throw new ProviderRateLimitedError('slow down', 120_000);
      return read(cursor, ...rest);
    });
    expect(await exported(world)).toMatchObject({ state: 'exported', rows: 10 });
    expect(world.state.now.getTime() - began).toBe(5000 + 10_000 + 120_000);
  });

  it('pauses for a budget that is free soon, and waits durably for one that is not', async () => {
    const read = pagesOf(someRows(10), 4);
    const world = createWorld();
    let reads = 0;
    world.setReadPage((cursor, ...rest) => {
      reads += 1;
      if (reads === 2) throw new BudgetExhaustedError('none left', 4000);
      if (reads === 4) throw new BudgetExhaustedError('none left', 600_000);
      return read(cursor, ...rest);
    });
    const journal = { entries: [] };
    const input = await world.begin(DAY.from, DAY.to);
    const driven = await world.drive(input, { journal });
    expect(driven).toMatchObject({ result: { state: 'exported' } });
    const names = journal.entries.map(({ name }: { name: string }) => name);
    expect(names).toEqual(['plan', 'part-1', 'part-1-wait', 'part-1-again-1', 'compare', 'seal']);
  });

  it('E02 goes on in a new invocation when too little is left of this one', async () => {
    const world = createWorld({ partBytes: 200 });
    let left = 900_000;
    const remainingMs = () => (left -= 100_000);
    const input = await world.begin(DAY.from, DAY.to);
    const driven = await world.drive(input, { remainingMs, onInvocation: () => (left = 900_000) });
    expect(driven).toMatchObject({ result: { state: 'exported', rows: 10 } });
  });

  it('waits for a requery in pieces, with a sign of life in each', async () => {
    const world = createWorld({
      readPage: (cursor) => (cursor === undefined ? { rows: [], next: 'asked', waitMs: 4_000_000 } : { rows: [] }),
    });
    const journal = { entries: [] };
    const driven = await world.drive(await world.begin(DAY.from, DAY.to), { journal });
    expect(driven).toMatchObject({ result: { state: 'exported' } });
    const names = journal.entries.map(({ name }: { name: string }) => name);
    expect(names.filter((name) => name.startsWith('part-1-'))).toEqual([
      'part-1-wait-1',
      'part-1-beat-1',
      'part-1-wait-2',
      'part-1-beat-2',
      'part-1-wait-3',
    ]);
  });

  it('fails by its code when a person is needed, and after patience with what may pass', async () => {
    const refused = createWorld({
      readPage: () => {
        throw new ProviderRefusedError('No report 7');
      },
    });
    expect(await exported(refused)).toEqual({ state: 'failed', code: 'PROVIDER_REFUSED' });
    expect(refused.windows.outbox[0]?.event).toMatchObject({
      type: 'steward.export.failed',
      data: { code: 'PROVIDER_REFUSED', message: 'No report 7', retryable: false },
    });
    const consent = createWorld();
    consent.setOpen(() => {
      throw new ReauthorizationRequiredError('acme');
    });
    expect(await exported(consent)).toEqual({ state: 'failed', code: 'REAUTHORIZATION_REQUIRED' });
    const html = createWorld({
      readPage: () => {
        throw new ProviderResponseInvalidError('HTML');
      },
    });
    expect(await exported(html)).toEqual({ state: 'failed', code: 'PROVIDER_RESPONSE_INVALID' });
    expect(html.state.reads).toBe(5);
  });

  it('records a bug as UNKNOWN instead of dying without a word', async () => {
    const world = createWorld({
      readPage: () => {
        throw new TypeError('undefined is not a function');
      },
    });
    expect(await exported(world)).toEqual({ state: 'failed', code: 'UNKNOWN' });
    expect((await world.windows.chain('nightly'))?.current).toBeUndefined();
  });

  it('writes a signed gap record for a window that is given up, and the chain goes on from it', async () => {
    const world = createWorld();
    const gap = await world.begin(DAY.from, DAY.to, { action: 'gap', reason: 'missed' });
    expect(await world.drive(gap)).toMatchObject({ result: { state: 'gap', manifestKey: `${PREFIX}gap.json` } });
    expect(JSON.parse(world.archive.text(`${PREFIX}gap.json`) ?? '')).toMatchObject({
      kind: 'gap',
      reason: 'missed',
      sequence: 1,
      signature: { algorithm: 'ECDSA_SHA_256' },
    });
    expect(world.windows.outbox[0]?.event.type).toBe('steward.export.gap');
    expect(world.state.reads).toBe(0);
    await exported(world, NEXT_DAY);
    const manifest = world.manifest(NEXT_DAY.from, NEXT_DAY.to);
    expect(manifest).toMatchObject({ sequence: 2, previous: { key: `${PREFIX}gap.json` } });
  });
});

describe('a window that is given up', () => {
  it('I22 has the figures of what never reconciled in its signed gap record, and in the event', async () => {
    const world = createWorld({ readPage: pagesOf(someRows(10), 4, { sourceTotal: 12 }) });
    await exported(world);
    const again = await world.drive(await world.begin(DAY.from, DAY.to, { attempt: 2 }));
    expect(again).toMatchObject({ result: { state: 'incomplete' } });
    const reportKey = `incomplete/${PREFIX}attempt-2/report.json`;
    const sha256 = createHash('sha256')
      .update(world.archive.text(reportKey) ?? '')
      .digest('hex');
    const figures = { rows: 10, sourceTotal: 12, report: { key: reportKey, sha256 } };
    const record = await world.windows.find('nightly', new Date(DAY.from));
    expect(record?.error).toMatchObject({ code: 'EXPORT_INCOMPLETE', inARow: 2, figures });
    expect(record?.error?.mayStand).toBeUndefined();
    const reason = 'failed: EXPORT_INCOMPLETE';
    await world.drive(await world.begin(DAY.from, DAY.to, { attempt: 3, action: 'gap', reason }));
    expect(JSON.parse(world.archive.text(`${PREFIX}gap.json`) ?? '')).toMatchObject({
      reason,
      failure: { attempts: 2, code: 'EXPORT_INCOMPLETE', message: 'The source counts 12 rows, 10 were read', figures },
    });
    expect(world.windows.outbox.at(-1)?.event).toMatchObject({
      type: 'steward.export.gap',
      data: { rows: 10, sourceTotal: 12, reportKey, attempts: 2 },
    });
    expect(world.archive.text(`incomplete/${PREFIX}attempt-2/part-00001.csv`)).toContain('row-0');
  });

  it('tells what the export said, not what went wrong while the gap was written', async () => {
    const world = createWorld({ readPage: pagesOf(someRows(10), 4, { sourceTotal: 12 }) });
    await exported(world);
    const { seal } = world.windows;
    Object.assign(world.windows, { seal: () => Promise.reject(new StoreUnavailableError('down')) });
    await world.drive(await world.begin(DAY.from, DAY.to, { attempt: 2, action: 'gap', reason: 'given up' }));
    Object.assign(world.windows, { seal });
    expect((await world.windows.find('nightly', new Date(DAY.from)))?.error).toMatchObject({
      code: 'EXPORT_INCOMPLETE',
      mayStand: true,
    });
  });

  it('says whether a record may stand that nobody was told of', async () => {
    const ends: [string, boolean | undefined][] = [];
    for (const method of ['chain', 'beat', 'seal'] as const) {
      const world = createWorld();
      const real = world.windows[method];
      const input = await world.begin(DAY.from, DAY.to);
      Object.assign(world.windows, { [method]: () => Promise.reject(new StoreUnavailableError('down')) });
      await world.drive(input);
      Object.assign(world.windows, { [method]: real });
      const error = (await world.windows.find('nightly', new Date(DAY.from)))?.error;
      ends.push([error?.code ?? '', error?.mayStand]);
    }
    expect(ends).toEqual([
      ['STORE_UNAVAILABLE', true],
      ['STORE_UNAVAILABLE', undefined],
      ['STORE_UNAVAILABLE', true],
    ]);
  });
});

describe('a gap that is filled', () => {
  const fill = { attempt: 2, action: 'fill' as const };

  it('I18 I19 stays in the chain, and the export that fills it names it', async () => {
    const world = createWorld();
    await world.drive(await world.begin(DAY.from, DAY.to, { action: 'gap', reason: 'failed: PROVIDER_REFUSED' }));
    await exported(world, NEXT_DAY);
    await world.windows.ask('nightly', new Date(DAY.from));
    expect(await world.drive(await world.begin(DAY.from, DAY.to, fill))).toMatchObject({
      result: { state: 'exported', manifestKey: `${PREFIX}manifest.json` },
    });
    const gap = Buffer.from(world.archive.text(`${PREFIX}gap.json`) ?? '');
    const sha256 = createHash('sha256').update(gap).digest('hex');
    expect(world.manifest(DAY.from, DAY.to)).toMatchObject({
      sequence: 3,
      fills: { sequence: 1, key: `${PREFIX}gap.json`, sha256 },
      changes: null,
    });
    expect(world.windows.outbox.at(-1)?.event.data).toMatchObject({ fills: 1 });
    expect(world.archive.text(`${PREFIX}summary.html`)).toContain('Fills a gap');
    expect(await findingsOf(world)).toEqual([]);
    expect((await world.windows.chain('nightly'))?.asked).toBeUndefined();
  });

  it('stays when it cannot be filled, and is no gap of a snapshot', async () => {
    const world = createWorld({ readPage: pagesOf(someRows(10), 4, { sourceTotal: 12 }) });
    await world.drive(await world.begin(DAY.from, DAY.to, { action: 'gap', reason: 'missed' }));
    expect(await world.drive(await world.begin(DAY.from, DAY.to, fill))).toMatchObject({
      result: { state: 'incomplete' },
    });
    expect(await world.windows.find('nightly', new Date(DAY.from))).toMatchObject({
      state: 'gap',
      sealed: { sequence: 1 },
    });
    expect(await findingsOf(world)).toEqual([]);
    const snapshot = createWorld({ description: { kind: 'snapshot' } });
    await snapshot.drive(await snapshot.begin(DAY.from, DAY.to, { action: 'gap', reason: 'missed' }));
    expect(await snapshot.drive(await snapshot.begin(DAY.from, DAY.to, fill))).toMatchObject({
      result: { state: 'failed', code: 'CONFIG_INVALID' },
    });
  });

  it('is off where it names no gap of its window, or one that was filled before', async () => {
    const world = createWorld();
    await world.drive(await world.begin(DAY.from, DAY.to, { action: 'gap', reason: 'missed' }));
    await world.drive(await world.begin(DAY.from, DAY.to, fill));
    const key = `${PREFIX}manifest.json`;
    const { signature: _, ...content } = world.manifest(DAY.from, DAY.to);
    const forged = async (change: object) => {
      const bytes = await signRecord({ ...content, ...change }, world.deps.signer);
      return (await findingsOf(world, { [key]: bytes })).map(({ kind }) => kind);
    };
    expect(await forged({})).toEqual([]);
    const { fills: __, ...without } = content;
    const plain = await signRecord(without, world.deps.signer);
    expect((await findingsOf(world, { [key]: plain })).map(({ kind }) => kind)).toEqual(['tiling']);
    expect(await forged({ fills: { ...content.fills, sha256: '0'.repeat(64) } })).toEqual(['chain', 'tiling']);
    expect(await forged({ fills: { ...content.fills, sequence: 7 } })).toEqual(['chain', 'tiling']);
  });
});

describe('a back-filled window', () => {
  it('is compared with nothing, and the next one not with it', async () => {
    const world = createWorld({ description: { kind: 'incremental' } });
    await exported(world, NEXT_DAY);
    world.setReadPage(() => ({ rows: [{ other: 1, id: 'x' }] }));
    await exported(world, DAY);
    expect(world.manifest(DAY.from, DAY.to)).toMatchObject({ sequence: 2, schemaChanges: [], changes: null });
    world.setReadPage(pagesOf(someRows(10), 4));
    await exported(world, { from: NEXT_DAY.to, to: '2026-03-04T01:00:00.000Z' });
    expect(world.manifest(NEXT_DAY.to, '2026-03-04T01:00:00.000Z')).toMatchObject({ sequence: 3, schemaChanges: [] });
  });
});
