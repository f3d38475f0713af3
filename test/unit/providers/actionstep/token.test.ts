import { describe, expect, it } from 'vitest';
import {
  ClientRejectedError,
  GrantRejectedError,
  ProviderRateLimitedError,
  ProviderResponseInvalidError,
  ProviderUnavailableError,
} from '../../../../functions/core/errors.ts';
import { actionstep } from '../../../../functions/providers/actionstep/provider.ts';
import { response } from './harness.ts';

const { token } = actionstep;
const settings = actionstep.parseSettings({});
const GOOD = {
  access_token: 'eyJ0.eyJi.c2ln',
  token_type: 'bearer',
  expires_in: 3600,
  api_endpoint: 'https://ap-southeast-2.actionstep.com/api/',
  orgkey: 'exampleorg',
  refresh_token: 'NjQzOGYyZTFh',
};
const reply = (change: object, status = 200) => token.reply(response(status, { ...GOOD, ...change }), settings);

function failureOf(attempt: () => unknown): unknown {
  try {
    return attempt();
  } catch (error) {
    return error;
  }
}

describe('token request', () => {
  const credentials = { clientId: 'id', clientSecret: 's+e/c&r=t' };

  it('S27 posts a form with the redirect URI, byte for byte, for both grants', () => {
    const redirectUri = 'https://x.example/callback/actionstep?a=1';
    const code = token.request({ type: 'authorization-code', code: 'c', redirectUri }, settings, credentials);
    const refresh = token.request({ type: 'refresh-token', refreshToken: 'r', redirectUri }, settings, credentials);
    for (const request of [code, refresh]) {
      expect(request.url.href).toBe('https://api.actionstep.com/api/oauth/token');
      expect(request.method).toBe('POST');
      expect(request.headers).toEqual({
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
      });
      const form = Object.fromEntries(new URLSearchParams(request.body));
      expect(form).toMatchObject({ redirect_uri: redirectUri, client_id: 'id', client_secret: 's+e/c&r=t' });
    }
    expect(new URLSearchParams(refresh.body).get('grant_type')).toBe('refresh_token');
    expect(refresh.url.search).toBe('');
  });

  it('goes to staging, or to the override, where the settings say so', () => {
    const hosts = [{ environment: 'staging' }, { endpoint: 'http://127.0.0.1:4100' }].map((input) => {
      const parsed = actionstep.parseSettings(input);
      return [token.tokenEndpoint(parsed).href, actionstep.authorization?.authorizationEndpoint(parsed).href];
    });
    expect(hosts).toEqual([
      ['https://api.actionstepstaging.com/api/oauth/token', 'https://go.actionstepstaging.com/api/oauth/authorize'],
      ['http://127.0.0.1:4100/api/oauth/token', 'http://127.0.0.1:4100/api/oauth/authorize'],
    ]);
  });

  it('has no client credentials grant', () => {
    expect(() => token.request({ type: 'client-credentials' }, settings, credentials)).toThrow(ClientRejectedError);
  });

  it('S25 leaves PKCE and iss off, and assumes 21 days for a refresh token', () => {
    expect(actionstep.authorization?.pkce({})).toBe(false);
    expect(actionstep.authorization).not.toHaveProperty('issuer');
    expect(token.assumedRefreshTokenLifetimeMs?.({})).toBe(21 * 86_400_000);
  });
});

