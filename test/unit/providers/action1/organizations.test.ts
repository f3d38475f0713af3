import { describe, expect, it } from 'vitest';
import { NotFoundError } from '../../../../functions/core/errors.ts';
import type { JsonObject, JsonValue } from '../../../../functions/core/json.ts';
import type { ApiRequest, CallApi } from '../../../../functions/core/provider.ts';
import {
  ORGANIZATIONS_START,
  type OrganizationsCursor,
  readOrganizations,
} from '../../../../functions/providers/action1/organizations.ts';
import { action1 } from '../../../../functions/providers/action1/provider.ts';
import { response, START } from './world.ts';

const HEAD = { id: 'o/1', name: 'Head Office' };
const BRANCH = { id: 'o2', name: ' Branch ' };
const NOTHING = { rows: 0, total: 0, unknown: false };

/** One answer to whatever is asked; what was asked. */
function answering(body: unknown) {
  const asked: ApiRequest[] = [];
  const call: CallApi = async (request) => {
    asked.push(request);
    return response(200, body);
  };
  return { call, asked };
}

const choose = (
  items: readonly unknown[],
  wanted: 'all' | readonly string[] = 'all',
  cursor: OrganizationsCursor = ORGANIZATIONS_START,
) => readOrganizations(answering({ items }).call, wanted, cursor);

/** One step of each kind of source that walks over organizations. */
const WALKS: readonly (readonly [string, 'rows' | 'alerts', JsonObject])[] = [
  ['endpoints', 'rows', {}],
  ['vulnerabilities', 'rows', { affectedEndpoints: true }],
  ['report', 'rows', { report: 'x' }],
  ['endpoints', 'alerts', {}],
];

async function step(name: string, kind: 'rows' | 'alerts', given: JsonObject, body: unknown, cursor?: JsonValue) {
  const { call, asked } = answering(body);
  const window = { from: START, to: START };
  const context = { connection: 'c1', settings: {}, window, observedAt: START, now: START };
  const source = action1.sources[name];
  const alerts = action1.alertSources[name];
  const page =
    kind === 'rows'
      ? await source?.readPage(call, { ...context, options: source.parseOptions(given) }, cursor)
      : await alerts?.readPage(call, { ...context, options: alerts.parseOptions(given) }, window, cursor);
  return { page, asked };
}

describe('organizations', () => {
  it.each(WALKS)('are read to their end before the first of %s (%s)', async (name, kind, given) => {
    const first = await step(name, kind, given, { items: [HEAD], total_items: 3 });
    expect(first.page).toEqual({
      [kind]: [],
      next: { step: 'organizations', found: [HEAD], position: { from: 1 } },
    });
    // The list moved meanwhile: what was read comes again.
    const second = await step(name, kind, given, { items: [HEAD, BRANCH], total_items: 3 }, first.page?.next);
    expect(second.asked[0]).toMatchObject({
      path: 'organizations',
      query: [
        ['from', '1'],
        ['limit', '200'],
      ],
    });
    expect(second.page).toMatchObject({ [kind]: [], next: { organizations: [HEAD, BRANCH] } });
    expect(second.page?.next).toMatchObject({ step: name === 'report' ? 'definition' : 'rows' });
  });

  it.each(WALKS)('that are all read end %s (%s)', async (name, kind, given) => {
    const at = { step: 'rows', organizations: [HEAD], index: 1, position: { from: 0 }, tally: NOTHING, waiting: [] };
    const run = { organizations: [HEAD], report: { id: 'r', name: 'R', simple: true }, waitedMs: 0 };
    const more = {
      coverage: [null],
      totals: [null],
      silent: { names: [], more: false },
      failed: { count: 0, names: [] },
    };
    const cursor = { ...at, run: { ...run, ...more }, total: null, restarts: 0 };
    const { page, asked } = await step(name, kind, given, '', cursor);
    expect(asked).toEqual([]);
    const again = { from: 0, again: true };
    const last = { ...cursor, index: 0, position: again, list: again };
    expect((await step(name, kind, given, { items: [], total_items: 0 }, last)).page).toEqual(
      kind === 'alerts' ? { alerts: [], unreadable: [] } : page,
    );
    if (kind === 'alerts') expect(page).toEqual({ alerts: [] });
    else {
      expect(page).toMatchObject({ rows: [], sourceTotal: 0, completeness: 'reconciled' });
      expect(page).toMatchObject({ facts: { organizations: [HEAD] } });
    }
  });

  it('are chosen by id before name, without regard to case and blanks', async () => {
    const named = { id: 'x', name: 'o2' };
    expect(await choose([named, HEAD, BRANCH], ['O2', 'head office', 'branch'])).toEqual({
      organizations: [BRANCH, HEAD],
    });
  });

  it('that are not there are answered with the nearest, or with some', async () => {
    const many = ['Ash', 'Birch', 'Cedar', 'Elm', 'Fir', 'Hazel'].map((name) => ({ id: name, name }));
    await expect(choose(many, ['Birk'])).rejects.toThrow(NotFoundError);
    await expect(choose(many, ['Birk'])).rejects.toThrow(/Nearest: Birch, Fir$/);
    await expect(choose(many, ['Whatever'])).rejects.toThrow(/Nearest: Ash, Birch, Cedar, Elm, Fir$/);
  });
});
