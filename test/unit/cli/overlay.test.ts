import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfiguration } from '../../../infra/cli/configuration/configuration.ts';
import { overlayName, readConfigurationTexts } from '../../../infra/cli/configuration/overlay.ts';
import { configurationProvider } from '../../support/fake-provider.ts';

const BASE = `# what every stage has
version: 1
x-daily: &daily { schedule: "0 2 * * *", zone: Europe/Berlin } # written once
connections:
  acme: { provider: vendor, secret: clients#acme, region: here }
reports:
  rows-daily: { <<: *daily, connection: acme, source: rows, formats: [csv, parquet], retention: { days: 30 } }
alerts:
  acme-alerts: { connection: acme, source: alerts, every: 2m }
`;

const read = (overlay: string, base = BASE) =>
  readConfiguration({
    fileName: 'steward.yaml',
    text: base,
    overlay: { fileName: 'steward.production.yaml', text: overlay },
    providers: { vendor: configurationProvider('vendor') },
    topics: ['alerts', 'events'],
    shardCount: 1,
    allowLoopback: false,
    now: new Date('2026-01-01T00:00:00Z'),
  });

describe('an overlay of steward.yaml', () => {
  it('changes what it names and nothing else: maps are merged, lists are replaced', () => {
    const [report] = read(`reports: { rows-daily: { formats: [jsonl], retention: { mode: COMPLIANCE } } }`).jobs;

    expect(report).toMatchObject({
      cron: '0 2 * * *',
      zone: 'Europe/Berlin',
      formats: ['jsonl'],
      retention: { days: 30, mode: 'COMPLIANCE' },
    });
  });

  it('adds by a new name, and takes away with null', () => {
    const { connections, jobs } = read(`
connections: { blue: { provider: vendor, secret: clients#blue, region: here } }
alerts: { acme-alerts: null }
`);

    expect(connections.map(({ name }) => name)).toEqual(['acme', 'blue']);
    expect(jobs.map(({ name }) => name)).toEqual(['rows-daily']);
  });

  it('may be empty, and may hold comments and anchors of its own', () => {
    expect(read('').jobs).toHaveLength(2);
    const text = `x-often: &often { every: 30s } # here only\nalerts: { acme-alerts: { <<: *often } }`;
    expect(read(text).jobs[1]).toMatchObject({ everySeconds: 30 });
  });

  it.each([
    [
      'a slip in the overlay, in the overlay',
      'alerts:\n  acme-alerts: { every: often }',
      /^steward\.production\.yaml:2:18: alerts\.acme-alerts\.every must be a number/,
    ],
    [
      'an unknown key of the overlay, with the nearest',
      'reports:\n  rows-daily:\n    retension: { days: 3 }',
      /^steward\.production\.yaml:3:5: reports\.rows-daily\.retension .*Did you mean retention\?/,
    ],
    [
      'a name that the overlay misspells: its entry is not whole',
      'reports:\n  rows-dayly: { paused: true }',
      /^steward\.production\.yaml:2:3: reports\.rows-dayly\.connection is missing/,
    ],
    [
      'a setting that the provider refuses, where it was written',
      'connections:\n  acme:\n    region: there',
      /^steward\.production\.yaml:3:5: connections\.acme\.region is wrong/,
    ],
    [
      'what is taken away and not there',
      'alerts:\n  acme-alert: null',
      /^steward\.production\.yaml:2:3: alerts\.acme-alert takes away what steward\.yaml does not have\. Did you mean acme-alerts\?/,
    ],
    [
      'what is taken away and needed',
      'reports:\n  rows-daily: { source: ~ }',
      /^steward\.production\.yaml:2:17: reports\.rows-daily\.source is missing/,
    ],
    ['another version', 'version: 2', /^steward\.production\.yaml:1:1: version must be 1/],
    ['broken YAML', 'alerts: [', /^steward\.production\.yaml:1:\d+: /],
  ])('points at %s', (_what, overlay, message) => {
    expect(() => read(overlay)).toThrow(message);
  });

  it.each([
    [
      'a slip of the base, in the base',
      ['every: 2m', 'every: often'],
      /^steward\.yaml:9:52: alerts\.acme-alerts\.every/,
    ],
    [
      'a setting of the base',
      ['region: here', 'region: there'],
      /^steward\.yaml:5:51: connections\.acme\.region is wrong/,
    ],
    ['what the base lacks', ['source: rows, ', ''], /^steward\.yaml:7:3: reports\.rows-daily\.source is missing/],
  ] as const)('points at %s, though the overlay speaks of its neighbours', (_what, [from, to], message) => {
    const overlay = 'connections: { acme: { requestsPerMinute: 5 } }\nalerts: { acme-alerts: { stormThreshold: 5 } }';
    expect(BASE).toContain(from);
    expect(() => read(overlay, BASE.replace(from, to))).toThrow(message);
  });

  it('S90 keeps __proto__ out', () => {
    expect(() => read('__proto__: { polluted: true }')).toThrow(/__proto__ is not a setting here/);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('readConfigurationTexts', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'steward-overlay-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('finds the overlay of the stage beside the file, and no other’s', () => {
    const file = join(folder, 'steward.yaml');
    writeFileSync(file, 'version: 1');
    writeFileSync(join(folder, 'steward.production.yaml'), 'alerts: {}');

    expect(readConfigurationTexts(file, 'production', '--file').overlay).toEqual({
      fileName: join(folder, 'steward.production.yaml'),
      text: 'alerts: {}',
    });
    expect(readConfigurationTexts(file, 'staging', '--file').overlay).toBeUndefined();
  });

  it.each([
    ['steward.yaml', 'steward.production.yaml'],
    ['here/msp.yml', 'here/msp.production.yml'],
    ['plain', 'plain.production'],
  ])('calls the overlay of %s %s', (file, name) => {
    expect(overlayName(file, 'production')).toBe(name);
  });

  it('says how to name another file', () => {
    expect(() => readConfigurationTexts(join(folder, 'none.yaml'), 'local', '--config')).toThrow(
      /^There is no .*none\.yaml\. Name another with --config/,
    );
  });
});
