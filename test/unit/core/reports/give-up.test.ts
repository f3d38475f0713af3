import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  ProviderRefusedError,
  ProviderResponseInvalidError,
  StoreUnavailableError,
} from '../../../../functions/core/errors.ts';
import { createRunExport } from '../../../../functions/core/reports/export.ts';
import { failAttempt } from '../../../../functions/core/reports/give-up.ts';
import type { Durable } from '../../../../functions/core/reports/run-types.ts';
import { createWorld, DAY, pagesOf, someRows, type World } from '../../../support/export-world.ts';
import { anAlertJob } from '../../../support/report-job.ts';

const PREFIX = 'acme/nightly/20260301T010000Z--20260302T010000Z/';
const APART = `incomplete/${PREFIX}attempt-1/`;

const newJournal = () => ({ entries: [] as { name: string; result: string }[] });
const namesOf = ({ entries }: ReturnType<typeof newJournal>) => entries.map(({ name }) => name);
const windowOf = (world: World) => world.windows.find('nightly', new Date(DAY.from));
const lastLog = (world: World) => world.log.events.at(-1);

/** Ten rows where the source counts twelve. */
const lacking = () => createWorld({ readPage: pagesOf(someRows(10), 4, { sourceTotal: 12, facts: { seen: 1 } }) });

