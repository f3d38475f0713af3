// oxlint-disable vitest/expect-expect -- a property that does not hold throws by itself
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigInvalidError, ServiceError } from '../../../functions/core/errors.ts';
import type { JsonObject, JsonValue } from '../../../functions/core/json.ts';
import type { Provider } from '../../../functions/core/provider.ts';
import { retryAfterMs } from '../../../functions/core/retry-after.ts';
import { checkReply } from '../../../functions/core/tokens/check-reply.ts';
import * as action1Dates from '../../../functions/providers/action1/dates.ts';
import { parseStamp } from '../../../functions/providers/actionstep/stamps.ts';
import { readStamp, STAMP_FORMATS, writeStamp } from '../../../functions/providers/oauth2/stamps.ts';
import { parseHttpDate } from '../../../functions/providers/opsramp/http-date.ts';
import * as opsrampDates from '../../../functions/providers/opsramp/dates.ts';
import { PROVIDERS } from '../../../functions/providers/registry.ts';
import { spoiled, spoiling } from '../../support/spoil.ts';

const CANARY = 'canary-token-that-nobody-may-print';
const NOW = new Date('2026-03-02T00:00:00Z');

/** Settings that each provider takes. Who adds a provider is told here that it has none. */
const SETTINGS: Readonly<Record<string, JsonObject>> = {
  action1: { region: 'Europe', enterprise: 'acme' },
  actionstep: { orgkey: 'acme', environment: 'staging', scopes: ['actions'] },
  oauth2: {
    tokenUrl: 'https://login.vendor.example/token',
    authorizeUrl: 'https://login.vendor.example/authorize',
    apiBaseUrl: 'https://api.vendor.example/v1',
    scopes: ['read'],
  },
  'oauth2-client': {
    tokenUrl: 'https://login.vendor.example/token',
    apiBaseUrl: 'https://api.vendor.example/v1',
    scopes: ['read'],
  },
  opsramp: { host: 'acme.api.opsramp.com', tenantId: 'client_1' },
};

/** Options of sources that take more than the shared ones. */
const OPTIONS: Readonly<Record<string, JsonObject>> = {
  list: {
    path: 'things',
    rows: 'data',
    id: 'id',
    paging: { style: 'page', parameter: 'page', sizeParameter: 'size', size: 50 },
    columns: [{ name: 'id', from: 'id', type: 'string' }],
  },
  report: { report: 'Antivirus Status', filter: 'a', liveOnly: true },
  resource: { resource: 'actions', pageSize: 50 },
};

const REPLY = {
  access_token: CANARY,
  refresh_token: `${CANARY}-refresh`,
  token_type: 'bearer',
  expires_in: 3600,
  scope: 'read',
  api_endpoint: 'https://ap-southeast-2.actionstep.com/api/',
  orgkey: 'acme',
  error: 'invalid_grant',
};

const anyJson = fc.jsonValue() as fc.Arbitrary<JsonValue>;
const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.json());
const anyBody = fc.oneof(
  anyText,
  anyJson.map((value) => JSON.stringify(value)),
  spoiling.map((how) => JSON.stringify(spoiled(REPLY, how))),
);
const anyResponse = fc.record({
  status: fc.constantFrom(200, 201, 204, 302, 400, 401, 403, 404, 407, 408, 410, 423, 429, 500, 503, 599),
  headers: fc.record(
    {
      'content-type': fc.constantFrom('application/json', 'text/html', 'application/x-www-form-urlencoded', ''),
      'retry-after': anyText,
      'x-ratelimit-reset': anyText,
      date: anyText,
    },
    { requiredKeys: ['content-type'] },
  ),
  body: anyBody.map((text) => new TextEncoder().encode(text)),
});

/** What a parser may do with what it does not take. */
function refusedByName<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    expect(error.message).not.toContain(CANARY);
    return undefined;
  }
}

const providers = Object.values(PROVIDERS).map((provider) => [provider.id, provider] as const);
const settingsOf = (provider: Provider) => provider.parseSettings(SETTINGS[provider.id]);

