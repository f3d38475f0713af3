import { describe, expect, it } from 'vitest';
import { ConfigInvalidError } from '../../../../functions/core/errors.ts';
import { allows, apiBase, checkedApiEndpoint } from '../../../../functions/providers/actionstep/hosts.ts';
import { parseSettings } from '../../../../functions/providers/actionstep/settings.ts';

const production = parseSettings({});
const staging = parseSettings({ environment: 'staging' });
const override = parseSettings({ endpoint: 'http://127.0.0.1:4100' });
const REGION = 'https://ap-southeast-2.actionstep.com/api/';

const ACCEPTED: readonly (readonly [string, string])[] = [
  ['https://ap-southeast-2.actionstep.com/api/', REGION],
  ['https://ap-southeast-2.actionstep.com/api', REGION],
  ['https://ap-southeast-2.actionstep.com/api/rest', REGION],
  ['https://ap-southeast-2.actionstep.com/api/rest/', REGION],
  ['https://ap-southeast-2.actionstep.com', REGION],
  ['https://ap-southeast-2.actionstep.com/', REGION],
  ['HTTPS://AP-SOUTHEAST-2.Actionstep.COM/api/', REGION],
  ['https://us-west-2.actionstep.com/api/', 'https://us-west-2.actionstep.com/api/'],
  ['https://us-east-1.actionstep.com/api', 'https://us-east-1.actionstep.com/api/'],
  ['https://eu-west-2.actionstep.com/api/', 'https://eu-west-2.actionstep.com/api/'],
  ['https://ca-central-1.actionstep.com/api/', 'https://ca-central-1.actionstep.com/api/'],
  ['https://us-gov-west-10.actionstep.com/api/', 'https://us-gov-west-10.actionstep.com/api/'],
  ['https://api.actionstep.com/api/', 'https://api.actionstep.com/api/'],
  ['https://go.actionstep.com/api/', 'https://go.actionstep.com/api/'],
];

const REFUSED: readonly string[] = [
  'http://ap-southeast-2.actionstep.com/api/',
  'http://169.254.169.254/',
  'http://169.254.169.254/latest/meta-data/',
  'http://localhost:9001/2018-06-01/runtime/invocation/next',
  'http://127.0.0.1/api/',
  'https://127.0.0.1/api/',
  'https://[::1]/api/',
  'https://[::ffff:169.254.169.254]/api/',
  'https://2130706433/api/',
  'https://0x7f.1/api/',
  'https://0177.0.0.1/api/',
  'https://ap-southeast-2.actionstep.com.evil.example/api/',
  'https://ap-southeast-2.actionstep.com.actionstep.com/api/',
  'https://evil-actionstep.com/api/',
  'https://ap-southeast-2.evilsteppe.com/api/',
  'https://actionstep.com.evil.example/api/',
  'https://actionstep.com/api/',
  'https://docs.actionstep.com/api/',
  'https://cdn.actionstep.com/api/',
  'https://evil.ap-southeast-2.actionstep.com/api/',
  'https://ap-southeast-2.actionstepstaging.com/api/',
  'https://ap-southeast-2.actionsteplabs.com/api/',
  'https://user@ap-southeast-2.actionstep.com/api/',
  'https://user:pass@ap-southeast-2.actionstep.com/api/',
  'https://ap-southeast-2.actionstep.com@evil.example/api/',
  'https://evil.example#ap-southeast-2.actionstep.com/api/',
  'https://evil.example?ap-southeast-2.actionstep.com/api/',
  'https://ap-southeast-2.actionstep.com/api/#fragment',
  'https://ap-southeast-2.actionstep.com/api/?next=evil',
  'https://ap-southeast-2.actionstep.com:443/api/',
  'https://ap-southeast-2.actionstep.com:8443/api/',
  'https://ap-southeast-2.actionstep.com./api/',
  'https://ap-southeast-2.actionstep.com../api/',
  'https://.actionstep.com/api/',
  'https://ap-southeast-2..actionstep.com/api/',
  'https://аp-southeast-2.actionstep.com/api/', // a Cyrillic a
  'https://ap-\u017Foutheast-2.actionstep.com/api/', // a long s, which folds to s
  'https://xn--p-southeast-2-8lf.actionstep.com/api/',
  'https://ap-southeast-2.actionstep。com/api/',
  'https://ap-southeast-2%2eactionstep.com/api/',
  'https:\\\\ap-southeast-2.actionstep.com\\api\\',
  'https://evil.example\\.actionstep.com/api/',
  'https:///ap-southeast-2.actionstep.com/api/',
  'https:ap-southeast-2.actionstep.com/api/',
  '//ap-southeast-2.actionstep.com/api/',
  ' https://ap-southeast-2.actionstep.com/api/',
  'https://ap-southeast-2.actionstep.com/api/\n',
  'https://ap-south\teast-2.actionstep.com/api/',
  'https://ap-southeast-2.actionstep.com/api/v2/',
  'https://ap-southeast-2.actionstep.com/api/../evil/',
  'https://ap-southeast-2.actionstep.com//evil.example/',
  'https://ap-southeast-2.actionstep.com/redirect',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'ap-southeast-2.actionstep.com/api/',
  '',
];

