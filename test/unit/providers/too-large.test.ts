import { describe, expect, it } from 'vitest';
import { ResponseTooLargeError } from '../../../functions/core/errors.ts';
import type { JsonObject, JsonValue } from '../../../functions/core/json.ts';
import { smallerPage } from '../../../functions/core/page-size.ts';
import type { CallApi, ProviderContext } from '../../../functions/core/provider.ts';
import type { ReportSource, SourcePage, SourceRow } from '../../../functions/core/reports/source.ts';
import { action1 } from '../../../functions/providers/action1/provider.ts';
import { actionstep } from '../../../functions/providers/actionstep/provider.ts';
import { oauth2Client } from '../../../functions/providers/oauth2/provider.ts';
import { opsramp } from '../../../functions/providers/opsramp/provider.ts';
import { NOW, opsrampBench } from '../../support/opsramp.ts';
import { createWorld } from './action1/world.ts';
import { open as openActionstep } from './actionstep/harness.ts';
import { open as openOauth2 } from './oauth2/harness.ts';

interface Opened {
  readonly call: CallApi;
  readonly context: ProviderContext;
}

/** The call, with answers over a limit refused as the HTTP room does it. */
function limited(call: CallApi, maxBytes: number, refused: string[]): CallApi {
  return async (request) => {
    const response = await call(request);
    if (response.body.byteLength <= maxBytes) return response;
    refused.push(JSON.stringify(request.query));
    throw new ResponseTooLargeError(`host answered more than ${maxBytes} bytes`);
  };
}

async function read(source: ReportSource | undefined, given: JsonObject, { context }: Opened, call: CallApi) {
  if (source === undefined) throw new Error('No such source');
  const options = source.parseOptions(given);
  const window = { from: new Date('2025-01-01T00:00:00Z'), to: NOW };
  const rows: SourceRow[] = [];
  let cursor: JsonValue | undefined;
  for (let pages = 0; pages < 5000; pages++) {
    const page: SourcePage = await source.readPage(
      call,
      { ...context, options, window, observedAt: NOW, now: NOW },
      cursor,
    );
    rows.push(...page.rows);
    if (page.next === undefined) return { rows, last: page };
    cursor = JSON.parse(JSON.stringify(page.next)) as JsonValue;
  }
  throw new Error('The source does not end');
}

const opsrampApi = async (): Promise<Opened> => opsrampBench({ alerts: 700 }).open();
const actionstepApi = async (): Promise<Opened> => (await openActionstep({ size: 450 })).api;
const action1Api = async (): Promise<Opened> => ({
  call: createWorld().call,
  context: { connection: 'c1', settings: { endpoint: 'http://action1.invalid' } },
});
const things = Array.from({ length: 150 }, (_, at) => ({ id: at + 1, note: 'n'.repeat(at === 120 ? 2000 : 200) }));
const oauth2Api = async (): Promise<Opened> => (await openOauth2({ collections: { things }, maxPageSize: 50 })).api;
const recipe = (style: string, paging: JsonObject): JsonObject => ({
  path: `${style}/things`,
  rows: 'data',
  total: 'meta.total',
  id: 'id',
  paging: { style, sizeParameter: 'size', size: 50, ...paging },
});

/** Limits below a page of the first size, and above the largest record. */
const LISTS: readonly (readonly [string, ReportSource | undefined, JsonObject, () => Promise<Opened>, number])[] = [
  ['OpsRamp alert-history', opsramp.sources['alert-history'], {}, opsrampApi, 60_000],
  ['OpsRamp resources', opsramp.sources.resources, {}, opsrampApi, 20_000],
  ['Actionstep actions', actionstep.sources.actions, { full: true }, actionstepApi, 20_000],
  ['Action1 endpoints', action1.sources.endpoints, {}, action1Api, 20_000],
  ['Action1 vulnerabilities', action1.sources.vulnerabilities, {}, action1Api, 20_000],
  ['a list by offsets', oauth2Client.sources.list, recipe('offset', {}), oauth2Api, 4000],
  ['a list by cursors', oauth2Client.sources.list, recipe('cursor', { from: 'cursors.next' }), oauth2Api, 4000],
];

describe('a page that is too large to be taken', () => {
  it.each(LISTS)('of %s is asked for in smaller ones: the same rows, in their order', async (...list) => {
    const [, source, options, open, maxBytes] = list;
    const whole = await open();
    const expected = await read(source, options, whole, whole.call);
    const api = await open();
    const refused: string[] = [];
    const { rows, last } = await read(source, options, api, limited(api.call, maxBytes, refused));
    expect(refused.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).toBe(JSON.stringify(expected.rows));
    expect(last).toMatchObject({ sourceTotal: rows.length, completeness: 'reconciled' });
  });

  it.each(LISTS)('of %s fails with the figure where it has one record', async (...list) => {
    const [, source, options, open] = list;
    const api = await open();
    const refused: string[] = [];
    const failure = await read(source, options, api, limited(api.call, 200, refused)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ResponseTooLargeError);
    expect(failure).toMatchObject({ message: expect.stringContaining('200 bytes') as string, retryable: true });
    expect(refused.length).toBeLessThan(15);
  });

  it('of numbered pages is made smaller only before the first, where the size that an API really uses is not known', async () => {
    const api = await oauth2Api();
    const first = await read(oauth2Client.sources.list, recipe('page', {}), api, limited(api.call, 5200, []));
    expect(first.rows).toHaveLength(things.length);
    const later = limited(api.call, 12_300, []);
    const failure = await read(oauth2Client.sources.list, recipe('page', {}), api, later).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(ResponseTooLargeError);
  });
});

describe('smallerPage()', () => {
  it('begins where the larger one does, whatever the sizes', () => {
    for (const pageSize of [1000, 500, 200, 100, 75, 30, 7, 2]) {
      for (const first of [0, 1]) {
        for (const at of [0, 1, 6]) {
          let page = { page: first + at, pageSize };
          for (let next = smallerPage(page, first); next !== undefined; next = smallerPage(next, first)) {
            expect((next.page - first) * next.pageSize).toBe(at * pageSize);
            expect(next.pageSize).toBeLessThan(page.pageSize);
            page = next;
          }
          expect(page.pageSize).toBe(1);
        }
      }
    }
  });
});
