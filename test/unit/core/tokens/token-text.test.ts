import { describe, expect, it } from 'vitest';
import { ProviderResponseInvalidError } from '../../../../functions/core/errors.ts';
import type { TokenReply } from '../../../../functions/core/provider.ts';
import { checkReply, isToken, LONGEST_LIFE_SECONDS } from '../../../../functions/core/tokens/check-reply.ts';
import { salvageReply } from '../../../../functions/core/tokens/salvage-reply.ts';
import { readSecretText } from '../../../../functions/core/tokens/secret-text.ts';
import { tokenProvider } from '../../../support/token-provider.ts';

const provider = tokenProvider('acme');
const context = { connection: 'c1', settings: {} };
const REPLY: TokenReply = { accessToken: 'a', expiresInSeconds: 60 };
const check = (change: Partial<TokenReply> = {}) => checkReply({ ...REPLY, ...change }, provider, context);
/** The member that a reply is refused for, by the end of the message. */
const refused = (change: Partial<TokenReply>) => {
  try {
    check(change);
  } catch (error) {
    if (error instanceof ProviderResponseInvalidError) return error.message.split(' unusable ')[1];
    throw error;
  }
  return undefined;
};

describe('isToken()', () => {
  it('S37: is visible ASCII of 16 KiB at most', () => {
    const taken = Array.from({ length: 256 }, (_, code) => code).filter((code) =>
      isToken(`x${String.fromCodePoint(code)}x`),
    );
    expect(taken).toEqual(Array.from({ length: 0x7e - 0x21 + 1 }, (_, index) => index + 0x21));
    expect(isToken('a'.repeat(16_384))).toBe(true);
    expect(isToken('a'.repeat(16_385))).toBe(false);
    for (const text of ['', ' a', 'a\n']) expect(isToken(text)).toBe(false);
  });
});

describe('checkReply()', () => {
  it('S34–S38: takes what is within its bounds', () => {
    for (const reply of [
      {},
      { refreshToken: 'r' },
      { expiresInSeconds: LONGEST_LIFE_SECONDS },
      { expiresInSeconds: 0.5 },
      { account: 'a'.repeat(256) },
      { scopes: [] },
      { scopes: Array.from({ length: 200 }, () => 's'.repeat(256)) },
      { scopes: ['!', '#[', ']~'] },
      { apiEndpoint: 'https://eu.acme.example/api/' },
    ]) {
      expect(check(reply)).toEqual({ ...REPLY, ...reply });
    }
  });

  it('S34–S38: names the member that is not, and never what was in it', () => {
    expect(refused({ accessToken: '' })).toBe('access_token');
    expect(refused({ refreshToken: 'a b' })).toBe('refresh_token');
    for (const expiresInSeconds of [0, -1, Number.NaN, Infinity, LONGEST_LIFE_SECONDS + 1]) {
      expect(refused({ expiresInSeconds })).toBe('expires_in');
    }
    expect(refused({ account: 'a'.repeat(257) })).toBe('account');
    expect(refused({ scopes: Array.from({ length: 201 }, () => 's') })).toBe('scope');
    for (const scope of ['', 's'.repeat(257), ' ', '"', '\\', 'a\n', 'ä', '\u007f']) {
      expect(refused({ scopes: ['ok', scope] })).toBe('scope');
    }
  });

  it('S73, S75: takes an address out that is not the provider’s, and notes that beside what was noted', () => {
    for (const apiEndpoint of ['https://evil.example/', 'http://eu.acme.example/', 'nonsense', '']) {
      expect(check({ apiEndpoint })).toEqual({ ...REPLY, refused: ['api-endpoint'] });
      expect(check({ apiEndpoint, refused: ['account'] }).refused).toEqual(['account', 'api-endpoint']);
    }
  });
});

describe('salvageReply()', () => {
  const salvage = (body: unknown, text = JSON.stringify(body)) =>
    salvageReply({ status: 200, headers: {}, body: new TextEncoder().encode(text) });
  const whole = { access_token: 'a', refresh_token: 'r', expires_in: 60 };
  const saved = { accessToken: 'a', expiresInSeconds: 60, refreshToken: 'r', refused: ['form'] };

  it('keeps the refresh token of whatever came', () => {
    expect(salvage(whole)).toEqual(saved);
    expect(salvage({ ...whole, expires_in: '60' })).toEqual(saved);
    for (const access_token of [undefined, 7, '', 'a b']) {
      expect(salvage({ ...whole, access_token })).toEqual({ ...saved, accessToken: '', expiresInSeconds: 0 });
    }
  });

  it('believes a life that can be one, and a quarter of an hour otherwise', () => {
    const life = (expires_in: unknown) => salvage({ ...whole, expires_in })?.expiresInSeconds;
    expect([1, LONGEST_LIFE_SECONDS, '999999'].map(life)).toEqual([1, LONGEST_LIFE_SECONDS, 999_999]);
    const odd = [0, -1, LONGEST_LIFE_SECONDS + 1, '1e3', '-5', ' 60', '60s', '9999999999', null, undefined, {}, [60]];
    expect(odd.map(life)).toEqual(odd.map(() => 900));
  });

  it('is nothing without a refresh token that could be one', () => {
    for (const refresh_token of [undefined, null, 7, '', 'a b', ['r']]) {
      expect(salvage({ ...whole, refresh_token })).toBeUndefined();
    }
    for (const body of [null, 'r', 7, []]) expect(salvage(body)).toBeUndefined();
  });
});

describe('readSecretText()', () => {
  const read = (value: unknown, key?: string) =>
    readSecretText(typeof value === 'string' ? value : JSON.stringify(value), {
      name: 'steward/acme',
      ...(key === undefined ? {} : { key }),
    });
  const client = { clientId: ' id ', clientSecret: ' canary ' };

  it('S90: reads one client, or one of several by its name', () => {
    expect(read(client)).toEqual({ clientId: 'id', clientSecret: 'canary' });
    expect(read({ one: client, two: {} }, 'one')).toEqual({ clientId: 'id', clientSecret: 'canary' });
  });

  it.each<[string, unknown, string | undefined, RegExp]>([
    ['what is not JSON', 'canary', undefined, /The secret steward\/acme is not JSON$/],
    ['a list', [client], undefined, /is not a JSON object$/],
    ['null', null, undefined, /is not a JSON object$/],
    ['a text', '"canary"', undefined, /is not a JSON object$/],
    [
      'a name that is not there',
      { one: client },
      'two',
      /has no client two: steward credentials set steward\/acme#two$/,
    ],
    ['a name that every object has', {}, '__proto__', /has no client __proto__/],
    ['a client that is none', { one: 'canary' }, 'one', /has no client one/],
    ['a client that is null', { one: null }, 'one', /has no client one/],
    ['a client that is a list', { one: [client] }, 'one', /has no client one/],
    [
      'no id',
      { clientSecret: 'canary' },
      undefined,
      /The secret steward\/acme has no clientId: steward credentials set/,
    ],
    ['an id of spaces', { clientId: ' ', clientSecret: 'canary' }, undefined, /has no clientId/],
    ['a secret that is a number', { clientId: 'x', clientSecret: 7 }, undefined, /has no clientSecret/],
  ])('S90: refuses %s, and never says a value', (_, value, key, message) => {
    expect(() => read(value, key)).toThrow(message);
    expect(() => read(value, key)).not.toThrow(/canary/);
  });
});
