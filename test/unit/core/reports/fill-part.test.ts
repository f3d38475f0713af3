import { describe, expect, it } from 'vitest';
import { BudgetExhaustedError, StoreUnavailableError } from '../../../../functions/core/errors.ts';
import type { JsonValue } from '../../../../functions/core/json.ts';
import { fillPart } from '../../../../functions/core/reports/fill-part.ts';
import { createPartBuilder } from '../../../../functions/core/reports/part.ts';
import { makePlan, type Plan } from '../../../../functions/core/reports/plan.ts';
import type { SourceContext, SourcePage } from '../../../../functions/core/reports/source.ts';
import { createWorld, DAY } from '../../../support/export-world.ts';

interface Filling {
  readonly plan?: Partial<Plan>;
  readonly position?: { readonly cursor?: JsonValue; readonly pages?: number };
  readonly partBytes?: number;
  readonly remainingMs?: () => number;
}

type Read = (cursor: JsonValue | undefined, context: SourceContext) => SourcePage;

/** Fills one part from a source, and tells what was read and how long it paused. */
async function fill(read: Read, { plan, position = {}, partBytes, remainingMs = () => 900_000 }: Filling = {}) {
  const world = createWorld({ job: { options: { site: 7 } } });
  const cursors: (JsonValue | undefined)[] = [];
  Object.assign(world.provider.sources['rows'] ?? {}, {
    readPage: async (_call: unknown, context: SourceContext, cursor: JsonValue | undefined) => {
      cursors.push(cursor);
      return read(cursor, context);
    },
  });
  const pauses: number[] = [];
  const deps = {
    ...world.deps,
    pause: async (ms: number) => void pauses.push(ms),
    ...(partBytes === undefined ? {} : { partBytes }),
  };
  const input = await world.begin(DAY.from, DAY.to);
  const whole = { ...(await makePlan(deps, input)), ...plan };
  const builder = createPartBuilder(
    {
      formats: ['jsonl'],
      gzip: false,
      defuseFormulas: true,
      description: {},
      columns: undefined,
      emptyColumns: undefined,
      digestKeys: undefined,
    },
    deps.encoders,
  );
  const api = await deps.openApi('acme', 'exports');
  const last = await fillPart(deps, { deadline: { remainingMs } }, input, whole, position, builder, api);
  return { last, cursors, pauses, builder, world };
}

/** Pages without end, of ten bytes each. */
const endless: Read = (cursor = 0) => ({ rows: [{ id: 'x' }], next: Number(cursor) + 1 });
const LINE = '{"id":"x"}\n'.length;

describe('fillPart()', () => {
  it.each([
    ['the bytes', { partBytes: 3 * LINE }, 3],
    ['the bytes, gone over', { partBytes: 2 * LINE + 1 }, 3],
    ['the pages of the plan', { plan: { pagesPerPart: 5 } }, 5],
    ['fewer pages, where less is within reach', { plan: { pagesPerPart: 5 }, position: { pages: 2 } }, 2],
    ['the pages of the plan, where more is', { plan: { pagesPerPart: 5 }, position: { pages: 9 } }, 5],
  ])('ends a part by %s', async (_, filling, pages) => {
    const { last, builder } = await fill(endless, filling);
    expect(last).toStrictEqual({ next: pages, rest: {} });
    expect(builder.pages()).toBe(pages);
  });

  it('has eight megabytes in a part where nothing else is said', async () => {
    const id = 'x'.repeat(1024 * 1024 - LINE + 1);
    const read: Read = (cursor = 0) => ({ rows: [{ id }], next: Number(cursor) + 1 });
    const { builder } = await fill(read);
    expect([builder.bytes(), builder.pages()]).toEqual([8 * 1024 * 1024, 8]);
  });

  it('goes on where the part before ended, and gives each page what it is about', async () => {
    const contexts: SourceContext[] = [];
    const { cursors, world } = await fill(
      (cursor, context) => {
        contexts.push(context);
        return { rows: [], ...(cursor === 'a' ? { next: 'b' } : {}) };
      },
      { position: { cursor: 'a' }, plan: { observedAt: '2026-03-02T00:00:00.000Z' } },
    );
    expect(cursors).toEqual(['a', 'b']);
    expect(contexts[1]).toEqual({
      connection: 'acme',
      settings: {},
      options: { site: 7 },
      window: { from: new Date(DAY.from), to: new Date(DAY.to) },
      observedAt: new Date('2026-03-02T00:00:00.000Z'),
      now: world.state.now,
    });
  });

  it('has the last word of its pages on totals and facts', async () => {
    const pages: SourcePage[] = [
      { rows: [], next: 1, sourceTotal: 1, completeness: 'short-page', facts: { a: 1, b: 1 } },
      { rows: [], next: 2, sourceTotal: 2, facts: { b: 2 } },
      { rows: [], waitMs: 5000 },
    ];
    const { last } = await fill((cursor = 0) => pages[Number(cursor)] ?? { rows: [] });
    expect(last).toStrictEqual({ next: undefined, rest: { sourceTotal: 2, facts: { a: 1, b: 2 } } });
  });

  it('ends where the source says to wait, or how complete it is', async () => {
    const waiting = await fill(() => ({ rows: [], next: 'asked', waitMs: 5000 }));
    expect(waiting.last).toStrictEqual({ next: 'asked', rest: { waitMs: 5000 } });
    const judged = await fill(() => ({ rows: [], completeness: 'second-pass' }));
    expect(judged.last).toStrictEqual({ next: undefined, rest: { completeness: 'second-pass' } });
  });

  describe('when the budget is used up', () => {
    const exhausted = (retryAfterMs: number): Read => {
      let reads = 0;
      return () => {
        reads += 1;
        if (reads === 1) throw new BudgetExhaustedError('none left', retryAfterMs);
        return { rows: [] };
      };
    };

    it.each([
      [65_000, 65_000],
      [0, 1],
    ])('pauses where it is free in %i ms', async (retryAfterMs, paused) => {
      const { pauses, cursors } = await fill(exhausted(retryAfterMs));
      expect(pauses).toEqual([paused]);
      expect(cursors).toHaveLength(2);
    });

    it('does not pause longer, nor for any other failure', async () => {
      await expect(fill(exhausted(65_001))).rejects.toThrow(BudgetExhaustedError);
      const down: Read = () => {
        throw new StoreUnavailableError('down');
      };
      await expect(fill(down)).rejects.toThrow(StoreUnavailableError);
    });

    it.each([
      [90_000, undefined, true],
      [89_999, undefined, false],
      [150_000, 60_000, true],
      [149_999, 60_000, false],
    ])('takes %i ms of an invocation for a page and a pause of %s ms: %s', async (left, pause, enough) => {
      const read: Read = pause === undefined ? () => ({ rows: [] }) : exhausted(pause);
      const end = await fill(read, { remainingMs: () => left }).catch((error: unknown) => error);
      expect((end as { code?: string }).code).toBe(enough ? undefined : 'DEADLINE_TOO_NEAR');
    });
  });
});
