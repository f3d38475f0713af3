import { describe, expect, it } from 'vitest';
import { ConfigInvalidError } from '../../../../functions/core/errors.ts';
import { listAlerts } from '../../../../functions/providers/oauth2/list-alerts.ts';
import { oauth2, oauth2Client } from '../../../../functions/providers/oauth2/provider.ts';
import { SETTINGS } from './harness.ts';

const CODE = { ...SETTINGS, authorizeUrl: 'https://login.vendor.example/oauth2/authorize' };

describe('settings', () => {
  it('fill in what is not said', () => {
    expect(oauth2.parseSettings(CODE)).toEqual({
      ...CODE,
      moreHosts: [],
      clientAuthentication: 'basic',
      scopes: [],
      pkce: true,
      tokenParameters: {},
      authorizeParameters: {},
      headers: {},
      assumedAccessTokenSeconds: 1800,
    });
  });

  it.each([
    [{ tokenUrl: 'http://login.vendor.example/token' }, /^OAuth 2\.0 settings: tokenUrl must be an https address/u],
    [{ tokenUrl: 'https://user:pass@login.vendor.example/token' }, /tokenUrl must be an https address/u],
    [{ apiBaseUrl: 'https://127.0.0.1/api' }, /apiBaseUrl must be an https address/u],
    [{ apiBaseUrl: 'https://localhost/api' }, /apiBaseUrl must be an https address/u],
    [{ apiBaseUrl: 'https://api.vendor.example/api?key=1' }, /apiBaseUrl must be an https address/u],
    [{ apiBaseUrl: undefined }, /apiBaseUrl is missing/u],
    [{ apiBaseURL: 'https://api.vendor.example' }, /apiBaseURL is not a setting here\. Did you mean apiBaseUrl\?/u],
    [{ clientAuthentication: 'header' }, /clientAuthentication must be one of basic, post\./u],
    [{ moreHosts: ['*.vendor.example'] }, /moreHosts 0 must be a host name/u],
    [{ scopes: ['a b'] }, /scopes 0 must be a scope without blanks/u],
    [{ authorizeParameters: { state: 'x' } }, /authorizeParameters state is a parameter that Steward sets/u],
    [{ tokenParameters: { client_secret: 'x' } }, /tokenParameters client_secret is a parameter .* or a secret/u],
    [{ headers: { authorization: 'Bearer x' } }, /headers authorization is a header that Steward sets/u],
    [{ headers: { 'x-api-key': 'x' } }, /headers x-api-key is a header .* or a secret/u],
    [{ assumedRefreshTokenDays: 0 }, /assumedRefreshTokenDays must be a whole number from 1 to 3650/u],
    [{ endpoint: 'http://proxy.example' }, /endpoint must be an https origin/u],
    [{ pkce: 'S256' }, /pkce must be true or false/u],
    [{ endpoint: 'nonsense' }, /endpoint must be an https origin/u],
    [{ endpoint: 'https://proxy.example/path' }, /endpoint must be an https origin/u],
    [{ endpoint: 'https://user@proxy.example' }, /endpoint must be an https origin/u],
    [{ tokenUrl: 5 }, /tokenUrl must be an https address/u],
    [{ tokenUrl: 'xhttps://login.vendor.example/token' }, /tokenUrl must be an https address/u],
    [{ tokenUrl: 'https://login.vendor.example:99999/token' }, /tokenUrl must be an https address/u],
    [{ tokenUrl: 'https://login.vendor.example/token#x' }, /tokenUrl must be an https address/u],
    [{ tokenUrl: 'https://-login.vendor.example/token' }, /tokenUrl must be an https address/u],
    [{ moreHosts: ['x reports.vendor.example'] }, /moreHosts 0 must be a host name/u],
    [{ moreHosts: ['reports.vendor.example/x'] }, /moreHosts 0 must be a host name/u],
    [{ scopes: ['a"'] }, /scopes 0/u],
    [{ scopes: ['x'.repeat(257)] }, /scopes 0/u],
    [{ scopes: [5] }, /scopes 0 must be a scope without blanks/u],
    [{ tokenParameters: { 'a b': 'x' } }, /tokenParameters a b must be a parameter’s name/u],
    [{ tokenParameters: { audience: 5 } }, /tokenParameters audience must be a text/u],
    [{ headers: { 'X-Tenant': 'x' } }, /headers X-Tenant must be a header’s name in small letters/u],
    [{ headers: { 'x tenant': 'x' } }, /headers x tenant must be a header’s name/u],
    [{ headers: { 'x-tenant': 'a\nb' } }, /headers x-tenant must be a short text of ASCII/u],
    [{ headers: { 'x-tenant': 'x'.repeat(257) } }, /headers x-tenant/u],
    [{ account: 'a b' }, /account must be a short name/u],
    [{ account: 'x'.repeat(101) }, /account must be a short name/u],
    [{ issuer: 'nonsense' }, /issuer must be the issuer/u],
    [{ requestsPerMinute: 'many' }, /requestsPerMinute is wrong: Invalid type/u],
    [{ assumedAccessTokenSeconds: 59 }, /assumedAccessTokenSeconds must be a whole number from 60 to 2592000/u],
  ])('S74: %j is refused', (change, message) => {
    expect(() => oauth2.parseSettings({ ...CODE, ...change })).toThrow(message);
    expect(() => oauth2.parseSettings({ ...CODE, ...change })).toThrow(ConfigInvalidError);
  });

  it.each([
    'response_type',
    'response_mode',
    'client_id',
    'client_assertion',
    'client_assertion_type',
    'redirect_uri',
    'scope',
    'code',
    'code_challenge',
    'code_challenge_method',
    'code_verifier',
    'grant_type',
    'refresh_token',
    'assertion',
    'password',
    'request',
    'request_uri',
  ])('S74: leave %s to the protocol', (name) => {
    expect(() => oauth2.parseSettings({ ...CODE, authorizeParameters: { [name]: 'x' } })).toThrow(/or a secret/u);
  });

  it.each([
    'host',
    'connection',
    'content-type',
    'transfer-encoding',
    'proxy-authorization',
    'cookie',
    'x-auth-token',
    'client-secret',
  ])('S74: set no header %s', (name) => {
    expect(() => oauth2.parseSettings({ ...CODE, headers: { [name]: 'x' } })).toThrow(/or a secret/u);
  });

  it('may have everything that is documented', () => {
    const all = {
      ...CODE,
      tokenUrl: 'https://login.vendor.example:8443/a/b~c',
      apiBaseUrl: 'https://api.vendor.example',
      moreHosts: ['a.b-c.example'],
      clientAuthentication: 'post',
      scopes: ['x'.repeat(256), 'a!'],
      tokenParameters: { 'a.b-c_d': '' },
      authorizeParameters: { xstate: 'x', access_type: 'offline' },
      headers: { 'x-host': '', accept: 'x'.repeat(256), hosted: 'y' },
      account: 'a.b-1',
      assumedAccessTokenSeconds: 60,
      assumedRefreshTokenDays: 3650,
      endpoint: 'https://proxy.example/',
      issuer: 'https://login.vendor.example',
      pkce: false,
      requestsPerMinute: 5,
    };
    expect(oauth2.parseSettings(all)).toEqual(all);
    const parsed = oauth2.parseSettings(all);
    expect(oauth2.authorization?.pkce(parsed)).toBe(false);
    expect(oauth2.authorization?.issuer?.(parsed)).toBe('https://login.vendor.example');
    for (const endpoint of ['http://127.0.0.1:1', 'http://localhost', 'http://[::1]:9']) {
      expect(oauth2.parseSettings({ ...CODE, endpoint })).toMatchObject({ endpoint });
    }
  });

  it('of a client have nothing that a person would need', () => {
    expect(() => oauth2Client.parseSettings(CODE)).toThrow(/authorizeUrl is not a setting here/u);
    expect(oauth2Client.authorization).toBeUndefined();
  });
});

