import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { JsonObject } from '../../functions/core/json.ts';
import type { ApiRequest, CallApi } from '../../functions/core/provider.ts';
import type { ReportSource } from '../../functions/core/reports/source.ts';
import { toAlert } from '../../functions/providers/opsramp/alert-mapping.ts';
import { parseInstant } from '../../functions/providers/opsramp/dates.ts';
import { parseList } from '../../functions/providers/opsramp/paging.ts';
import { opsramp } from '../../functions/providers/opsramp/provider.ts';
import { NOW, opsrampBench, readAlerts, readReport, response } from '../support/opsramp.ts';
import { VENDOR_SPECS } from '../support/vendor-specs.ts';

/** The vendor's own OpenAPI documents lie beside the checkout, not in it. */
const SPECS = join(VENDOR_SPECS, 'opsramp');
const absent = !existsSync(join(SPECS, 'alerts.v2.yaml'));
const why = absent ? ` (skipped: the vendor's documents are not at ${SPECS})` : '';

interface Operation {
  readonly parameters?: readonly { readonly name: string }[];
  readonly requestBody?: { content: Record<string, { examples: Record<string, { value: object }> }> };
  readonly responses: Record<string, { content?: Record<string, { examples?: Record<string, { value: unknown }> }> }>;
}

interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
}

/** Pages of the vendor's documentation have these; the documents that are to be had do not (providers/opsramp.md). */
const ELSEWHERE: ReadonlySet<string> = new Set(['resources/search', 'incidents/search']);

const T = '/api/v2/tenants/{tenantId}';
const documents: Record<string, Document> = {};

function operation(name: string, path: string, method: string): Operation {
  const found = documents[name]?.paths[path]?.[method];
  if (found === undefined) throw new Error(`${method} ${path} is not in ${name}`);
  return found;
}

function example(name: string, path: string, method = 'get', status = '200', which?: string): unknown {
  const examples = operation(name, path, method).responses[status]?.content?.['application/json']?.examples ?? {};
  const value = which === undefined ? Object.values(examples)[0]?.value : examples[which]?.value;
  return typeof value === 'string' ? (JSON.parse(value) as unknown) : value;
}

const itemsOf = (list: unknown) => (list as { results: JsonObject[] }).results;

