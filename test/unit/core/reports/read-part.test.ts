import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BudgetExhaustedError } from '../../../../functions/core/errors.ts';
import { isStopped } from '../../../../functions/core/reports/guard.ts';
import { createKeyDigest } from '../../../../functions/core/reports/key-digest.ts';
import { makePlan, type Plan } from '../../../../functions/core/reports/plan.ts';
import { type PartResult, type Position, readPart, withinReach } from '../../../../functions/core/reports/read-part.ts';
import type { Stopped } from '../../../../functions/core/reports/run-types.ts';
import type { SourcePage } from '../../../../functions/core/reports/source.ts';
import { createWorld, DAY, type ReadPage, type WorldOptions } from '../../../support/export-world.ts';

const PREFIX = 'acme/nightly/20260301T010000Z--20260302T010000Z/';
const START: Position = { part: 1, rows: 0 };

async function read(readPage: ReadPage, position = START, options: WorldOptions = {}, plan: Partial<Plan> = {}) {
  const world = createWorld({ ...options, readPage });
  const input = await world.begin(DAY.from, DAY.to);
  const durable = { deadline: { remainingMs: () => 900_000 } };
  const whole = { ...(await makePlan(world.deps, input)), ...plan };
  const openApi: typeof world.deps.openApi = async (connection, lane) => {
    expect([connection, lane]).toEqual(['acme', 'exports']);
    return world.deps.openApi(connection, lane);
  };
  const result = await readPart({ ...world.deps, openApi }, durable, input, whole, position);
  return { result, world };
}

function readThrough(result: PartResult | Stopped): PartResult {
  if (isStopped(result)) throw new Error(result.message);
  return result;
}

const partsOf = (result: PartResult | Stopped) => readThrough(result).parts;
const positionOf = (result: PartResult | Stopped) => readThrough(result).position;

describe('withinReach()', () => {
  const stop = (pages?: number): Stopped => ({
    status: 'stopped',
    code: 'DEADLINE_TOO_NEAR',
    message: '',
    retryable: true,
    ...(pages === undefined ? {} : { pages }),
  });

  it.each([
    ['no try', [], undefined, undefined],
    ['one try that threw pages away', [8], undefined, undefined],
    ['two', [8, 6], undefined, 3],
    ['two, and the part is small already', [8, 6], 5, 2],
    ['two that threw one page away', [1, 1], undefined, 1],
    ['tries that threw none away', [0, undefined, 8], undefined, undefined],
    ['tries of which some did', [0, 9, undefined, 8], undefined, 4],
  ])('makes a part smaller after %s as that says', (_, wasted, before, pages) => {
    const position = { ...START, ...(before === undefined ? {} : { pages: before }) };
    const reach = withinReach(position, wasted.map(stop));
    expect(reach).toEqual({ ...START, ...(pages === undefined ? {} : { pages }) });
  });
});