describe('S73, S74: hosts', () => {
  const settings = oauth2.parseSettings({ ...CODE, moreHosts: ['reports.vendor.example'] });
  const context = { connection: 'ledger', settings };

  it.each([
    ['https://login.vendor.example/oauth2/token', true],
    ['https://api.vendor.example/anything', true],
    ['https://reports.vendor.example/', true],
    ['https://vendor.example/', false],
    ['https://api.vendor.example:8443/', false],
    ['http://api.vendor.example/', false],
    ['https://api.vendor.example.evil.example/', false],
    ['https://user@api.vendor.example/', false],
    ['https://:pw@api.vendor.example/', false],
  ])('%s: %s', (url, isAllowed) => {
    expect(oauth2.allows(new URL(url), context)).toBe(isAllowed);
  });

  it('none is asked in the clear, whatever is stored', () => {
    const clear = { ...context, settings: { ...settings, apiBaseUrl: 'http://api.vendor.example/api' } };
    expect(oauth2.allows(new URL('http://api.vendor.example/api'), clear)).toBe(false);
  });

  it('the base keeps its path', () => {
    expect(new URL('things', oauth2.apiBase(context)).href).toBe('https://api.vendor.example/api/things');
    const slash = { ...settings, apiBaseUrl: 'https://api.vendor.example/api/' };
    expect(oauth2.apiBase({ connection: 'ledger', settings: slash }).href).toBe('https://api.vendor.example/api/');
    expect(() => oauth2.apiBase({ connection: 'ledger', settings: {} })).toThrow(ConfigInvalidError);
  });

  it('an endpoint takes the place of each of them', () => {
    const moved = { ...settings, endpoint: 'http://127.0.0.1:4000' };
    expect(oauth2.apiBase({ connection: 'ledger', settings: moved }).href).toBe('http://127.0.0.1:4000/api/');
    expect(oauth2.token.tokenEndpoint(moved).href).toBe('http://127.0.0.1:4000/oauth2/token');
    expect(oauth2.authorization?.authorizationEndpoint(moved).href).toBe('http://127.0.0.1:4000/oauth2/authorize');
  });
});

