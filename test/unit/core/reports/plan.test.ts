import { describe, expect, it } from 'vitest';
import type { Provider } from '../../../../functions/core/provider.ts';
import { type ManifestPart, parseRecord, renderRecord } from '../../../../functions/core/reports/manifest.ts';
import { makePlan, planJob, sourceOf } from '../../../../functions/core/reports/plan.ts';
import { createWorld, DAY, NEXT_DAY, type World } from '../../../support/export-world.ts';
import { aReportJob } from '../../../support/report-job.ts';

const PREFIX = 'acme/nightly/20260301T010000Z--20260302T010000Z/';

async function planned(world: World, window = DAY, change: Parameters<World['begin']>[2] = {}) {
  return makePlan(world.deps, await world.begin(window.from, window.to, change));
}

async function exported(world: World, window = DAY) {
  await world.drive(await world.begin(window.from, window.to));
}

describe('sourceOf()', () => {
  const { provider } = createWorld();

  it('gives the source that a job names', () => {
    expect(sourceOf(aReportJob(), { fake: provider })).toBe(provider.sources['rows']);
  });

  it.each([
    ['another provider', { provider: 'other' }, 'CONFIG_INVALID', 'Job nightly names the unknown provider other'],
    ['another source', { source: 'row' }, 'NOT_FOUND', 'Fake has no source row. Nearest: rows, rows2'],
  ])('refuses %s', (_, change, code, message) => {
    const sources = { ...provider.sources, rows2: provider.sources['rows'] };
    const fake = { ...provider, sources } as Provider;
    expect(() => sourceOf(aReportJob(change), { fake })).toThrow(expect.objectContaining({ code, message }));
  });
});

