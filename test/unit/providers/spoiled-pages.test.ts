import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AlertSource } from '../../../functions/core/alerts/source.ts';
import { ServiceError } from '../../../functions/core/errors.ts';
import type { JsonObject, JsonValue } from '../../../functions/core/json.ts';
import type { CallApi, ProviderContext } from '../../../functions/core/provider.ts';
import { DAY_MS } from '../../../functions/core/time.ts';
import type { ReportSource } from '../../../functions/core/reports/source.ts';
import { action1 } from '../../../functions/providers/action1/provider.ts';
import { actionstep } from '../../../functions/providers/actionstep/provider.ts';
import { oauth2Client } from '../../../functions/providers/oauth2/provider.ts';
import { opsramp } from '../../../functions/providers/opsramp/provider.ts';
import { opsrampBench } from '../../support/opsramp.ts';
import { type Spoiling, spoiledAnswer, spoiling } from '../../support/spoil.ts';
import { createWorld } from './action1/world.ts';
import { open as openActionstep } from './actionstep/harness.ts';
import { open as openOauth2 } from './oauth2/harness.ts';

/** More answers than any of the small accounts below have: a source that asks for more does not end. */
const MOST_ANSWERS = 300;

/** A provider with a little behind it, called as in production. */
interface Account {
  readonly call: CallApi;
  readonly context: ProviderContext;
  readonly now: () => Date;
  readonly wait?: (ms: number) => void;
}

const ACTION1 = async (): Promise<Account> => {
  const sizes = { organizations: 2, endpointsPerOrganization: 3, productsPerOrganization: 3 };
  const world = createWorld({ ...sizes, vulnerabilitiesPerOrganization: 3 });
  const context = { connection: 'c1', settings: { endpoint: 'http://action1.invalid' } };
  return { call: world.call, context, now: world.now, wait: world.advance };
};
const ACTIONSTEP = async (): Promise<Account> => {
  const { api, context } = await openActionstep({ size: 5 });
  return { ...api, now: () => context({}).now };
};
const OPSRAMP = async (): Promise<Account> => {
  const bench = opsrampBench({ alerts: 5 });
  return { ...(await bench.open()), now: bench.clock };
};
const OAUTH2 = async (): Promise<Account> => {
  const things = Array.from({ length: 9 }, (_, id) => ({ id, at: `2026-03-01T0${id}:00:00Z`, state: 'open' }));
  const { api } = await openOauth2({ collections: { things } });
  return { ...api, now: () => new Date('2026-03-02T00:00:00Z') };
};

const RECIPES = {
  page: { path: 'page/things', rows: 'data', paging: { style: 'page', sizeParameter: 'size', size: 4 } },
  cursor: {
    path: 'cursor/things',
    rows: 'data',
    paging: { style: 'cursor', from: 'cursors.next', sizeParameter: 'size', size: 4 },
  },
  'next link': {
    path: 'next-link/things',
    rows: 'data',
    paging: { style: 'next-link', from: '/links/next', sizeParameter: 'size', size: 4 },
  },
};
/** Options that a source does not work without. */
const NEEDED: Readonly<Record<string, JsonObject>> = {
  'action1 report': { report: 'Antivirus Status' },
  'actionstep resource': { resource: 'actions' },
};

/** One page of a report or of a poll. */
type ReadPage = (
  account: Account,
  call: CallApi,
  cursor: JsonValue | undefined,
) => Promise<{ readonly next?: JsonValue; readonly waitMs?: number }>;

interface Reading {
  readonly name: string;
  readonly open: () => Promise<Account>;
  readonly readPage: ReadPage;
}

/** Long enough to find something, short enough for a provider that is asked for each of its days. */
const beginning = (now: Date) => new Date(now.getTime() - 5 * DAY_MS);

const report =
  (source: ReportSource, options: unknown): ReadPage =>
  ({ context, now }, call, cursor) => {
    const window = { from: beginning(now()), to: now() };
    const own = { ...context, options: source.parseOptions(options), window, observedAt: now(), now: now() };
    return source.readPage(call, own, cursor);
  };

const poll =
  (source: AlertSource): ReadPage =>
  ({ context, now }, call, cursor) =>
    source.readPage(
      call,
      { ...context, options: source.parseOptions({}), now: now() },
      { from: beginning(now()), to: now() },
      cursor,
    );

const READINGS: readonly Reading[] = [
  ...[
    { provider: action1, open: ACTION1 },
    { provider: actionstep, open: ACTIONSTEP },
    { provider: opsramp, open: OPSRAMP },
  ].flatMap(({ provider, open }) => [
    ...Object.entries(provider.sources).map(([key, source]) => {
      const name = `${provider.id} ${key}`;
      return { name, open, readPage: report(source, NEEDED[name] ?? {}) };
    }),
    ...Object.entries(provider.alertSources).map(([key, source]) => {
      return { name: `${provider.id} alerts of ${key}`, open, readPage: poll(source) };
    }),
  ]),
  ...Object.entries(RECIPES).map(([style, recipe]) => ({
    name: `oauth2 by ${style}`,
    open: OAUTH2,
    readPage: report(oauth2Client.sources['list'] as ReportSource, recipe),
  })),
];

/** Reads to the end, each cursor through JSON as a durable step keeps it. */
async function readAll({ open, readPage }: Reading, spoil?: { readonly nth: number; readonly how: Spoiling }) {
  const account = await open();
  let answers = 0;
  const call: CallApi = async (request) => {
    answers += 1;
    if (answers > MOST_ANSWERS) throw new Error('It does not end');
    const answer = await account.call(request);
    return spoil !== undefined && answers === spoil.nth ? spoiledAnswer(answer, spoil.how) : answer;
  };
  const found: unknown[] = [];
  let cursor: JsonValue | undefined;
  do {
    const page = await readPage(account, call, cursor);
    found.push(page);
    account.wait?.(page.waitMs ?? 0);
    cursor = page.next === undefined ? undefined : (JSON.parse(JSON.stringify(page.next)) as JsonValue);
  } while (cursor !== undefined);
  return { found, answers };
}

describe('what a vendor answers, with one place of it spoiled', () => {
  it.each(READINGS.map((reading) => [reading.name, reading] as const))(
    '%s: is read, or refused by name, and comes to an end',
    async (_name, reading) => {
      const whole = await readAll(reading);
      expect(whole.found.length).toBeGreaterThan(0);
      const nothing = { nth: 1, how: { at: 0, instead: { value: 'a text' } } } as const;
      await expect(readAll(reading, nothing)).rejects.toThrow(ServiceError);
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: whole.answers }), spoiling, async (nth, how) => {
          try {
            JSON.stringify((await readAll(reading, { nth, how })).found);
          } catch (error) {
            if (!(error instanceof ServiceError)) throw error;
          }
        }),
        { numRuns: 50 },
      );
    },
  );
});