describe('an export that does not reconcile', () => {
  it('E14 lies apart before it goes from where it was, and is what was read, whatever lies on top of it', async () => {
    const world = lacking();
    const { remove, write } = world.archive;
    const missing: string[] = [];
    Object.assign(world.archive, {
      write: async (object: Parameters<typeof write>[0]) => {
        const written = await write(object);
        if (!object.key.startsWith('incomplete/')) await write({ ...object, bytes: Buffer.from('another’s') });
        return written;
      },
      remove: async (object: Parameters<typeof remove>[0]) => {
        if (world.archive.text(`${APART}${object.key.slice(PREFIX.length)}`) === undefined) missing.push(object.key);
        await remove(object);
      },
    });
    await world.drive(await world.begin(DAY.from, DAY.to));
    expect(missing).toEqual([]);
    const { parts } = JSON.parse(world.archive.text(`${APART}report.json`) ?? '{}') as {
      parts: { name: string; sha256: string }[];
    };
    expect(parts).toHaveLength(3);
    for (const { name, sha256 } of parts) {
      const [moved] = world.archive.objects.get(APART + name) ?? [];
      expect(
        createHash('sha256')
          .update(moved?.bytes ?? '')
          .digest('hex'),
      ).toBe(sha256);
    }
  });

  it('is moved apart with a report of all its figures', async () => {
    const world = lacking();
    const journal = newJournal();
    const input = await world.begin(DAY.from, DAY.to);
    await world.drive(input, { journal });
    expect(namesOf(journal)).toEqual(['plan', 'part-1', 'compare', 'keep-apart', 'incomplete']);
    const names = ['part-00001.csv', 'part-00001.jsonl', 'keys-00001.hsip64'];
    expect([...world.archive.objects.keys()]).toEqual([...names, 'report.json'].map((name) => APART + name));
    const types = [...world.archive.objects.values()].map(([version]) => version?.contentType);
    expect(types).toEqual([...names.map(() => 'application/octet-stream'), 'application/json']);
    const text = world.archive.text(`${APART}report.json`) ?? '';
    const sha256 = (name: string) =>
      createHash('sha256')
        .update(world.archive.objects.get(APART + name)?.[0]?.bytes ?? '')
        .digest('hex');
    const report = {
      ...input,
      message: 'The source counts 12 rows, 10 were read',
      rows: 10,
      sourceTotal: 12,
      requests: 0,
      readAt: '2026-03-02T01:00:05.000Z',
      facts: { seen: 1 },
      parts: names.map((name) => ({ name, rows: 10, sha256: sha256(name) })),
    };
    expect(text).toBe(`${JSON.stringify(report, null, 2)}\n`);
    const { message } = report;
    const figures = {
      rows: 10,
      sourceTotal: 12,
      report: { key: `${APART}report.json`, sha256: sha256('report.json') },
    };
    const error = { code: 'EXPORT_INCOMPLETE', message, retryable: true };
    expect((await windowOf(world))?.error).toEqual({ ...error, figures, inARow: 1 });
    expect(world.windows.outbox[0]?.event.data).toMatchObject({
      ...error,
      rows: 10,
      sourceTotal: 12,
      reportKey: `${APART}report.json`,
    });
    expect(lastLog(world)).toEqual([
      'export.stopped',
      { job: 'nightly', ...DAY, attempt: 1, state: 'incomplete', code: 'EXPORT_INCOMPLETE' },
    ]);
  });

  it('says that the source has no total where rows came twice', async () => {
    const rows = [{ id: 'a' }, { id: 'a' }];
    const world = createWorld({ readPage: () => ({ rows }) });
    await world.drive(await world.begin(DAY.from, DAY.to));
    expect(JSON.parse(world.archive.text(`${APART}report.json`) ?? '')).toMatchObject({ rows: 2, sourceTotal: null });
  });

  it('leaves out parts that the run before moved already', async () => {
    const world = lacking();
    const { read } = world.archive;
    Object.assign(world.archive, {
      read: async (...given: Parameters<typeof read>) => (given[0].endsWith('.csv') ? undefined : read(...given)),
    });
    await world.drive(await world.begin(DAY.from, DAY.to));
    expect([...world.archive.objects.keys()]).toContain(`${PREFIX}part-00001.csv`);
    expect([...world.archive.objects.keys()]).not.toContain(`${APART}part-00001.csv`);
    expect((await windowOf(world))?.state).toBe('incomplete');
  });

  it('fails where it cannot be moved', async () => {
    const world = lacking();
    Object.assign(world.archive, { remove: () => Promise.reject(new StoreUnavailableError('down')) });
    const driven = await world.drive(await world.begin(DAY.from, DAY.to));
    expect(driven).toMatchObject({ result: { state: 'failed', code: 'STORE_UNAVAILABLE' } });
    expect((await windowOf(world))?.error).toMatchObject({ retryable: true });
  });

  it('is one that has no rows of those that the source counts, unless it has a file', async () => {
    const file = { name: 'a.csv', contentType: 'text/csv', bytes: Buffer.from('a\n') };
    for (const [page, state] of [
      [{}, 'incomplete'],
      [{ file }, 'exported'],
    ] as const) {
      const world = createWorld({ readPage: () => ({ rows: [], sourceTotal: 12, ...page }) });
      expect(await world.drive(await world.begin(DAY.from, DAY.to))).toMatchObject({ result: { state } });
    }
  });

  it('is not known where its keys cannot be read, and nothing is sealed', async () => {
    const world = createWorld();
    const { read } = world.archive;
    Object.assign(world.archive, {
      read: async (...given: Parameters<typeof read>) => {
        if (given[0].endsWith('.hsip64')) throw new StoreUnavailableError('down');
        return read(...given);
      },
    });
    const driven = await world.drive(await world.begin(DAY.from, DAY.to));
    expect(driven).toMatchObject({ result: { state: 'failed', code: 'STORE_UNAVAILABLE' } });
    expect([...world.archive.objects.keys()]).not.toContain(`${PREFIX}manifest.json`);
  });
});