describe('makePlan()', () => {
  it('fixes everything that the first attempt goes by', async () => {
    const world = createWorld();
    const plan = await planned(world);
    expect(plan).toEqual({
      job: JSON.stringify(world.job),
      prefix: PREFIX,
      observedAt: '2026-03-02T01:00:05.000Z',
      description: world.description,
      pagesPerPart: 60,
      sequence: 1,
      previous: null,
      compare: null,
      fills: null,
      failure: null,
      authorization: {
        by: 'ops@acme.example',
        at: '2026-01-01T00:00:00.000Z',
        scopes: ['reports'],
        account: null,
      },
      standing: null,
    });
    expect(planJob(plan)).toEqual(world.job);
  });

  it.each([
    [25, 60],
    [100, 240],
    [1, 4],
    [2, 4],
    [3, 7],
  ])('takes with %i calls a minute so many pages for a part: %i', async (perMinute, pages) => {
    const world = createWorld();
    const fake = { ...world.provider, budgets: { default: { perMinute } } } as unknown as Provider;
    const input = await world.begin(DAY.from, DAY.to);
    expect((await makePlan({ ...world.deps, providers: { fake } }, input)).pagesPerPart).toBe(pages);
  });

  it('says nothing of who authorised a connection that says nothing', async () => {
    const world = createWorld();
    const input = await world.begin(DAY.from, DAY.to);
    const { openApi } = world.deps;
    const bare: typeof openApi = async (name, lane) => {
      const api = await openApi(name, lane);
      const { authorizedBy: _, authorizedAt: __, scopes: ___, ...connection } = api.connection;
      return { ...api, connection: { ...connection, providerAccount: `${name}/${lane}` } };
    };
    const { authorization } = await makePlan({ ...world.deps, openApi: bare }, input);
    expect(authorization).toEqual({ by: null, at: null, scopes: null, account: 'acme/exports' });
  });

  it('reads nothing for a gap record, whatever became of the provider', async () => {
    const world = createWorld();
    world.setOpen(() => {
      throw new Error('opened');
    });
    const input = await world.begin(DAY.from, DAY.to, { action: 'gap', reason: 'missed' });
    world.state.now = new Date('2026-06-01T00:00:00Z');
    expect(await makePlan({ ...world.deps, providers: {} }, input)).toMatchObject({
      description: { kind: 'snapshot', settleMs: 0 },
      authorization: { by: null, at: null, scopes: null, account: null },
      pagesPerPart: 60,
      compare: null,
    });
  });

  it('reads nothing for a record that stands already, either', async () => {
    const world = createWorld();
    const input = await world.begin(DAY.from, DAY.to);
    const key = `${PREFIX}manifest.json`;
    await world.archive.write({ key, bytes: Buffer.from('{}'), contentType: 'application/json' });
    expect(await makePlan({ ...world.deps, providers: {} }, input)).toMatchObject({
      standing: key,
      description: { kind: 'snapshot', settleMs: 0 },
    });
  });

  it('compares with the last export, whose key digests it names without their blocks', async () => {
    const world = createWorld({ partBytes: 300 });
    await exported(world);
    const before = world.manifest(DAY.from, DAY.to);
    const plan = await planned(world, NEXT_DAY);
    const chain = await world.windows.chain('nightly');
    expect(plan).toMatchObject({ sequence: 2, previous: chain?.last });
    expect(plan.compare).toEqual({
      key: `${PREFIX}manifest.json`,
      columns: before.schema.columns,
      keys: before.parts.filter(({ format }) => format === 'keys').map((part) => ({ ...part, blocks: [] })),
      rows: 10,
      groups: { critical: 4, high: 3, low: 3 },
    });
    expect(plan.compare?.keys).toHaveLength(3);
  });

  it('compares with no more than 200 parts of keys', async () => {
    for (const [count, kept] of [
      [200, 200],
      [201, 0],
    ] as const) {
      const world = createWorld();
      await exported(world);
      const key = `${PREFIX}manifest.json`;
      const record = parseRecord((await world.archive.read(key)) ?? Buffer.of());
      if (record?.kind !== 'export') throw new Error('no export');
      const keys = record.parts.filter(({ format }) => format === 'keys');
      const parts = Array.from({ length: count }, () => keys[0] as ManifestPart);
      const bytes = renderRecord({ ...record, parts, groups: null });
      await world.archive.write({ key, bytes, contentType: 'application/json' });
      const { compare } = await planned(world, NEXT_DAY);
      expect(compare).toMatchObject({ groups: null, rows: 10 });
      expect(compare?.keys).toHaveLength(kept);
    }
  });

  it.each([
    ['is gone', undefined],
    ['is none', '{}'],
  ])('compares with nothing where the last manifest %s', async (_, text) => {
    const world = createWorld();
    await exported(world);
    const key = `${PREFIX}manifest.json`;
    if (text === undefined)
      world.windows.chains.set('nightly', { ...(await chainOf(world)), lastExport: { key: 'x' } });
    else await world.archive.write({ key, bytes: Buffer.from(text), contentType: '' });
    expect((await planned(world, NEXT_DAY)).compare).toBeNull();
  });

  it('compares a back-filled window with nothing, and one that begins where the chain ends with what is before', async () => {
    const world = createWorld();
    await exported(world, NEXT_DAY);
    const after = await planned(world, { from: NEXT_DAY.to, to: '2026-03-04T01:00:00.000Z' });
    expect(after.compare).not.toBeNull();
    const other = createWorld();
    await exported(other, NEXT_DAY);
    expect((await planned(other)).compare).toBeNull();
  });

  it('compares a gap that is filled with nothing: the last export is a later one', async () => {
    const world = createWorld();
    await world.drive(await world.begin(DAY.from, DAY.to, { action: 'gap', reason: 'missed' }));
    await exported(world, NEXT_DAY);
    expect((await planned(world, DAY, { attempt: 2, action: 'fill' })).compare).toBeNull();
  });

  it('tells how the last attempt ended', async () => {
    const world = createWorld();
    const failure = { code: 'PROVIDER_REFUSED', message: 'no' };
    const figures = { rows: 1, sourceTotal: 2, report: { key: 'k', sha256: 's' } };
    const attempts = [failure, { ...failure, figures }];
    for (const [index, error] of attempts.entries()) {
      await world.begin(DAY.from, DAY.to, { attempt: index + 1 });
      const attempt = { job: 'nightly', from: new Date(DAY.from), attempt: index + 1 };
      const events = { shard: '0', rows: [] };
      await world.windows.fail(attempt, 'failed', { ...error, retryable: true }, events, world.state.now);
      const input = { job: 'nightly', ...DAY, attempt: index + 2, action: 'gap', reason: 'missed' } as const;
      const copy = { ...world.deps, windows: { ...world.windows, find: async () => runningAgain(world, index + 2) } };
      expect((await makePlan(copy, input)).failure).toStrictEqual({ attempts: index + 1, ...error });
    }
  });

  it('E24 takes a snapshot until the very moment when the next one is due', async () => {
    for (const [ms, code] of [
      [-1, undefined],
      [0, 'EXPORT_INCOMPLETE'],
    ] as const) {
      const world = createWorld({ description: { kind: 'snapshot' }, job: { zone: 'UTC', cron: '0 1 * * *' } });
      world.state.now = new Date(Date.parse(NEXT_DAY.to) + ms);
      const end = await planned(world).catch((error: unknown) => error);
      expect((end as { code?: string }).code).toBe(code);
    }
  });

  it('refuses what is not to be planned, and says what', async () => {
    const world = createWorld();
    const input = await world.begin(DAY.from, DAY.to);
    const refused = async (change: Partial<typeof input>) => {
      await expect(makePlan(world.deps, { ...input, ...change })).rejects.toMatchObject({ code: expectedCode(change) });
    };
    await refused({ job: 'other' });
    await refused({ attempt: 2 });
    await refused({ from: NEXT_DAY.from });
    await refused({ action: 'fill' });
    world.windows.chains.delete('nightly');
    await refused({});
  });

  it('does not fill the gaps of a snapshot, and gives its reason', async () => {
    for (const [snapshotReason, why] of [
      ['it has no past', 'it has no past'],
      [undefined, 'rows'],
    ] as const) {
      const reason = snapshotReason === undefined ? {} : { snapshotReason };
      const world = createWorld({ description: { kind: 'snapshot', ...reason } });
      await world.drive(await world.begin(DAY.from, DAY.to, { action: 'gap', reason: 'missed' }));
      await expect(planned(world, DAY, { attempt: 2, action: 'fill' })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: `nightly is a snapshot by now, and its gaps stay: ${why}`,
      });
    }
  });
});

const expectedCode = ({ job }: { readonly job?: string }) => (job === undefined ? 'CONFLICT' : 'NOT_FOUND');

async function chainOf(world: World) {
  const chain = await world.windows.chain('nightly');
  if (chain === undefined) throw new Error('no chain');
  return chain;
}

/** The window as its next attempt finds it. */
async function runningAgain(world: World, attempt: number) {
  const record = await world.windows.find('nightly', new Date(DAY.from));
  return record && { ...record, state: 'running' as const, attempt };
}