describe.skipIf(absent)(`OpsRamp's own documents${why}`, () => {
  beforeAll(() => {
    for (const name of ['alerts', 'auth', 'patching']) {
      documents[name] = parse(readFileSync(join(SPECS, `${name}.v2.yaml`), 'utf8')) as Document;
    }
  });

  it('has a token reply and failures that we read', () => {
    const settings = opsramp.parseSettings({ host: 'a.opsramp.com', tenantId: 'client_1' });
    const path = '/auth/oauth/token';
    const reply = opsramp.token.reply(response(200, example('auth', path, 'post')), settings);
    expect(reply).toMatchObject({ expiresInSeconds: 7199, scopes: ['global:manage'] });
    for (const status of ['400', '401']) {
      const failing = () =>
        opsramp.token.reply(response(Number(status), example('auth', path, 'post', status)), settings);
      expect(failing).toThrow(expect.objectContaining({ code: 'CLIENT_REJECTED' }));
    }
  });

  it('has alerts that we read whole', () => {
    const search = example('alerts', `${T}/alerts/search`);
    const page = parseList(response(200, search), { path: 'alerts/search', pageNo: 1 });
    expect(page).toMatchObject({ total: itemsOf(search).length, more: false });
    const singles = ['example-raw', 'example-inference'].map((which) =>
      example('alerts', `${T}/alerts/{alertId}`, 'get', '200', which),
    );
    for (const item of [...page.items, ...(singles as JsonObject[])]) {
      expect(toAlert(item)).toMatchObject({
        id: item.uniqueId,
        title: item.subject,
        raisedAt: parseInstant(item.createdDate),
        changedAt: expect.any(Date),
      });
      expect(toAlert(item)?.resource).not.toBe('unknown');
    }
  });

  it.each([
    ['patch-compliance', `${T}/patches/compliance`, 'complianceId'],
    ['patch-status', `${T}/resources/patches`, 'patchId'],
  ])('has a list that %s reads whole', async (name, path, key) => {
    const list = example('patching', path);
    const devices = example('patching', `${T}/patches/compliance/{complianceId}/devices`);
    const bench = opsrampBench();
    const api = await bench.open();
    const call: CallApi = async (request) => response(200, request.path.endsWith('devices') ? devices : list);
    const { rows, last } = await readReport({ ...api, call }, opsramp.sources[name] as ReportSource);
    expect(rows.length).toBe(itemsOf(list).length);
    expect(rows.every((row) => typeof row[key] === 'string')).toBe(true);
    expect(last.completeness).toBe('reconciled');
  });

  it('declares every operation that we call and every parameter that we send, but for what it keeps elsewhere', async () => {
    const bench = opsrampBench({ alerts: 30 });
    const api = await bench.open();
    const asked: ApiRequest[] = [];
    const call: CallApi = (request) => {
      asked.push(request);
      return api.call(request);
    };
    for (const source of Object.values(opsramp.sources)) await readReport({ ...api, call }, source);
    for (const source of Object.values(opsramp.alertSources)) {
      const [first] = await readAlerts({ ...api, call }, source, { from: new Date(0), to: NOW });
      const context = { ...api.context, options: source.parseOptions({}), now: NOW };
      await source.readOne?.(call, context, first?.id ?? '');
    }

    const templates = new Set<string>();
    const undeclared: string[] = [];
    for (const { method, path, query } of asked) {
      const template = path.replace(/PCMP-[^/]+/u, '{complianceId}').replace(/^alerts\/\d+$/u, 'alerts/{alertId}');
      templates.add(`${method} ${template}`);
      if (ELSEWHERE.has(template)) continue;
      const declared = operation(path.startsWith('alerts') ? 'alerts' : 'patching', `${T}/${template}`, 'get');
      const names = (declared.parameters ?? []).map(({ name }) => name);
      undeclared.push(...(query ?? []).flatMap(([name]) => (names.includes(name) ? [] : [`${template}: ${name}`])));
    }
    expect([...new Set(undeclared)]).toEqual([]);
    expect([...templates].toSorted()).toEqual([
      'GET alerts/search',
      'GET alerts/{alertId}',
      'GET incidents/search',
      'GET patches/compliance',
      'GET patches/compliance/{complianceId}/devices',
      'GET resources/patches',
      'GET resources/search',
    ]);
  });

  it('declares the members of a token call', () => {
    const settings = opsramp.parseSettings({ host: 'a.opsramp.com', tenantId: 'client_1' });
    const { url, body = '' } = opsramp.token.request({ type: 'client-credentials' }, settings, {
      clientId: 'k',
      clientSecret: 's',
    });
    // Both paths are in use: this document has the older one, the vendor's newer pages have ours.
    expect(url.pathname).toBe('/tenancy/auth/oauth/token');
    const { requestBody } = operation('auth', '/auth/oauth/token', 'post');
    const shown = requestBody?.content['application/x-www-form-urlencoded']?.examples['example-1']?.value ?? {};
    expect([...new URLSearchParams(body).keys()]).toEqual(Object.keys(shown));
  });

  it.each([
    ['alerts', 'alerts/search', 'alerts/search', ['app', 'component', 'healedTimeString', 'statusHistory']],
    ['alerts', 'alerts/{alertId}', 'alerts/389001', ['healedTimeString', 'component', 'incidentId']],
    ['patching', 'patches/compliance', 'patches/compliance', []],
    ['patching', 'resources/patches', 'resources/patches', ['resource']],
  ])(
    '%s: the simulator answers %s with the members and types of the sample',
    async (name, template, path, seenElsewhere) => {
      const bench = opsrampBench({ alerts: 30 });
      const api = await bench.open();
      const answered = JSON.parse(
        new TextDecoder().decode((await api.call({ method: 'GET', path })).body),
      ) as JsonObject;
      const sample = example(name, `${T}/${template}`) as JsonObject;
      const shared = Object.entries(answered).filter(([member]) => member in sample);
      expect(typesOf(sample)).toMatchObject(typesOf(Object.fromEntries(shared)));
      expect(shared.length).toBeGreaterThan(5);
      const [ours, theirs] = [answered, sample].map((body) =>
        Array.isArray(body.results) ? (body.results[0] as JsonObject) : body,
      );
      const known = Object.fromEntries(
        Object.entries(ours ?? {}).filter(([member]) => !seenElsewhere.includes(member)),
      );
      expect(typesOf(theirs ?? {})).toMatchObject(typesOf(known));
    },
  );
});

/** Each member's type; of dates, that they are written like the sample's. */
function typesOf(item: JsonObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(item).map(([member, value]) => {
      const isDate = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\+0000$/u.test(value);
      return [member, Array.isArray(value) ? 'list' : isDate ? 'date' : typeof value];
    }),
  );
}
