import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { PROVIDERS } from '../../../functions/providers/registry.ts';
import { readConfiguration } from '../../../infra/cli/configuration/configuration.ts';
import { configurationSchema, overlaySchema } from '../../../infra/cli/configuration/json-schema.ts';
import type { ConfigurationText } from '../../../infra/cli/configuration/overlay.ts';
import { readSecretsFile } from '../../../infra/local/secrets-file.ts';

const CLI = new URL('../../../infra/cli/', import.meta.url);
const textOf = (name: string) => readFileSync(new URL(name, CLI), 'utf8');
const FILES = readdirSync(new URL('examples', CLI)).filter((name) => name.endsWith('.yaml'));
const EXAMPLES = FILES.filter((name) => !/\..*\./.test(name));

const read = (fileName: string, text: string, overlay?: ConfigurationText) =>
  readConfiguration({
    fileName,
    text,
    ...(overlay === undefined ? {} : { overlay }),
    providers: PROVIDERS,
    topics: ['alerts', 'events'],
    shardCount: 2,
    allowLoopback: false,
    now: new Date('2026-01-01T00:00:00Z'),
  });
const validatorOf = (name: string) =>
  new Ajv({ allErrors: true, strict: false }).compile(JSON.parse(textOf(name)) as object);
const validate = validatorOf('steward.schema.json');
const validateOverlay = validatorOf('steward.overlay.schema.json');
const isValid = (text: string) => validate(parseDocument(text, { merge: true }).toJS());

describe('the shipped examples', () => {
  it('are for a law firm, many clients, an auditor, all three vendors, and any other', () => {
    expect(EXAMPLES).toEqual([
      'generic-oauth2.yaml',
      'law-firm.yaml',
      'managed-services.yaml',
      'patch-compliance.yaml',
      'steward.yaml',
    ]);
  });

  it.each(EXAMPLES)('%s is read, and fits the schema that it names', (name) => {
    const text = textOf(`examples/${name}`);
    const { connections, jobs } = read(name, text);
    expect(connections.length).toBeGreaterThan(0);
    expect(jobs.length).toBeGreaterThan(1);
    isValid(text);
    expect(validate.errors ?? []).toEqual([]);
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\.\/steward\.schema\.json\n/);
  });

  it('have an overlay that fits its schema and is laid over', () => {
    const overlay = { fileName: 'steward.staging.yaml', text: textOf('examples/steward.staging.yaml') };
    expect(FILES.filter((name) => !EXAMPLES.includes(name))).toEqual([overlay.fileName]);
    validateOverlay(parseDocument(overlay.text).toJS());
    expect(validateOverlay.errors ?? []).toEqual([]);

    const { connections, jobs } = read('steward.yaml', textOf('examples/steward.yaml'), overlay);

    expect(connections[0]?.settings).toMatchObject({ environment: 'staging' });
    expect(jobs.find(({ name }) => name === 'matters')).toMatchObject({
      zone: 'Australia/Sydney',
      retention: { days: 1 },
    });
    expect(jobs.map(({ name }) => name)).not.toContain('new-vulnerabilities');
  });

  it('write what clients have in common once', () => {
    const { jobs, connections } = read('managed-services.yaml', textOf('examples/managed-services.yaml'));
    expect(jobs.find(({ name }) => name === 'acme-vulnerabilities')).toMatchObject({
      cron: '0 4 * * *',
      zone: 'Europe/Berlin',
      retention: { days: 730 },
      formats: ['csv', 'parquet'],
    });
    expect(jobs.find(({ name }) => name === 'cedar-clinics-vulnerabilities')).toMatchObject({ zone: 'Europe/London' });
    expect(connections.find(({ name }) => name === 'cedar-clinics-endpoints')?.settings).toMatchObject({
      region: 'UnitedKingdom',
      requestsPerMinute: 15,
    });
  });

  it.each([
    ['window: {', 'windw: {', 'windw', 'reports.invoices.options.windw is not a setting here. Did you mean window?'],
    [
      'stamp: up',
      'stmp: up',
      'stmp',
      'reports.invoices.options.window.stmp is not a setting here. Did you mean stamp?',
    ],
    ['P2: high', 'P2: hihg', 'P2', 'alerts.incidents.filter.severity.map.P2 must be one of critical, high, medium'],
    ['tokenUrl: https://auth', 'tokenUrl: http://auth', 'tokenUrl', 'connections.monitor.tokenUrl must be an https'],
  ])('point inside a recipe: %s → %s', (from, to, at, message) => {
    const lines = textOf('examples/generic-oauth2.yaml').replace(from, to).split('\n');
    const line = lines.findIndex((text) => text.includes(to));
    const column = (lines[line] ?? '').indexOf(at);
    expect(() => read('e.yaml', lines.join('\n'))).toThrow(`e.yaml:${line + 1}:${column + 1}: ${message}`);
  });

  it('have a secrets file that is one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'steward-example-'));
    const file = join(folder, 'secrets.json');
    writeFileSync(file, textOf('examples/secrets.json'), { mode: 0o600 });
    expect(Object.keys(readSecretsFile(file))).toEqual(['actionstep', 'action1', 'opsramp', 'ledger', 'monitor']);
    rmSync(folder, { recursive: true });
  });
});