describe('checkedApiEndpoint', () => {
  it('has at least forty addresses to judge (S74)', () => {
    expect(ACCEPTED.length + REFUSED.length).toBeGreaterThanOrEqual(40);
  });

  it.each(ACCEPTED)('S74 takes %s as %s', (value, normal) => {
    expect(checkedApiEndpoint(value, production)).toBe(normal);
  });

  it.each([...REFUSED, 7, null, [REGION]])('S73 S74 takes %j for none', (value) => {
    expect(checkedApiEndpoint(value, production)).toBeUndefined();
  });

  it('S74 keeps the environments apart', () => {
    expect(checkedApiEndpoint('https://ap-southeast-2.actionstepstaging.com/api/', staging)).toBe(
      'https://ap-southeast-2.actionstepstaging.com/api/',
    );
    expect(checkedApiEndpoint(REGION, staging)).toBeUndefined();
  });

  it.each(['http://127.0.0.1:4100/api/', 'http://127.0.0.1:4100', 'http://127.0.0.1:4100/api/rest'])(
    'S75 with an endpoint override takes %s',
    (value) => {
      expect(checkedApiEndpoint(value, override)).toBe('http://127.0.0.1:4100/api/');
    },
  );

  it.each([
    'http://127.0.0.1:4101/api/',
    'http://127.0.0.1:41001/api/',
    'http://127.0.0.1:4100@evil.example/api/',
    'http://127.0.0.1:4100.evil.example/api/',
    'https://127.0.0.1:4100/api/',
    'http://localhost:4100/api/',
    REGION,
  ])('S75 with an endpoint override refuses %s, which is another origin', (value) => {
    expect(checkedApiEndpoint(value, override)).toBeUndefined();
  });
});

describe('allows', () => {
  const context = { connection: 'c', settings: production, apiEndpoint: REGION };

  it.each([
    ['https://ap-southeast-2.actionstep.com/api/rest/actions?page=2', true],
    ['https://api.actionstep.com/api/oauth/token', true],
    ['https://go.actionstep.com/api/oauth/authorize', true],
    ['https://us-west-2.actionstep.com/api/rest/actions', false],
    ['https://ap-southeast-2.actionstep.com.actionstep.com/api/rest/actions', false],
    ['http://ap-southeast-2.actionstep.com/api/rest/actions', false],
    ['https://ap-southeast-2.actionstep.com:8443/api/rest/actions', false],
    ['https://user@ap-southeast-2.actionstep.com/api/rest/actions', false],
    ['https://:pass@ap-southeast-2.actionstep.com/api/rest/actions', false],
    ['https://collector.example/api/rest/actions?page=2', false],
    ['https://ap-southeast-2.actionstep.com./api/rest/actions', false],
  ])('S76 lets a request to %s go: %s', (url, allowed) => {
    expect(allows(new URL(url), context)).toBe(allowed);
  });

  it('allows any region before the own one is known, and none of the other environment', () => {
    const unknown = { connection: 'c', settings: production };
    expect(allows(new URL('https://us-west-2.actionstep.com/api/rest/users'), unknown)).toBe(true);
    expect(allows(new URL('https://us-west-2.actionstepstaging.com/api/rest/users'), unknown)).toBe(false);
  });
});

describe('apiBase', () => {
  it('ends in /api/rest/', () => {
    expect(apiBase({ connection: 'c', settings: production, apiEndpoint: REGION }).href).toBe(`${REGION}rest/`);
    expect(apiBase({ connection: 'c', settings: override }).href).toBe('http://127.0.0.1:4100/api/rest/');
  });

  it('says who has to do what before Actionstep has named it', () => {
    expect(() => apiBase({ connection: 'harbour', settings: production })).toThrow(ConfigInvalidError);
    expect(() => apiBase({ connection: 'harbour', settings: production })).toThrow(/harbour.*authorizes/u);
  });
});

describe('parseSettings', () => {
  it('fills in production and the scopes of the shipped sources', () => {
    expect(production).toMatchObject({
      environment: 'production',
      scopes: expect.arrayContaining(['filenotes', 'tasks']),
    });
    expect('endpoint' in production).toBe(false);
  });

  it("P13 reads stored settings that carry the account's budget, or a member of another version", () => {
    const stored = { ...staging, requestsPerMinute: 30, later: true };
    expect(checkedApiEndpoint('https://ap-southeast-2.actionstepstaging.com/api/', stored)).toMatch(/staging/u);
  });

  it.each([
    [{ environment: 'live' }, /environment/u],
    [{ scopes: [] }, /scopes/u],
    [{ scopes: ['Actions'] }, /scopes/u],
    [{ scopes: ['a b'] }, /scopes/u],
    [{ endpoint: 'http://proxy.example' }, /endpoint/u],
    [{ endpoint: 'https://user@proxy.example' }, /endpoint/u],
    [{ endpoint: 'https://proxy.example/path' }, /endpoint/u],
    [{ orgkey: 'a b' }, /orgkey/u],
    [{ region: 'au' }, /region/u],
    ['production', /settings/u],
  ])('refuses %j by the name of the field', (input, name) => {
    expect(() => parseSettings(input)).toThrow(ConfigInvalidError);
    expect(() => parseSettings(input)).toThrow(name);
  });
});