describe('failAttempt()', () => {
  const error = { code: 'X', message: 'm', retryable: true };

  it('wakes the job and its poller, with an event of the failure', async () => {
    const world = createWorld();
    const input = await world.begin(DAY.from, DAY.to);
    const nudged: string[] = [];
    world.state.now = new Date('2026-03-02T05:00:00Z');
    const deps = { ...world.deps, nudge: async (shard: string) => void nudged.push(shard) };
    expect(await failAttempt(deps, input, 'failed', error, { rows: 1 })).toEqual({ state: 'failed', code: 'X' });
    expect(nudged).toEqual(['0']);
    expect((await world.jobs.find('nightly'))?.dueAt).toEqual(world.state.now);
    expect(world.windows.outbox).toMatchObject([
      { event: { type: 'steward.export.failed', time: world.state.now, data: { ...error, rows: 1 } } },
    ]);
  });

  it('tells nobody of an attempt that no longer runs', async () => {
    const world = createWorld();
    const input = { ...(await world.begin(DAY.from, DAY.to)), attempt: 2 };
    const nudged: string[] = [];
    const deps = { ...world.deps, nudge: async (shard: string) => void nudged.push(shard) };
    expect(await failAttempt(deps, input, 'failed', error, {})).toEqual({ state: 'superseded' });
    expect([nudged, world.windows.outbox]).toEqual([[], []]);
  });

  it.each([
    ['gone', undefined, []],
    ['no report any more', anAlertJob({ name: 'nightly', shard: '3' }), ['3']],
  ])('records it without an event where the job is %s', async (_, job, shards) => {
    const world = createWorld();
    const input = await world.begin(DAY.from, DAY.to);
    await world.jobs.remove('nightly');
    if (job) await world.jobs.configure(job, world.state.now);
    const nudged: string[] = [];
    const outgoing: string[] = [];
    const { fail } = world.windows;
    Object.assign(world.windows, {
      fail: (...given: Parameters<typeof fail>) => {
        outgoing.push(given[3].shard);
        return fail(...given);
      },
    });
    const deps = { ...world.deps, nudge: async (shard: string) => void nudged.push(shard) };
    expect(await failAttempt(deps, input, 'failed', error, {})).toEqual({ state: 'failed', code: 'X' });
    expect((await windowOf(world))?.error).toEqual({ ...error, inARow: 1 });
    expect([nudged, outgoing, world.windows.outbox]).toEqual([shards, [job?.shard ?? '0'], []]);
  });
});