describe('the JSON Schema of an overlay', () => {
  it('is the one that the code makes: npm run schema writes it anew', () => {
    expect(JSON.parse(textOf('steward.overlay.schema.json'))).toEqual(overlaySchema(PROVIDERS));
  });

  it.each([
    ['nothing', {}, true],
    ['one member of a job', { reports: { x: { paused: true } } }, true],
    ['a job that goes', { alerts: { x: null } }, true],
    ['a member that goes', { reports: { x: { retention: null } } }, true],
    ['half a retention', { reports: { x: { retention: { mode: 'COMPLIANCE' } } } }, true],
    ['an unknown section', { alarms: {} }, false],
    ['an unknown member', { reports: { x: { shedule: '0 0 * * *' } } }, false],
    ['an unknown provider', { connections: { x: { provider: 'opsrampp' } } }, false],
    ['a wrong value', { alerts: { x: { every: 'often' } } }, false],
  ])('takes or refuses %s', (_what, value, expected) => {
    expect(validateOverlay(value)).toBe(expected);
  });
});

describe('the JSON Schema of steward.yaml', () => {
  it('is the one that the code makes: npm run schema writes it anew', () => {
    expect(JSON.parse(textOf('steward.schema.json'))).toEqual(configurationSchema(PROVIDERS));
  });

  const GOOD = `version: 1
connections:
  acme: { provider: opsramp, host: acme.api.opsramp.com, tenantId: client_1, secret: opsramp }
reports:
  history: { connection: acme, source: alert-history, schedule: "0 0 * * *", formats: [csv], retention: { days: 7 } }
alerts:
  open: { connection: acme, source: alerts, every: 1m, stormThreshold: 5 }
`;

  it('takes what is right', () => {
    expect(isValid(GOOD)).toBe(true);
    expect(read('steward.yaml', GOOD).jobs).toHaveLength(2);
  });

  it.each([
    ['another version', 'version: 1', 'version: 2'],
    ['no version', 'version: 1\n', ''],
    ['an unknown section', 'alerts:', 'alarms:'],
    ['an unknown provider', 'provider: opsramp', 'provider: opsrampp'],
    ['no provider', 'provider: opsramp, ', ''],
    ['a name with capitals', 'acme: {', 'Acme: {'],
    ['a secret with blanks', 'secret: opsramp', 'secret: "ops ramp"'],
    ['an unknown member', 'schedule:', 'shedule:'],
    ['an unknown source', 'source: alert-history', 'source: alert-histories'],
    ['an unknown alert source', 'source: alerts', 'source: alert'],
    ['no formats', 'formats: [csv]', 'formats: []'],
    ['an unknown format', 'formats: [csv]', 'formats: [xlsx]'],
    ['retention without days', 'days: 7', 'mode: GOVERNANCE'],
    ['retention of no day', 'days: 7', 'days: 0'],
    ['retention for ever', 'days: 7', 'days: 36501'],
    ['an interval in words', 'every: 1m', 'every: often'],
    ['an interval of nothing', 'every: 1m', 'every: 0s'],
    ['a threshold of nothing', 'stormThreshold: 5', 'stormThreshold: 0'],
  ])('refuses %s, as the command does', (_what, from, to) => {
    expect(GOOD).toContain(from);
    const text = GOOD.replace(from, to);
    expect(isValid(text)).toBe(false);
    expect(() => read('steward.yaml', text)).toThrow(/^steward\.yaml:\d+:\d+: /);
  });
});