describe.each(providers)('%s', (_id, provider) => {
  it('S31, S37: a token reply gives tokens that can be stored, or is refused without showing them', () => {
    const settings = settingsOf(provider);
    fc.assert(
      fc.property(anyResponse, (response) => {
        const reply = refusedByName(() => {
          const read = provider.token.reply(response, settings);
          return checkReply(read, provider, { connection: 'c', settings });
        });
        return reply === undefined || (/^[\x21-\x7e]+$/.test(reply.accessToken) && reply.expiresInSeconds > 0);
      }),
      { numRuns: 1000 },
    );
  });

  it('a good reply is read, whatever else stands beside it', () => {
    const settings = settingsOf(provider);
    const { error: _, ...good } = REPLY;
    const more = fc.dictionary(fc.stringMatching(/^x_[a-z]{1,8}$/), anyJson);
    fc.assert(
      fc.property(more, (members) => {
        const body = new TextEncoder().encode(JSON.stringify({ ...members, ...good }));
        const headers = { 'content-type': 'application/json' };
        expect(provider.token.reply({ status: 200, headers, body }, settings).accessToken).toBe(CANARY);
      }),
      { numRuns: 50 },
    );
  });

  it('an answer of the API is judged, never stumbled over', () => {
    fc.assert(
      fc.property(anyResponse, anyText, (response, path) => {
        const verdict = provider.judge(response, NOW, path);
        return verdict === undefined || verdict instanceof ServiceError;
      }),
      { numRuns: 1000 },
    );
  });

  it('what an answer says of its budget is an instant or nothing', () => {
    fc.assert(
      fc.property(anyResponse, (response) => {
        const until = provider.pausedUntil?.(response, NOW);
        return until === undefined || !Number.isNaN(until.getTime());
      }),
    );
  });

  it('settings are taken whole or refused by field; what is taken is stored, read, and leads nowhere else', () => {
    const good = SETTINGS[provider.id] ?? {};
    fc.assert(
      fc.property(
        fc.oneof(
          anyJson,
          spoiling.map((how) => spoiled(good, how)),
        ),
        (input) => {
          let settings;
          try {
            settings = provider.parseSettings(input);
          } catch (error) {
            return error instanceof ConfigInvalidError;
          }
          expect(JSON.parse(JSON.stringify(settings))).toEqual(settings);
          expect(provider.budgetAccount(settings, 'client')).toEqual(expect.any(String));
          const endpoint = provider.token.tokenEndpoint(settings);
          const isLoopback = ['127.0.0.1', 'localhost', '[::1]'].includes(endpoint.hostname);
          expect(endpoint.protocol === 'https:' || isLoopback || settings.endpoint !== undefined).toBe(true);
          return !provider.allows(new URL('https://nobody-named-it.example/'), { connection: 'c', settings });
        },
      ),
      { numRuns: 500 },
    );
  });

  it('options of a job are taken or refused by field', () => {
    const sources = [...Object.entries(provider.sources), ...Object.entries(provider.alertSources)];
    fc.assert(
      fc.property(fc.constantFrom(...sources), anyJson, spoiling, fc.boolean(), ([key, source], any, how, own) => {
        const input = own ? spoiled(OPTIONS[key] ?? {}, how) : any;
        try {
          const options = source.parseOptions(input);
          expect(JSON.parse(JSON.stringify(options))).toEqual(options);
        } catch (error) {
          return error instanceof ConfigInvalidError;
        }
        return true;
      }),
      { numRuns: 1000 },
    );
  });

  it('a hook names ids of a few characters, or none', () => {
    const good = { resource: 'alerts', id: '1', event: 'ActionUpdated', data: { id: 7 }, alert: { uniqueId: '9' } };
    fc.assert(
      fc.property(
        fc.oneof(
          anyJson,
          spoiling.map((how) => spoiled(good, how)),
        ),
        (body) => {
          const ids = provider.hooks?.hints(body) ?? [];
          return ids.every((id) => typeof id === 'string' && id.length > 0 && id.length <= 300);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('dates', () => {
  const isInstant = (date: Date | undefined) => date === undefined || !Number.isNaN(date.getTime());
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789-:T_ Z+.nowNOW'.split('')), maxLength: 30 });
  const anyStamp = fc.oneof(anyText, digits, fc.double().map(String), fc.date().map(String));
  const second = fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => new Date(seconds * 1000));

  it.each<[string, (text: string) => Date | undefined]>([
    ['Action1', action1Dates.parseInstant],
    ['Action1, last seen', (text) => action1Dates.parseLastSeen(text, NOW)],
    ['Actionstep', parseStamp],
    ['OpsRamp', opsrampDates.parseInstant],
    ['OpsRamp, HTTP', parseHttpDate],
    ...STAMP_FORMATS.map((format): [string, (text: string) => Date | undefined] => [
      `OAuth 2.0, ${format}`,
      (text) => readStamp(text, format),
    ]),
  ])('%s: any text is an instant or none', (_name, parse) => {
    fc.assert(
      fc.property(anyStamp, (text) => isInstant(parse(text))),
      { numRuns: 2000 },
    );
  });

  it('a wait is a number of milliseconds that is none or more, or unknown', () => {
    fc.assert(
      fc.property(anyStamp, (text) => {
        const ms = retryAfterMs({ 'retry-after': text }, NOW);
        return ms === undefined || (Number.isFinite(ms) && ms >= 0);
      }),
      { numRuns: 2000 },
    );
  });

  it('Action1 and OAuth 2.0 read back what they write', () => {
    fc.assert(
      fc.property(second, fc.constantFrom(...STAMP_FORMATS), (instant, format) => {
        expect(action1Dates.parseInstant(action1Dates.toWireInstant(instant))).toEqual(instant);
        const written = writeStamp(instant, format);
        expect(readStamp(format === 'iso' ? written : Number(written), format)).toEqual(instant);
      }),
    );
  });
});