describe('readPart()', () => {
  it('I19 asks the source for nothing when its attempt is over', async () => {
    const world = createWorld();
    const input = await world.begin(DAY.from, DAY.to);
    const plan = await makePlan(world.deps, input);
    const attempt = { job: 'nightly', from: new Date(DAY.from), attempt: 1 };
    const error = { code: 'STALLED', message: 'silent', retryable: true };
    await world.windows.fail(attempt, 'failed', error, { shard: '0', rows: [] }, world.state.now);
    const durable = { deadline: { remainingMs: () => 900_000 } };
    await expect(readPart(world.deps, durable, input, plan, START)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(world.state.reads).toBe(0);
  });

  it('writes the files of a part and says where the next one begins', async () => {
    const more = { sourceTotal: 9, facts: { a: 1 }, waitMs: 5 };
    const { result, world } = await read(() => ({ rows: [{ id: 'a' }, { id: 'b' }], next: 'c', ...more }), {
      ...START,
      part: 3,
      rows: 10,
      pages: 1,
    });
    expect(result).toStrictEqual({
      position: { cursor: 'c', part: 4, rows: 12, columns: [{ name: 'id', type: 'string' }], pages: 1 },
      done: false,
      parts: [...world.archive.objects].map(([key, [version]]) => ({
        key,
        versionId: 'v1',
        bytes: version?.bytes.length,
        sha256: hash('sha256', version?.bytes ?? ''),
        format: key.includes('keys') ? 'keys' : key.split('.').at(-1),
        rows: 2,
        gzip: false,
        blocks: [hash('sha256', version?.bytes ?? '').slice(0, 32)],
        blockBytes: 1024,
      })),
      groups: { '(none)': 2 },
      drift: [],
      requests: 0,
      readAt: '2026-03-02T01:00:05.000Z',
      ...more,
    });
    expect([...world.archive.objects.keys()]).toEqual(
      ['part-00003.csv', 'part-00003.jsonl', 'keys-00003.hsip64'].map((name) => PREFIX + name),
    );
    const { bytes } = world.archive.objects.get(`${PREFIX}keys-00003.hsip64`)?.[0] ?? {};
    const digest = createKeyDigest('test|acme|nightly')([{ id: 'a' }, { id: 'b' }], ['id']);
    expect(Buffer.from(bytes ?? '')).toEqual(Buffer.from(digest));
  });

  it('says which files are packed', async () => {
    const file = { name: 'a b', contentType: 'text/plain', bytes: Buffer.from('x') };
    const page: SourcePage = { rows: [{ id: 'a' }], file };
    const job = { gzip: true, formats: ['csv', 'jsonl', 'parquet'] } as const;
    const { result } = await read(() => page, START, { job });
    expect(partsOf(result)).toMatchObject([
      { key: `${PREFIX}part-00001.csv.gz`, gzip: true },
      { key: `${PREFIX}part-00001.jsonl.gz`, gzip: true },
      { key: `${PREFIX}part-00001.parquet`, gzip: false },
      { key: `${PREFIX}vendor-00001-a_b`, gzip: false },
      { key: `${PREFIX}keys-00001.hsip64`, gzip: false },
    ]);
  });

  it('has no more keys from 200,000 rows on', async () => {
    for (const [rows, files] of [
      [199_999, 3],
      [200_000, 2],
    ] as const) {
      const { result } = await read(() => ({ rows: [{ id: 'a' }] }), { ...START, rows });
      expect(result).toMatchObject({ done: true, position: { rows: rows + 1 } });
      expect(partsOf(result)).toHaveLength(files);
    }
  });

  it('writes nothing of a part without rows, unless it is all that there is', async () => {
    const columns = [{ name: 'id', type: 'string' }] as const;
    const compare = { key: 'k', columns, keys: [], rows: 1, groups: null };
    const first = await read(() => ({ rows: [] }), START, {}, { compare });
    expect(first.result).toMatchObject({ done: true, position: { part: 2, rows: 0, columns } });
    expect(first.world.archive.text(`${PREFIX}part-00001.csv`)).toBe('id,_more\r\n');
    const under = await read(() => ({ rows: [], next: 1, waitMs: 5 }), START, {}, { compare });
    expect(under.result).toMatchObject({ done: false, parts: [] });
    expect(positionOf(under.result)).toStrictEqual({ cursor: 1, part: 1, rows: 0 });
    const last = await read(() => ({ rows: [] }), { ...START, part: 2, columns: [] }, {}, { compare });
    expect(last.result).toMatchObject({ done: true, parts: [] });
    expect(positionOf(last.result)).toStrictEqual({ part: 2, rows: 0, columns: [] });
  });

  it('goes by the columns of the part before, and says what did not fit', async () => {
    const columns = [{ name: 'id', type: 'string' }] as const;
    const { result } = await read(() => ({ rows: [{ id: 'a', late: 1 }] }), { ...START, columns });
    expect(result).toMatchObject({ position: { columns }, drift: [{ kind: 'new', column: 'late' }] });
  });

  it('tells how many pages and requests a part that stopped had cost', async () => {
    const { result, world } = await read((cursor) => {
      if (cursor === 2) throw new BudgetExhaustedError('none', 600_000);
      return { rows: [{ id: 'a' }], next: Number(cursor ?? 0) + 1 };
    });
    expect(result).toEqual({
      status: 'stopped',
      code: 'BUDGET_EXHAUSTED',
      message: 'none',
      retryable: true,
      waitMs: 600_000,
      pages: 2,
      requests: 0,
    });
    expect(world.archive.writes()).toBe(0);
  });

  it.each([
    [360_000, true],
    [359_999, false],
  ])('begins a part with %i ms left: %s', async (left, begins) => {
    const world = createWorld({ readPage: () => ({ rows: [] }) });
    const input = await world.begin(DAY.from, DAY.to);
    const plan = await makePlan(world.deps, input);
    const end = await readPart(world.deps, { deadline: { remainingMs: () => left } }, input, plan, START).catch(
      (error: unknown) => error,
    );
    expect((end as { code?: string }).code).toBe(begins ? undefined : 'DEADLINE_TOO_NEAR');
    expect(world.state.reads).toBe(begins ? 1 : 0);
  });

  it('shows a sign of life at its beginning', async () => {
    const world = createWorld();
    const input = await world.begin(DAY.from, DAY.to);
    const plan = await makePlan(world.deps, input);
    world.state.now = new Date('2026-03-02T03:00:00Z');
    await readPart(world.deps, { deadline: { remainingMs: () => 900_000 } }, input, plan, START);
    const record = await world.windows.find('nightly', new Date(DAY.from));
    expect(record?.updatedAt).toEqual(world.state.now);
  });
});
