import { describe, expect, it } from 'vitest';
import { ConfigInvalidError } from '../../../../functions/core/errors.ts';
import { opsramp } from '../../../../functions/providers/opsramp/provider.ts';

const settings = opsramp.parseSettings({ host: 'Acme.api.opsramp.com', tenantId: 'client_14' });
const context = { connection: 'acme', settings };

describe('settings', () => {
  it('keeps the host in lower case and fills in the newer token path', () => {
    expect(settings).toStrictEqual({
      host: 'acme.api.opsramp.com',
      tenantId: 'client_14',
      tokenPath: '/tenancy/auth/oauth/token',
    });
    expect(opsramp.apiBase(context).href).toBe('https://acme.api.opsramp.com/api/v2/tenants/client_14/');
    expect(opsramp.token.tokenEndpoint(settings).href).toBe('https://acme.api.opsramp.com/tenancy/auth/oauth/token');
  });

  it('takes the older token path and an override of the endpoint', () => {
    const given = {
      host: 'pod7.api.opsramp.com',
      tenantId: 'msp_1',
      tokenPath: '/auth/oauth/token',
      endpoint: 'http://127.0.0.1:9/',
    };
    const own = opsramp.parseSettings(given);
    expect(opsramp.token.tokenEndpoint(own).href).toBe('http://127.0.0.1:9/auth/oauth/token');
    expect(opsramp.apiBase({ connection: 'x', settings: own }).href).toBe('http://127.0.0.1:9/api/v2/tenants/msp_1/');
  });

  it.each(['https://gateway.example', 'http://localhost:8080', 'http://[::1]:9'])(
    'takes %s for an endpoint, with a slash at its end or without',
    (endpoint) => {
      for (const given of [endpoint, `${endpoint}/`]) {
        const own = opsramp.parseSettings({ host: 'a.opsramp.com', tenantId: 'client_1', endpoint: given });
        expect(opsramp.token.tokenEndpoint(own).href).toBe(`${endpoint}/tenancy/auth/oauth/token`);
      }
    },
  );

  it.each([
    ['settings', 'text'],
    ['host', { host: 'evil.example.com', tenantId: 'client_1' }],
    ['host', { host: 'opsramp.com.evil.example', tenantId: 'client_1' }],
    ['host', { host: 'notopsramp.com', tenantId: 'client_1' }],
    ['host', { host: 'a.opsramp.com/path', tenantId: 'client_1' }],
    ['host', { host: 'user@a.opsramp.com', tenantId: 'client_1' }],
    ['tenantId', { host: 'a.opsramp.com', tenantId: '../client_2' }],
    ['tenantId', { host: 'a.opsramp.com', tenantId: 'client_2/..' }],
    ['tenantId', { host: 'a.opsramp.com' }],
    ['tokenPath', { host: 'a.opsramp.com', tenantId: 'client_1', tokenPath: 'https://evil.example/token' }],
    ['tokenPath', { host: 'a.opsramp.com', tenantId: 'client_1', tokenPath: '/token?grant=x' }],
    ['endpoint', { host: 'a.opsramp.com', tenantId: 'client_1', endpoint: 'example.com' }],
    ['endpoint', { host: 'a.opsramp.com', tenantId: 'client_1', endpoint: 'http://example.com' }],
    ['endpoint', { host: 'a.opsramp.com', tenantId: 'client_1', endpoint: 'ftp://localhost' }],
    ['endpoint', { host: 'a.opsramp.com', tenantId: 'client_1', endpoint: 'https://user:pw@example.com' }],
    ['region', { host: 'a.opsramp.com', tenantId: 'client_1', region: 'eu' }],
  ])('refuses a wrong %s by name', (field, input) => {
    expect(() => opsramp.parseSettings(input)).toThrow(ConfigInvalidError);
    expect(() => opsramp.parseSettings(input)).toThrow(field);
  });

  it.each([
    ['https://acme.api.opsramp.com/api/v2/tenants/client_14/alerts/search', true],
    ['https://other.api.opsramp.com/', false],
    ['http://acme.api.opsramp.com/', false],
    ['https://acme.api.opsramp.com:8443/', false],
    ['https://user@acme.api.opsramp.com/', false],
    ['https://:password@acme.api.opsramp.com/', false],
    ['https://acme.api.opsramp.com.evil.example/', false],
    ['https://169.254.169.254/', false],
  ])('goes to %s: %s', (url, allowed) => {
    expect(opsramp.allows(new URL(url), context)).toBe(allowed);
  });

  it('shares a budget between connections of one tenant, and with nobody else', () => {
    const other = opsramp.parseSettings({ host: 'acme.api.opsramp.com', tenantId: 'client_15' });
    expect(opsramp.budgetAccount(settings, 'key-a')).toBe(opsramp.budgetAccount(settings, 'key-b'));
    expect(opsramp.budgetAccount(other, 'key-a')).not.toBe(opsramp.budgetAccount(settings, 'key-a'));
  });
});
