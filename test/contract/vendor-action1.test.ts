import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { action1 } from '../../functions/providers/action1/provider.ts';
import { createWorld, type Exchange } from '../unit/providers/action1/world.ts';
import { VENDOR_SPECS } from '../support/vendor-specs.ts';

const SPEC = join(VENDOR_SPECS, 'action1-openapi.json');
const present = existsSync(SPEC);
const ROOT = '/api/3.0';

interface Parameter {
  readonly $ref?: string;
  readonly name: string;
  readonly in: string;
  readonly schema?: object;
}
interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<Record<string, object>>;
}
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly parameters: Readonly<Record<string, Parameter>> };
}

const skipped = present ? '' : ` (skipped: the vendor's document is not at ${SPEC})`;

describe.skipIf(!present)(`Action1 and its OpenAPI document${skipped}`, () => {
  let document: OpenApi;
  let ajv: Ajv2020;
  let exchanges: readonly Exchange[];

  beforeAll(async () => {
    // `"type": "any"` in AuditEvent.details is no JSON Schema.
    const text = readFileSync(SPEC, 'utf8').replaceAll(/"type":\s*"any"/g, '"title": "any"');
    document = JSON.parse(text) as OpenApi;
    ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false, validateSchema: false });
    ajv.addSchema({ ...document }, 'spec');
    exchanges = await everything();
  });

  const operationOf = ({ request }: Exchange) => {
    const path = new URL(request.url).pathname.slice(ROOT.length);
    const template = Object.keys(document.paths).find((candidate) =>
      new RegExp(`^${candidate.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
    );
    const operation = template === undefined ? undefined : document.paths[template]?.[request.method.toLowerCase()];
    return { name: `${request.method} ${template ?? path}`, template, operation };
  };

  it('makes every request that the sources and alert sources have', () => {
    const made = new Set(exchanges.map((exchange) => operationOf(exchange).name));
    expect([...made].sort()).toEqual([
      'GET /audit/events',
      'GET /automations/instances/{orgId}',
      'GET /automations/instances/{orgId}/{instanceId}/endpoint-results',
      'GET /endpoints/managed/{orgId}',
      'GET /installed-software/{orgId}/data',
      'GET /organizations',
      'GET /reportdata/{orgId}/{reportId}/data',
      'GET /reportdata/{orgId}/{reportId}/data/{reportRowId}/drilldown',
      'GET /reportdata/{orgId}/{reportId}/errors',
      'GET /reportdata/{orgId}/{reportId}/export',
      'GET /reports/all',
      'GET /reports/all/{reportOrCategoryId}',
      'GET /search/{orgId}',
      'GET /updates/{orgId}',
      'GET /vulnerabilities/{orgId}',
      'GET /vulnerabilities/{orgId}/{cveId}/endpoints',
      'POST /oauth2/token',
      'POST /reportdata/{orgId}/{reportId}/requery',
    ]);
  });

  it('asks only with documented parameters and values', () => {
    const wrong = exchanges.flatMap((exchange) => {
      const { name, operation } = operationOf(exchange);
      const known = (operation?.parameters ?? []).map((one) => resolve(document, one));
      return [...new URL(exchange.request.url).searchParams].flatMap(([key, value]) => {
        const parameter = known.find((one) => one.in === 'query' && one.name === key);
        if (parameter === undefined) return [`${name}: ${key} is not documented`];
        const fits = ajv.compile({ ...inSpec(parameter.schema ?? {}) });
        return fits(/^\d+$/.test(value) && !fits(value) ? Number(value) : value) ? [] : [`${name}: ${key}=${value}`];
      });
    });
    expect([...new Set(wrong)].sort()).toEqual(Object.keys(UNDOCUMENTED_PARAMETERS).sort());
  });

  it('sends a token call as documented', () => {
    const [{ request }] = exchanges as readonly [Exchange];
    const fits = ajv.compile({
      $ref: 'spec#/paths/~1oauth2~1token/post/requestBody/content/application~1json/schema',
    });
    expect(request.headers['content-type']).toBe('application/json');
    const body: unknown = JSON.parse(request.body ?? '');
    // Authorization and Refresh have no required members, so that both fit where one should.
    expect(fits(body) || fits.errors?.every(({ keyword }) => keyword === 'oneOf')).toBe(true);
    expect(Object.keys(body as object).sort()).toEqual(['client_id', 'client_secret']);
  });

  it('gets answers as documented, but for the disagreements that are known', () => {
    const unknown = new Set<string>();
    const met = new Set<string>();
    for (const exchange of exchanges) {
      const { name, template } = operationOf(exchange);
      const { status, headers, body } = exchange.answer;
      if (template === undefined) continue;
      if (!(headers['content-type'] ?? '').startsWith('application/json')) continue;
      const pointer = `spec#/paths/${template.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')}/${exchange.request.method.toLowerCase()}/responses/${status}`;
      const fits = ajv.compile({ $ref: schemaOf(document, pointer) });
      if (fits(JSON.parse(body))) continue;
      for (const error of fits.errors ?? []) {
        const known = KNOWN.find((one) => one.matches(name, error));
        if (known === undefined)
          unknown.add(`${name} ${status} ${place(error)} ${error.keyword}: ${error.message ?? ''}`);
        else met.add(known.why);
      }
    }
    expect([...unknown]).toEqual([]);
    // A disagreement that is no longer met is to be taken off the list.
    expect(KNOWN.map(({ why }) => why).filter((why) => !met.has(why))).toEqual([]);
  });

  it('exports files under the documented headers', () => {
    const files = exchanges.filter(({ request }) => request.url.includes('/export?'));
    expect(files.length).toBeGreaterThan(0);
    for (const { answer } of files) {
      expect(answer.headers).toMatchObject({ 'content-transfer-encoding': 'Binary', 'content-type': 'text/csv' });
      expect(answer.headers['content-disposition']).toMatch(/^attachment; filename=".+"$/);
    }
  });
});

