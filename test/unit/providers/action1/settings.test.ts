import { describe, expect, it } from 'vitest';
import { ConfigInvalidError } from '../../../../functions/core/errors.ts';
import { allows, apiBase, budgetAccount, parseSettings } from '../../../../functions/providers/action1/settings.ts';

const ENTERPRISE = '9844e782-2506-4488-8599-a5693ce52107';
const clientId = (own: string) => `api-key-${ENTERPRISE}${own}@action1.com`;
const context = (settings: object) => ({ connection: 'c1', settings: parseSettings(settings) });

describe('Action1 settings', () => {
  it.each([
    ['NorthAmerica', 'https://app.action1.com/api/3.0/'],
    ['NorthAmerica-2', 'https://app.na-2.action1.com/api/3.0/'],
    ['NA-2', 'https://app.na-2.action1.com/api/3.0/'],
    ['Europe', 'https://app.eu.action1.com/api/3.0/'],
    ['Australia', 'https://app.au.action1.com/api/3.0/'],
    ['UK', 'https://app.uk.action1.com/api/3.0/'],
  ])('knows the host of %s', (region, base) => {
    expect(apiBase(parseSettings({ region })).href).toBe(base);
  });

  it.each([
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/api/3.0/'],
    ['https://proxy.example/action1', 'https://proxy.example/action1/'],
    ['https://proxy.example/api/3.0/?x=1', 'https://proxy.example/api/3.0/'],
  ])('takes %s as the override of every host', (endpoint, base) => {
    expect(apiBase(parseSettings({ endpoint })).href).toBe(base);
  });

  it.each([
    [{}, 'region is missing'],
    [{ region: 'AsiaPacific' }, 'NorthAmerica-2'],
    [{ region: 'Europe', organisation: 'x' }, 'organisation'],
    [{ endpoint: 'file:///etc/passwd' }, 'endpoint'],
    [{ endpoint: 'ftp://proxy.example/http://' }, 'endpoint'],
    [{ endpoint: 'http://proxy.example' }, 'endpoint: must be https, or http on loopback'],
    [{ endpoint: 'https://user@proxy.example' }, 'endpoint: must be https, or http on loopback'],
    [{ endpoint: 'https://:word@proxy.example' }, 'endpoint: must be https, or http on loopback'],
    [{ region: 'x', endpoint: 'y' }, 'UnitedKingdom; endpoint: must be an absolute URL; '],
    ['Europe', 'Action1 settings: value: '],
  ])('refuses %j and says what is wrong', (input, part) => {
    expect(() => parseSettings(input)).toThrow(ConfigInvalidError);
    expect(() => parseSettings(input)).toThrow(part);
  });

  it('S: lets requests go to the region, over https and below the API only', () => {
    const europe = context({ region: 'Europe' });
    expect(allows(new URL('https://app.eu.action1.com/api/3.0/me'), europe)).toBe(true);
    const refused = [
      'http://app.eu.action1.com/api/3.0/me',
      'https://app.action1.com/api/3.0/me',
      'https://app.eu.action1.com:8443/api/3.0/me',
      'https://app.eu.action1.com.example/api/3.0/me',
      'https://app.eu.action1.com@example.com/api/3.0/me',
      'https://app.eu.action1.com/console/',
      'https://user@app.eu.action1.com/api/3.0/me',
    ];
    expect(refused.filter((url) => allows(new URL(url), europe))).toEqual([]);
    const endpoint = 'https://proxy.example';
    expect(allows(new URL(`${endpoint}/api/3.0/me`), context({ endpoint }))).toBe(false);
  });

  it('is never a region that there is not', () => {
    expect(() => apiBase({})).toThrow(ConfigInvalidError);
  });

  it('gives two credentials of one enterprise one budget', () => {
    const settings = parseSettings({ region: 'Europe' });
    const one = budgetAccount(settings, clientId('37efced4-30ff-4476-839e-044805c3725b'));
    const other = budgetAccount(settings, clientId('11111111-30ff-4476-839e-044805c3725b').toUpperCase());
    expect(one).toBe(ENTERPRISE);
    expect(other).toBe(ENTERPRISE);
  });

  it('lets the settings name the enterprise where the client id does not', () => {
    const named = parseSettings({ region: 'Europe', enterprise: ' Harbour ' });
    expect(budgetAccount(named, 'api-key-old_1@action1.com')).toBe('harbour');
    const plain = parseSettings({ region: 'Europe' });
    const derived = budgetAccount(plain, 'api-key-old_1@action1.com');
    expect(derived).toMatch(/^client-[0-9a-f]{32}$/);
    expect(budgetAccount(plain, 'api-key-old_2@action1.com')).not.toBe(derived);
    expect(budgetAccount(plain, `my-${clientId('37efced4-30ff-4476-839e-044805c3725b')}`)).toMatch(/^client-/);
    expect(budgetAccount(plain, undefined)).toBe('app.eu.action1.com');
  });
});