describe('the authorization request', () => {
  it('carries the parameters of the file', () => {
    const settings = oauth2.parseSettings({ ...CODE, authorizeParameters: { access_type: 'offline' }, scopes: ['a'] });
    expect(oauth2.authorization?.authorizationEndpoint(settings).search).toBe('?access_type=offline');
    expect(oauth2.authorization?.scopes(settings)).toEqual(['a']);
  });

  it('S45: each authorization server answers at an address of its own', () => {
    expect(oauth2.authorization?.server?.(oauth2.parseSettings(CODE))).toBe('login.vendor.example');
  });
});

describe('budgets', () => {
  it('belong to one client of one API, or to the account that the file names', () => {
    const settings = oauth2.parseSettings(CODE);
    expect(oauth2.budgetAccount(settings, 'client')).toBe('api.vendor.example/client');
    expect(oauth2.budgetAccount({ ...settings, account: 'acme' }, 'client')).toBe('api.vendor.example/acme');
    expect(oauth2.budgetAccount(settings, undefined)).toBe('api.vendor.example/unknown');
  });
});

describe('the provider', () => {
  it('is two providers, of one budget until the settings say more', () => {
    expect([oauth2, oauth2Client].map(({ id, title, grant, budgets }) => ({ id, title, grant, budgets }))).toEqual([
      { id: 'oauth2', title: 'OAuth 2.0', grant: 'authorization-code', budgets: { default: { perMinute: 60 } } },
      {
        id: 'oauth2-client',
        title: 'OAuth 2.0 client',
        grant: 'client-credentials',
        budgets: { default: { perMinute: 60 } },
      },
    ]);
    expect(Object.keys(oauth2.sources)).toEqual(['list']);
    expect(oauth2.alertSources).toEqual({ list: listAlerts });
  });
});
