import { describe, expect, it } from 'vitest';
import { observeFeed } from '../../../../functions/core/alerts/observe-feed.ts';
import type { AlertSource } from '../../../../functions/core/alerts/source.ts';
import type { AlertCheckpoint } from '../../../../functions/core/alerts/store.ts';
import { BudgetExhaustedError, DeadlineTooNearError, ProviderRefusedError } from '../../../../functions/core/errors.ts';
import type { AlertJob } from '../../../../functions/core/jobs.ts';
import { AMPLE, anAlert, NOON } from '../../../support/alert-world.ts';
import { anAlertJob } from '../../../support/report-job.ts';

const MINUTE = 60_000;
const ago = (ms: number) => new Date(NOON.getTime() - ms);
const ids = (count: number) => Array.from({ length: count }, (_, index) => `h${index}`);
const none = new BudgetExhaustedError('none left', 1000);

interface Scene {
  readonly held?: readonly string[];
  readonly checkpoint?: Partial<AlertCheckpoint>;
  readonly job?: Partial<AlertJob>;
  readonly now?: Date;
  readonly remainingMs?: () => number;
}

/** A feed that shows nothing of its own, so that all that is held is looked at again; `asked` is how. */
async function look(source: Partial<AlertSource>, scene: Scene = {}) {
  const asked: string[] = [];
  const { readOpenPage, readOne } = source;
  const now = scene.now ?? NOON;
  const seen = await observeFeed({
    job: anAlertJob(scene.job),
    source: {
      title: 'A feed',
      mode: 'feed',
      lagMs: 0,
      parseOptions: () => ({}),
      readPage: async () => ({ alerts: [] }),
      ...source,
      ...(readOpenPage === undefined
        ? {}
        : {
            readOpenPage: async (...given) => (
              asked.push(`open ${JSON.stringify(given[2] ?? 1)}`),
              readOpenPage(...given)
            ),
          }),
      ...(readOne === undefined ? {} : { readOne: async (...given) => (asked.push(given[2]), readOne(...given)) }),
    },
    context: { connection: 'acme', settings: {}, options: {}, now },
    call: async () => Promise.reject(new Error('nothing is called')),
    checkpoint: { revision: 1, bornAt: ago(0), position: ago(0), succeededAt: ago(0), ...scene.checkpoint },
    held: (scene.held ?? []).map((id) => ({ id })) as never,
    deadline: scene.remainingMs === undefined ? AMPLE : { remainingMs: scene.remainingMs },
  });
  return { ...seen, asked, gone: seen.vanished.map(({ id }) => id) };
}

type ReadOpenPage = NonNullable<AlertSource['readOpenPage']>;
type ReadOne = NonNullable<AlertSource['readOne']>;

const openList =
  (...shown: readonly string[]): ReadOpenPage =>
  async () => ({
    alerts: shown.map((id) => anAlert(id)),
  });
const noOne: ReadOne = async () => undefined;
const listed = (ms: number) => ({ checkpoint: { listedAt: ago(ms) } });

describe('what a feed is asked for', () => {
  it.each([
    [60, 0, 15 * MINUTE],
    [300, 0, 15 * MINUTE],
    [600, 0, 30 * MINUTE],
    [60, -5 * MINUTE, 15 * MINUTE],
    [60, 7 * MINUTE, 22 * MINUTE],
  ])('A14, A15: every %i s, %i ms after its position', async (everySeconds, position, back) => {
    const spans: unknown[] = [];
    const readPage: AlertSource['readPage'] = async (_call, _context, span) => (spans.push(span), { alerts: [] });
    await look({ readPage }, { job: { everySeconds }, checkpoint: { position: ago(position) } });
    expect(spans).toEqual([{ from: ago(back), to: ago(-15 * MINUTE) }]);
  });

  it('A10: may grow while it is read', async () => {
    let total = 0;
    const growing: AlertSource['readPage'] = async (_call, _context, _span, cursor) => ({
      alerts: [anAlert(cursor === undefined ? 'a' : 'b')],
      total: (total += 1),
      ...(cursor === undefined ? { next: 2 } : {}),
    });
    expect((await look({ readPage: growing })).settled).toBe(true);
  });

  it('A22: has nothing gone and nothing listed where its pages are cut short', async () => {
    const seen = await look({ readPage: async () => Promise.reject(none), readOne: noOne }, { held: ids(3) });
    expect(seen).toMatchObject({ asked: [], gone: [], complete: false, settled: false, listed: false });
  });
});

