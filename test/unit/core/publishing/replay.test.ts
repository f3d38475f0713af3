import { describe, expect, it } from 'vitest';
import type { OutboxRow } from '../../../../functions/core/events.ts';
import type { OutboxStore } from '../../../../functions/core/publishing/outbox-store.ts';
import { replayEvents } from '../../../../functions/core/publishing/replay.ts';

const NOW = new Date('2026-03-02T00:00:00Z');
const at = (minute: number) => new Date(NOW.getTime() - (60 - minute) * 60_000);
const FROM = at(10);
const TO = at(50);

const rowOf = (id: string, minute = 20) =>
  ({
    event: { id, type: 'steward.alert.opened' },
    topic: 'alerts',
    order: minute,
    at: at(minute),
  }) as unknown as OutboxRow & {
    readonly at: Date;
  };

function outboxOf(published: readonly string[], refused: readonly ReturnType<typeof rowOf>[] = []) {
  const calls: [string, readonly string[]][] = [];
  const asked: unknown[][] = [];
  const idsOf = (rows: readonly OutboxRow[]) => rows.map(({ event }) => event.id);
  const outbox = {
    poison: async () => refused,
    takeBack: async (_shard: string, rows: readonly OutboxRow[]) => void calls.push(['takeBack', idsOf(rows)]),
    requeue: async (_shard: string, rows: readonly OutboxRow[]) => void calls.push(['requeue', idsOf(rows)]),
    async *published(...given: unknown[]) {
      asked.push(given);
      for (const id of published) yield rowOf(id);
    },
  } as unknown as OutboxStore;
  const replay = (more: object = {}) =>
    replayEvents({ outbox, clock: { now: () => NOW } }, { from: FROM, to: TO, shards: ['0'], ...more });
  return { replay, calls, asked };
}

describe('replayEvents()', () => {
  it('puts what was published back into the outbox, a hundred at a time', async () => {
    const ids = Array.from({ length: 250 }, (_, index) => `e${index}`);
    const { replay, calls, asked } = outboxOf(ids);
    expect(await replay()).toBe(250);
    expect(calls).toEqual([
      ['requeue', ids.slice(0, 100)],
      ['requeue', ids.slice(100, 200)],
      ['requeue', ids.slice(200)],
    ]);
    expect(asked).toEqual([['0', FROM, TO]]);
  });

  it('writes nothing where there is nothing, and no row twice', async () => {
    const none = outboxOf([]);
    expect([await none.replay(), none.calls]).toEqual([0, []]);
    const whole = outboxOf(Array.from({ length: 100 }, (_, index) => `e${index}`));
    expect([await whole.replay(), whole.calls.length]).toEqual([100, 1]);
    const twice = outboxOf(['a', 'b', 'a']);
    expect([await twice.replay(), twice.calls]).toEqual([2, [['requeue', ['a', 'b']]]]);
  });

  it('takes back what was refused in that time, and does not send it twice', async () => {
    const refused = [rowOf('early', 9), rowOf('first', 10), rowOf('last', 49), rowOf('late', 50)];
    const { replay, calls } = outboxOf(['first', 'other'], refused);
    expect(await replay()).toBe(3);
    expect(calls).toEqual([
      ['takeBack', ['first', 'last']],
      ['requeue', ['other']],
    ]);
  });

  it('takes what is wanted alone, from every shard that is named', async () => {
    const { replay, calls, asked } = outboxOf(['a', 'b'], [rowOf('c'), rowOf('d')]);
    const wanted = ({ event }: OutboxRow) => ['a', 'c'].includes(event.id);
    expect(await replay({ wanted, shards: ['0', '1'] })).toBe(4);
    expect(calls).toEqual([
      ['takeBack', ['c']],
      ['requeue', ['a']],
      ['takeBack', ['c']],
      ['requeue', ['a']],
    ]);
    expect(asked.map(([shard]) => shard)).toEqual(['0', '1']);
  });
});
