import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../../../infra/cli/configuration/configuration.ts';
import { configurationProvider } from '../../support/fake-provider.ts';

const GOOD = `version: 1
connections:
  acme: &acme
    provider: vendor
    secret: clients#acme
    region: here
reports:
  rows-daily:
    connection: acme
    source: rows
    schedule: "0 2 * * *"
    zone: Europe/Berlin
alerts:
  acme-alerts:
    connection: acme
    source: alerts
    every: 2m
    maintenance:
      - { from: 2026-01-01, to: 2026-01-02T03:00:00Z, reason: move }
`;

const read = (text: string, allowLoopback = false) =>
  readConfiguration({
    fileName: 'steward.yaml',
    text,
    providers: { vendor: configurationProvider('vendor') },
    topics: ['alerts', 'events'],
    shardCount: 4,
    allowLoopback,
    now: new Date('2026-01-01T00:00:00Z'),
  });

describe('readConfiguration', () => {
  it('reads connections and jobs with the defaults filled in', () => {
    const configuration = read(GOOD);

    expect(configuration.connections).toEqual([
      { name: 'acme', provider: 'vendor', settings: { region: 'here' }, secret: { name: 'clients', key: 'acme' } },
    ]);
    expect(configuration.jobs).toMatchObject([
      {
        kind: 'report',
        name: 'rows-daily',
        provider: 'vendor',
        formats: ['csv'],
        retention: { days: 365, mode: 'GOVERNANCE' },
      },
      { kind: 'alert', name: 'acme-alerts', everySeconds: 120, topic: 'alerts', stormThreshold: 100 },
    ]);
    expect(configuration.jobs[0]?.shard).toBe(configuration.jobs[1]?.shard);
  });

  it('takes comments, anchors and JSON', () => {
    expect(read(`${GOOD}  # the end\n`).connections).toHaveLength(1);
    expect(read('{"version":1,"connections":{}}').jobs).toEqual([]);
  });

  it.each([
    [
      'an unknown provider',
      ['provider: vendor', 'provider: vendro'],
      /^steward\.yaml:4:5: connections\.acme\.provider names the unknown provider vendro\. Did you mean vendor\?/,
    ],
    [
      'an unknown connection',
      ['connection: acme\n    source: rows', 'connection: acmee\n    source: rows'],
      /^steward\.yaml:9:5: .*unknown connection acmee\. Did you mean acme\?/,
    ],
    ['an unknown source', ['source: rows', 'source: row'], /^steward\.yaml:10:5: .*Did you mean rows\?/],
    ['an unknown alert source', ['source: alerts', 'source: alarm'], /^steward\.yaml:16:5: /],
    [
      'a setting that the provider refuses',
      ['region: here', 'region: there'],
      /^steward\.yaml:6:5: connections\.acme\.region is wrong: region must be one of: here/,
    ],
    ['a schedule that never fires', ['0 2 * * *', '0 2 30 2 *'], /^steward\.yaml:11:5: .*never fires/],
    ['a schedule that is none', ['0 2 * * *', 'daily at two'], /^steward\.yaml:11:5: .*not a cron expression/],
    ['an unknown zone', ['Europe/Berlin', 'Europe/Berlim'], /^steward\.yaml:12:5: .*IANA.*Did you mean Europe\/Berlin/],
    ['an offset for a zone', ['Europe/Berlin', '"+02:00"'], /^steward\.yaml:12:5: .*no summer time.*Etc\/GMT-2/],
    ['a schedule with a year', ['0 2 * * *', '0 0 2 * * * 2030'], /^steward\.yaml:11:5: .*not a cron expression/],
    [
      'an unknown key',
      ['schedule:', 'shedule:'],
      /^steward\.yaml:11:5: reports\.rows-daily\.shedule is not a setting here\. Did you mean schedule\?/,
    ],
    ['a missing key', ['    source: rows\n', ''], /^steward\.yaml:8:3: reports\.rows-daily\.source is missing/],
    [
      'a bad name',
      ['rows-daily:', 'Rows_Daily:'],
      /^steward\.yaml:8:3: reports\.Rows_Daily must be 1 to 63 small letters/,
    ],
    [
      'a bad interval',
      ['every: 2m', 'every: often'],
      /^steward\.yaml:17:5: alerts\.acme-alerts\.every must be a number with s, m or h/,
    ],
    ['a date that there is not', ['from: 2026-01-01,', 'from: 2026-02-30,'], /^steward\.yaml:19:11: .*must be a date/],
    ['a bad date', ['from: 2026-01-01,', 'from: soon,'], /^steward\.yaml:19:11: .*must be a date/],
    ['a wrong version', ['version: 1', 'version: 2'], /^steward\.yaml:1:1: version must be 1/],
    [
      'a topic that the stage does not have',
      ['every: 2m', 'topic: alert'],
      /^steward\.yaml:17:5: .*unknown topic alert\. Did you mean alerts\?/,
    ],
    ['broken YAML', ['version: 1', 'version: [1'], /^steward\.yaml:2:\d+: /],
    ['a key twice', ['version: 1', 'version: 1\nversion: 1'], /^steward\.yaml:2:\d+: .*unique/],
  ] as const)('points at %s', (_what, [from, to], message) => {
    expect(GOOD).toContain(from);
    expect(() => read(GOOD.replace(from, to))).toThrow(message);
  });

  it('refuses a job name that two kinds share', () => {
    expect(() => read(GOOD.replace('acme-alerts:', 'rows-daily:'))).toThrow(/names are one list/);
  });

  it.each([
    ['http://127.0.0.1:4000', /--allow-loopback/],
    ['http://proxy.example', /must be an https address/],
    ['nonsense', /must be an https address/],
  ])('refuses the endpoint %s', (endpoint, message) => {
    expect(() => read(GOOD.replace('region: here', `region: here\n    endpoint: ${endpoint}`))).toThrow(message);
  });

  it('takes a loopback endpoint where that was permitted', () => {
    const text = GOOD.replace('region: here', 'region: here\n    endpoint: http://127.0.0.1:4000');
    expect(read(text, true).connections[0]?.settings.endpoint).toBe('http://127.0.0.1:4000');
  });

  it('S90 keeps __proto__ out', () => {
    expect(() => read(`${GOOD}__proto__: { polluted: true }\n`)).toThrow(/__proto__ is not a setting here/);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