describe('what is open and was not in the feed', () => {
  it('is listed where nobody knows when it last was, and gone where the list lacks it', async () => {
    const seen = await look({ readOpenPage: openList('h0') }, { held: ids(3) });
    expect(seen).toMatchObject({ asked: ['open 1'], gone: ['h1', 'h2'], listed: true, complete: true });
    expect([...seen.alerts.keys()]).toEqual(['h0']);
    expect(seen).not.toHaveProperty('interruption');
  });

  it('is not gone where it could not be read, nor from a list that will not settle', async () => {
    const unread = await look({ readOpenPage: async () => ({ alerts: [], unreadable: ['h1'] }) }, { held: ids(3) });
    expect(unread).toMatchObject({ gone: ['h0', 'h2'], unreadable: ['h1'] });
    let total = 100;
    const shrinking: ReadOpenPage = async (_call, _context, cursor) => ({
      alerts: [anAlert(cursor === undefined ? 'a' : 'b')],
      total: (total -= 1),
      ...(cursor === undefined ? { next: 2 } : {}),
    });
    expect(await look({ readOpenPage: shrinking }, { held: ids(3) })).toMatchObject({ gone: [], listed: true });
    const growing: ReadOpenPage = async (_call, _context, cursor) => ({
      alerts: [anAlert(cursor === undefined ? 'a' : 'b')],
      total: (total += 1),
      ...(cursor === undefined ? { next: 2 } : {}),
    });
    expect((await look({ readOpenPage: growing }, { held: ids(3) })).gone).toEqual([]);
  });

  it('is asked for one by one where the list lacks it, and then the list is read once', async () => {
    const twoPages: ReadOpenPage = async (_call, _context, cursor) =>
      cursor === undefined ? { alerts: [anAlert('h0')], next: 2 } : { alerts: [anAlert('x')] };
    const readOne: ReadOne = async (_call, _context, id) => (id === 'h1' ? anAlert('h1') : undefined);
    const seen = await look({ readOpenPage: twoPages, readOne }, { held: ids(3) });
    expect(seen).toMatchObject({ asked: ['open 1', 'open 2', 'h1', 'h2'], gone: ['h2'], listed: true });
    expect([...seen.alerts.keys()].toSorted()).toEqual(['h0', 'h1', 'x']);
  });

  it('is not listed, and nothing of it gone, when the list is cut short', async () => {
    const cut = async () => Promise.reject(none);
    const seen = await look({ readOpenPage: cut, readOne: noOne }, { held: ids(3) });
    expect(seen).toMatchObject({ asked: ['open 1'], gone: [], listed: false, complete: true, interruption: none });
  });

  it.each([
    ['ten', 10, 30_000, ids(10)],
    ['eleven, half a turn ago', 11, 30_000, ['open 1']],
    ['eleven, less than that', 11, 29_999, []],
    ['a thousand, half a turn ago', 1000, 30_000, ['open 1']],
    ['more, a turn and a half ago', 1001, 90_000, ['open 1']],
    ['more, less than that', 1001, 89_999, []],
    ['none, for an hour', 0, 60 * MINUTE, ['open 1']],
    ['none, for less', 0, 60 * MINUTE - 1, []],
  ])('is asked for one by one, listed or left to the next turn: %s', async (_, count, since, expected) => {
    const scene = { held: ids(count), ...listed(since), job: { everySeconds: 60 } };
    const seen = await look({ readOpenPage: openList(...ids(count)), readOne: noOne }, scene);
    expect(seen.asked).toEqual(expected);
    expect(seen.listed).toBe(expected[0] === 'open 1');
  });

  it('goes nowhere where it can neither be listed nor asked for', async () => {
    expect(await look({}, { held: ids(12) })).toMatchObject({ asked: [], gone: [], listed: true });
  });
});

describe('asking one by one', () => {
  it.each([
    [25, 60, MINUTE, ids(25)],
    [26, 60, 0, ids(25)],
    [26, 60, MINUTE, ['h25', ...ids(24)]],
    [26, 120, 3 * MINUTE, ['h25', ...ids(24)]],
    [30, 60, 2 * MINUTE, [...ids(30).slice(20), ...ids(15)]],
  ])(
    'takes 25 of %i in a turn, every %i s, and goes on in the next: at %i ms',
    async (count, everySeconds, at, asked) => {
      const scene = { held: ids(count), job: { everySeconds }, now: new Date(at) };
      expect((await look({ readOne: noOne }, scene)).asked).toEqual(asked);
    },
  );

  it('goes on behind one that cannot be read', async () => {
    const readOne: ReadOne = async (_call, _context, id) => {
      if (id === 'h1') throw new ProviderRefusedError('not this one');
      return undefined;
    };
    const seen = await look({ readOne }, { held: ids(3) });
    expect(seen).toMatchObject({ gone: ['h0', 'h2'], unreadable: ['h1'] });
    expect(seen).not.toHaveProperty('interruption');
  });

  it.each([
    ['what it ran out of', none],
    ['what nobody knows', new TypeError('a bug')],
  ])('ends with %s, and keeps what came before', async (_, error) => {
    const readOne: ReadOne = async (_call, _context, id) => {
      if (id === 'h1') throw error;
      return undefined;
    };
    const seen = await look({ readOne }, { held: ids(3) });
    expect(seen).toMatchObject({ asked: ['h0', 'h1'], gone: ['h0'], unreadable: [], interruption: error });
  });

  it.each([
    [20_000, ['h0']],
    [19_999, []],
  ])('P01: asks for nothing that there is no time to record: %i ms', async (left, asked) => {
    let first = true;
    const remainingMs = () => (first ? ((first = false), 50_000) : left);
    const seen = await look({ readOne: noOne }, { held: ids(1), remainingMs });
    expect(seen.asked).toEqual(asked);
    expect(seen.interruption instanceof DeadlineTooNearError).toBe(asked.length === 0);
  });
});