describe('createRunExport()', () => {
  it.each([
    ['what a person has to mend', new ProviderRefusedError('no'), 'PROVIDER_REFUSED', 'no', false],
    ['what may pass', new ProviderResponseInvalidError('HTML'), 'PROVIDER_RESPONSE_INVALID', 'HTML', true],
    ['a bug', new TypeError('secret'), 'UNKNOWN', 'A bug: TypeError', true],
    ['what is not even an error', 'a text', 'UNKNOWN', 'A bug: unknown', true],
  ])('records %s', async (_, thrown, code, message, retryable) => {
    const world = createWorld({ readPage: () => Promise.reject(thrown) });
    const journal = newJournal();
    await world.drive(await world.begin(DAY.from, DAY.to), { journal });
    expect(namesOf(journal).at(-1)).toBe('fail');
    expect(await windowOf(world)).toMatchObject({ state: 'failed', error: { code, message, retryable } });
    expect((await windowOf(world))?.error).not.toHaveProperty('mayStand');
    expect(lastLog(world)).toEqual(['export.stopped', { job: 'nightly', ...DAY, attempt: 1, state: 'failed', code }]);
    const crashes = world.log.events.filter(([event]) => event === 'export.crashed');
    expect(crashes).toHaveLength(code === 'UNKNOWN' ? 1 : 0);
  });

  it('ends with why it could not even record that it failed', async () => {
    const world = createWorld({ readPage: () => Promise.reject(new ProviderRefusedError('no')) });
    Object.assign(world.windows, { fail: () => Promise.reject(new StoreUnavailableError('down')) });
    const driven = await world.drive(await world.begin(DAY.from, DAY.to));
    expect(driven).toEqual({ crashed: false, result: { state: 'failed', code: 'STORE_UNAVAILABLE' } });
  });

  it('logs a gap and an attempt that is not the running one for what they are', async () => {
    const world = createWorld();
    const journal = newJournal();
    await world.drive(await world.begin(DAY.from, DAY.to, { action: 'gap', reason: 'missed' }), { journal });
    expect(namesOf(journal)).toEqual(['plan', 'gap']);
    const said = { job: 'nightly', ...DAY, attempt: 1 };
    expect(lastLog(world)).toEqual(['export.finished', { ...said, state: 'gap', rows: 0 }]);
    await world.drive({ job: 'nightly', ...DAY, attempt: 1, action: 'gap' });
    expect(lastLog(world)).toEqual(['export.stopped', { ...said, state: 'superseded' }]);
  });

  it('counts the requests that were made for pages that were thrown away', async () => {
    const world = createWorld();
    const read = pagesOf(someRows(2), 1);
    let reads = 0;
    Object.assign(world.provider.sources['rows'] ?? {}, {
      readPage: async (call: () => Promise<unknown>, { window, observedAt }: never, cursor: never) => {
        await call();
        if (++reads === 2) throw new ProviderResponseInvalidError('HTML');
        return read(cursor, window, observedAt);
      },
    });
    await world.drive(await world.begin(DAY.from, DAY.to));
    expect(world.manifest(DAY.from, DAY.to).requests).toBe(4);
  });

  it.each(['compare', 'seal', 'keep-apart'])('begins %s only with six minutes left', async (step) => {
    for (const [left, tries] of [
      [360_000, 1],
      [359_999, 2],
    ] as const) {
      const world = step === 'keep-apart' ? lacking() : createWorld();
      const journal = newJournal();
      const steps = () => namesOf(journal);
      const before = step === 'compare' ? 'part-1' : 'compare';
      const remainingMs = () => (steps().at(-1) === before ? left : 900_000);
      await world.drive(await world.begin(DAY.from, DAY.to), { journal, remainingMs });
      expect(steps().filter((name) => new RegExp(`^${step}(?:-again-1)?$`).test(name))).toHaveLength(tries);
    }
  });

  it('shows a sign of life while it waits', async () => {
    const world = createWorld({
      readPage: (cursor) => (cursor === undefined ? { rows: [], next: 'asked', waitMs: 1_900_000 } : { rows: [] }),
    });
    const signs: Date[] = [];
    const { beat } = world.windows;
    Object.assign(world.windows, {
      beat: (...given: Parameters<typeof beat>) => {
        signs.push(given[1]);
        return beat(...given);
      },
    });
    const began = world.state.now.getTime();
    await world.drive(await world.begin(DAY.from, DAY.to));
    expect(signs.map((sign) => (sign.getTime() - began) / 1000)).toEqual([0, 1800, 1900, 1900, 1900]);
  });

  it('records an execution that the runtime gives up, and logs whether it could', async () => {
    const end = new Error('Too many operations');
    const durable: Durable = {
      step: () => Promise.reject(end),
      wait: async () => undefined,
      deadline: { remainingMs: () => 900_000 },
      isInterruption: () => true,
      endsExecution: (error) => error === end,
    };
    const world = createWorld();
    const input = await world.begin(DAY.from, DAY.to);
    await expect(createRunExport(world.deps)(input, durable)).rejects.toBe(end);
    expect((await windowOf(world))?.error).toEqual({
      code: 'UNKNOWN',
      message: 'The runtime ended the execution: its log says why',
      retryable: true,
      mayStand: true,
      inARow: 1,
    });
    expect(lastLog(world)).toMatchObject(['export.ended', { recorded: true }]);
    const { fail } = world.windows;
    Object.assign(world.windows, { fail: () => Promise.reject(new StoreUnavailableError('down')) });
    await expect(createRunExport(world.deps)(input, durable)).rejects.toBe(end);
    expect(lastLog(world)).toMatchObject(['export.ended', { recorded: false }]);
    Object.assign(world.windows, { fail });
    const alive = { ...durable, endsExecution: () => false };
    const other = createWorld();
    await expect(createRunExport(other.deps)(await other.begin(DAY.from, DAY.to), alive)).rejects.toBe(end);
    expect((await windowOf(other))?.state).toBe('running');
  });
});