/** Parameters that the document does not have and the service takes. */
const UNDOCUMENTED_PARAMETERS: Readonly<Record<string, string>> = {
  // Echoed by live `self` addresses, used by the vendor's own module.
  'GET /organizations: from is not documented': 'providers/action1.md 3.1',
  'GET /organizations: limit is not documented': 'providers/action1.md 3.1',
};

interface Disagreement {
  readonly why: string;
  matches(operation: string, error: ErrorObject): boolean;
}

const at = (pattern: RegExp, keyword: string | null, why: string, operation = /./): Disagreement => ({
  why,
  matches: (name, error) =>
    operation.test(name) && pattern.test(place(error)) && (keyword === null || keyword === error.keyword),
});

/** Where the document and the wire are known to differ, with the section of providers/action1.md that says so. */
const KNOWN: readonly Disagreement[] = [
  // An OS is at once one of the Windows names and one of the macOS names.
  at(/\/OS$/, 'enum', '3.2: OS is declared as all of two disjoint lists'),
  // Live objects have Windows_64 and macOS_ARM.
  at(/\/platform$/, 'enum', '3.2: platform is an open string', /endpoints\/managed/),
  // The document intersects SUCCESS, WARNING and ERROR with UNDEFINED, which leaves nothing.
  at(/\/(update|vulnerability)_status$/, 'enum', '3.2: the two status fields have an empty set of values'),
  at(/\/custom\/\*$/, 'oneOf', '3.2: custom attributes are one of five times the same schema'),
  at(/\/versions\/\*$/, 'oneOf', '3.6: versions of Windows and of macOS packages are not told apart'),
  // An update of Windows is declared as an update of an application with one more constant for the same field.
  at(/\/update_type$/, 'const', '3.6: update_type is two constants at once for Windows updates', /\/updates\//),
  at(/^\/items\/\*$/, 'anyOf', '3.6: which leaves Windows updates without a schema', /\/updates\//),
  at(
    /^\/items\/\*$/,
    'oneOf',
    '3.5: rows of summary, simple and expanded reports are not told apart',
    /\/reportdata\//,
  ),
  at(/\/actions$/, 'minItems', '3.9: actions are empty in lists, as the document itself says beside it'),
  at(/^\/status$/, 'type', '2.6: the status of an error is a number in every example and answer'),
];

function place({ instancePath }: ErrorObject): string {
  return instancePath.replaceAll(/\/\d+/g, '/*');
}

function inSpec(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"spec#/')) as object;
}

function resolve(document: OpenApi, parameter: Parameter): Parameter {
  const name = parameter.$ref?.split('/').at(-1);
  return name === undefined ? parameter : (document.components.parameters[name] ?? parameter);
}

/** The pointer of a response's JSON schema, through a shared response where it is one. */
function schemaOf(document: OpenApi, pointer: string): string {
  const parts = pointer
    .slice('spec#/'.length)
    .split('/')
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'));
  const found = parts.reduce<unknown>(
    (value, part) => (value as Record<string, unknown> | undefined)?.[part],
    document,
  );
  const shared = (found as { readonly $ref?: string } | undefined)?.$ref;
  return `${shared === undefined ? pointer : `spec${shared}`}/content/application~1json/schema`;
}

/** Every call that we make, and some of the answers that we would rather not get. */
async function everything(): Promise<readonly Exchange[]> {
  const world = createWorld({
    tokenLifetimeSeconds: 3600,
    organizations: 2,
    endpointsPerOrganization: 50,
    productsPerOrganization: 10,
    vulnerabilitiesPerOrganization: 20,
  });
  const { sources, alertSources } = action1;
  const window = { from: new Date('2026-05-20T00:00:00Z'), to: new Date('2026-05-20T06:00:00Z') };
  const jobs: readonly (readonly [string, object])[] = [
    ['endpoints', { counts: true }],
    ['endpoints', {}],
    ['missing-updates', { approval: '-Declined' }],
    ['missing-updates', { severity: 'Critical', superseded: true }],
    ['installed-software', { filter: 'chrome' }],
    ['vulnerabilities', { severity: 'Critical', remediationStatus: 'All_except_control_applied' }],
    ['vulnerabilities', { affectedEndpoints: true }],
    ['audit-events', { events: ['Login', 'View Report'] }],
    ['report', { report: 'Antivirus Status', requery: { coverage: 0.9 }, vendorCsv: true, filter: 'a' }],
    ['report', { report: 'Installed Software', details: true, liveOnly: true }],
    ['report', { report: 'Installed Software', drilldown: true, liveOnly: true }],
  ];
  for (const [name, options] of jobs) {
    const source = sources[name];
    if (source !== undefined) await world.drain(source, options, window);
  }
  for (const source of Object.values(alertSources)) {
    const { alerts, enrich } = await world.pass(source);
    if (alerts[0] !== undefined) await enrich(alerts[0]);
  }
  const report = sources['report'];
  if (report !== undefined) await world.drain(report, { report: 'no_such_report' }).catch(() => undefined);
  const vulnerabilities = alertSources['vulnerabilities'];
  if (vulnerabilities !== undefined) {
    await world.pass(vulnerabilities, { knownExploited: false, overdue: false });
    world.model.control.expireTokens();
    await world.pass(vulnerabilities).catch(() => undefined);
  }
  return world.exchanges;
}