describe('token reply', () => {
  it('reads what Actionstep was recorded to answer, slashes escaped', () => {
    const body = JSON.stringify({ ...GOOD, id_token: 'x.y.z' }).replaceAll('/', String.raw`\/`);
    expect(token.reply(response(200, body), settings)).toEqual({
      accessToken: GOOD.access_token,
      refreshToken: GOOD.refresh_token,
      expiresInSeconds: 3600,
      apiEndpoint: GOOD.api_endpoint,
      account: 'exampleorg',
    });
  });

  it.each([
    ['an HTML page', '<html>Welcome</html>'],
    ['half a body', '{"access_token":"a'],
    ['an array', '[]'],
    ['null', 'null'],
    ['a text', '"token"'],
    ['nothing', ''],
    ['a member twice', '{"access_token":"a","access_token":"b","token_type":"bearer","expires_in":1}'],
    ['a member twice, once escaped', String.raw`{"access_token":"a","\u0061ccess_token":"b","token_type":"bearer"}`],
  ])('S31 S33 refuses %s with status 200', (_what, body) => {
    expect(() => token.reply(response(200, body), settings)).toThrow(ProviderResponseInvalidError);
  });

  it('S32 refuses a body above 64 KiB', () => {
    const padding = 'x'.repeat(65_536 - JSON.stringify({ ...GOOD, padding: '' }).length);
    expect(reply({ padding }).accessToken).toBe(GOOD.access_token);
    expect(() => reply({ padding: `${padding}x` })).toThrow(ProviderResponseInvalidError);
  });

  it.each([
    ['null', /: body$/u],
    [{ ...GOOD, access_token: 5 }, /: access_token$/u],
  ])('names what is wrong with %j', (body, message) => {
    expect(() => token.reply(response(200, body), settings)).toThrow(message);
  });

  it('S33 is not polluted by __proto__', () => {
    const body = `{"__proto__":{"polluted":true},${JSON.stringify(GOOD).slice(1)}`;
    expect(token.reply(response(200, body), settings)).not.toHaveProperty('polluted');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it.each([['bearer'], ['Bearer'], ['BEARER']])('S34 takes token_type %s', (type) => {
    expect(reply({ token_type: type }).accessToken).toBe(GOOD.access_token);
  });

  it.each([['mac'], [undefined], [null], [1], ['bearer '], ['no bearer']])('S34 refuses token_type %j', (type) => {
    expect(() => reply({ token_type: type })).toThrow(ProviderResponseInvalidError);
  });

  it.each([
    [3600, 3600],
    ['3600', 3600],
    [28_800, 28_800],
    [1, 1],
    [31_536_000, 31_536_000],
    [undefined, 1800],
    [null, 1800],
  ])('S35 reads expires_in %j as %d seconds', (value, seconds) => {
    expect(reply({ expires_in: value }).expiresInSeconds).toBe(seconds);
  });

  it.each([[0], [-1], [1e20], [31_536_001], ['abc'], [''], ['-1'], ['1e3'], [1.5], [true], [{}]])(
    'S35 refuses expires_in %j',
    (value) => {
      expect(() => reply({ expires_in: value })).toThrow(ProviderResponseInvalidError);
    },
  );

  it.each([[undefined], [null]])('S36 R32 leaves the refresh token out when the reply has %j', (value) => {
    expect(reply({ refresh_token: value })).not.toHaveProperty('refreshToken');
  });

  it.each([
    ['a line break', 'abc\r\nx-evil: 1'],
    ['a blank', 'abc def'],
    ['a letter outside ASCII', 'tokén'],
    ['nothing', ''],
    ['100 KB', 'x'.repeat(50_000)],
    ['a number', 5],
  ])('S37 refuses a token with %s', (_what, value) => {
    expect(() => reply({ access_token: value })).toThrow(ProviderResponseInvalidError);
  });

  it.each([['abc\r\nx-evil: 1'], ['abc def'], ['tokén'], ['x'.repeat(5000)], [5]])(
    'S37 refuses the refresh token %j',
    (value) => {
      expect(() => reply({ refresh_token: value })).toThrow(ProviderResponseInvalidError);
    },
  );

  it('S38 hands on the scopes that were granted', () => {
    expect(reply({ scope: 'actions  filenotes ' }).scopes).toEqual(['actions', 'filenotes']);
    expect(reply({})).not.toHaveProperty('scopes');
  });

  it.each(['http://169.254.169.254/', `https://${'a'.repeat(600)}.actionstep.com/api/`, 7])(
    'S73, S75 leaves out the api_endpoint %j, says so, and keeps the tokens',
    (value) => {
      const judged = reply({ api_endpoint: value });
      expect(judged).toMatchObject({ refused: ['api-endpoint'], refreshToken: GOOD.refresh_token });
      expect(judged).not.toHaveProperty('apiEndpoint');
    },
  );

  it.each([null, ''])('takes the api_endpoint %j for none', (value) => {
    const judged = reply({ api_endpoint: value });
    expect(judged).not.toHaveProperty('apiEndpoint');
    expect(judged).not.toHaveProperty('refused');
  });

  it.each([' a', 'a ', 'a'.repeat(101), 5])('takes the orgkey %j for none, and keeps the tokens', (orgkey) => {
    const judged = reply({ orgkey });
    expect(judged).not.toHaveProperty('account');
    expect(judged.refreshToken).toBe(GOOD.refresh_token);
  });

  it('S25 names another system than the one that the settings name', () => {
    const named = actionstep.parseSettings({ orgkey: 'otherorg' });
    const judged = token.reply(response(200, GOOD), named);
    expect(judged.refused).toEqual(['account']);
    expect(judged).not.toHaveProperty('account');
    expect(token.reply(response(200, GOOD), actionstep.parseSettings({ orgkey: 'exampleorg' })).account).toBe(
      'exampleorg',
    );
  });

  it.each([
    [400, { error: 'invalid_grant', error_description: 'Invalid refresh_token' }, GrantRejectedError],
    [200, { error: 'invalid_grant' }, GrantRejectedError],
    [401, { error: 'invalid_grant' }, GrantRejectedError],
    [400, { error: 'invalid_client' }, ClientRejectedError],
    [200, { error: 'invalid_client' }, ClientRejectedError],
    [400, { error: 'unauthorized_client' }, ClientRejectedError],
    [401, '', ClientRejectedError],
    [400, { error: 'redirect_uri_mismatch' }, ProviderResponseInvalidError],
    [400, { error: '<script>alert(1)</script>' }, ProviderResponseInvalidError],
    [400, '<html>', ProviderResponseInvalidError],
    [403, '', ProviderResponseInvalidError],
    [302, '', ProviderResponseInvalidError],
    [201, GOOD, ProviderResponseInvalidError],
    [429, { error: 'invalid_grant' }, ProviderRateLimitedError],
    [500, { error: 'invalid_grant' }, ProviderUnavailableError],
    [503, '<html>', ProviderUnavailableError],
    [400, { error: 'temporarily_unavailable' }, ProviderUnavailableError],
  ])('R29 R33 judges %d %j', (status, body, error) => {
    const attempt = () => token.reply(response(status, body), settings);
    expect(attempt).toThrow(error);
    expect(attempt).not.toThrow(/script|refresh_token/u);
  });

  it.each([
    [500, ''],
    [408, ''],
    [400, { error: 'temporarily_unavailable' }],
    [400, { error: 'server_error' }],
  ])('takes %d %j for sent, and for trouble that passes', (status, body) => {
    const failure = failureOf(() => token.reply(response(status, body), settings));
    expect(failure).toBeInstanceOf(ProviderUnavailableError);
    expect(failure).toMatchObject({ sent: true });
  });

  it.each([
    ...['invalid_request', 'invalid_scope', 'redirect_uri_mismatch', 'unsupported_grant_type'].map((code) => [
      code,
      code,
    ]),
    ['canary', 'an unknown error'],
  ])('repeats of the error %s: %s', (error, told) => {
    expect(() => reply({ error }, 400)).toThrow(new RegExp(` ${told}$`, 'u'));
  });

  it.each([
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': 'Mon, 02 Mar 2026 00:00:30 GMT', date: 'Mon, 02 Mar 2026 00:00:00 GMT' }, 30_000],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '999999' }, 900_000],
    [{}, undefined],
  ])('R28 reads the wait of %j', (headers, expected) => {
    expect(failureOf(() => token.reply(response(429, '', headers), settings))).toMatchObject({
      retryAfterMs: expected,
    });
  });
});
