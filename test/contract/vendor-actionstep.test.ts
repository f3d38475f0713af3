import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ErrorObject } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { HttpRequest } from '../../functions/core/http.ts';
import { createNoteJob } from '../../functions/core/notes/note.ts';
import { enableHook, keepHooks, listHooks } from '../../functions/providers/actionstep/hooks.ts';
import { hookSource } from '../../functions/providers/actionstep/hook-source.ts';
import { writeNote } from '../../functions/providers/actionstep/notes.ts';
import { consent, NOW, open, readAll, type Harness } from '../unit/providers/actionstep/harness.ts';
import { VENDOR_SPECS } from '../support/vendor-specs.ts';

/** The vendor's own OpenAPI documents stand beside the checkout and are not part of it. */
const SPECS = join(VENDOR_SPECS, 'actionstep');
const present = existsSync(SPECS);

interface Operation {
  readonly requestBody?: { readonly $ref: string };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: { readonly $ref: string } }>> }>
  >;
}

interface Schema {
  readonly type?: string;
  readonly $ref?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
}

interface Spec {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly requestBodies?: Readonly<
      Record<string, { readonly content: Readonly<Record<string, { readonly schema: { readonly $ref: string } }>> }>
    >;
  };
}

const specs = new Map<string, Spec>(
  present
    ? readdirSync(SPECS)
        .filter((name) => name.endsWith('.yml'))
        .map((name) => {
          const spec = parse(readFileSync(join(SPECS, name), 'utf8')) as Spec;
          return [Object.keys(spec.paths)[0]?.slice(1) ?? name, spec];
        })
    : [],
);

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
for (const [resource, spec] of specs) ajv.addSchema(spec, resource);

function errorsOf(resource: string, ref: string, value: unknown): readonly ErrorObject[] {
  const validate = ajv.compile({ $ref: `${resource}${ref}` });
  return validate(value) ? [] : (validate.errors ?? []);
}

const jsonSchema = (operation: Operation | undefined, status = '200') =>
  Object.values(operation?.responses[status]?.content ?? {})[0]?.schema.$ref ?? '';

/** Where the documents and recorded traffic disagree, the simulator follows the traffic. */
const DISAGREEMENTS: readonly {
  readonly reason: string;
  readonly is: (error: ErrorObject, value: unknown) => boolean;
}[] = [
  {
    reason: 'empty fields and links are null on the wire; the documents mark nothing as nullable',
    is: (error, value) => error.keyword === 'type' && value === null,
  },
  {
    reason: 'enumerations leave null out, too',
    is: (error, value) => error.keyword === 'enum' && value === null,
  },
  {
    reason: 'ids in links are text on the wire, integers in the documents',
    is: (error, value) => error.instancePath.includes('/links/') && typeof value === 'string',
  },
  {
    reason: 'a link to many is an array of ids; the documents of actions say integer',
    is: (error, value) => error.instancePath.includes('/links/') && Array.isArray(value),
  },
  {
    reason: 'hours and money are decimal text on the wire, numbers in the documents',
    is: (error, value) =>
      error.keyword === 'type' &&
      error.params.type === 'number' &&
      typeof value === 'string' &&
      /^-?[0-9]+\.[0-9]{2}$/u.test(value),
  },
  {
    reason: 'a page of one row holds the row, not an array of one',
    is: (error, value) =>
      error.keyword === 'type' && error.params.type === 'array' && typeof value === 'object' && value !== null,
  },
];

function at(value: unknown, pointer: string): unknown {
  let found = value;
  for (const part of pointer.split('/').slice(1)) found = (found as Record<string, unknown>)[part];
  return found;
}

const met = new Set<string>();

/** What no known disagreement explains. */
function unexplained(resource: string, ref: string, value: unknown): readonly string[] {
  return errorsOf(resource, ref, value).flatMap((error) => {
    const actual = at(value, error.instancePath);
    const known = DISAGREEMENTS.find(({ is }) => is(error, actual));
    if (known !== undefined) met.add(known.reason);
    return known === undefined ? [`${error.instancePath} ${error.message ?? ''}: ${JSON.stringify(actual)}`] : [];
  });
}

function body(
  harness: Harness,
  path: string,
  method = 'GET',
  content = '',
): { status: number; value: Record<string, unknown> } {
  const { accessToken } = consent(harness.model);
  const headers = { authorization: `Bearer ${accessToken}` };
  const answer = harness.model.handle({ method, url: `/api/rest/${path}`, headers, body: content }, NOW);
  return {
    status: answer.status,
    value: answer.body === '' ? {} : (JSON.parse(answer.body) as Record<string, unknown>),
  };
}

/** The documents have no query parameters and refer to the portal for them. */
const PORTAL_PARAMETERS = new Set(['page', 'pageSize', 'sort', 'fields', 'include']);
const OPERATORS = '(?:eq|nteq|lt|lteq|gt|gteq|like|ntlike|ilike|ntilike|in|ntin)';

function properties(spec: Spec, ref: string): readonly string[] {
  const schema = spec.components.schemas[ref.split('/').at(-1) ?? ''];
  const row = Object.values(schema?.properties ?? {}).find(({ type }) => type === 'array')?.items ?? schema;
  const record = row?.$ref === undefined ? row : spec.components.schemas[row.$ref.split('/').at(-1) ?? ''];
  const links = record?.properties?.links?.$ref;
  const linked = links === undefined ? undefined : spec.components.schemas[links.split('/').at(-1) ?? ''];
  return [...Object.keys(record?.properties ?? {}), ...Object.keys(linked?.properties ?? {})];
}

/** Complaints about a request: method and path, and every parameter. */
function complaints(request: HttpRequest): readonly string[] {
  const [resource = '', id] = request.url.pathname.replace('/api/rest/', '').split('/');
  const spec = specs.get(resource);
  const path = Object.keys(spec?.paths ?? {}).find((known) => known.endsWith('}') === (id !== undefined));
  const operation = spec?.paths[path ?? '']?.[request.method.toLowerCase()];
  if (spec === undefined || operation === undefined)
    return [`${request.method} ${request.url.pathname} is not documented`];
  const known = properties(spec, jsonSchema(spec.paths[`/${resource}`]?.get));
  const names = [...request.url.searchParams.keys()].filter((name) => !PORTAL_PARAMETERS.has(name));
  const sorted = (request.url.searchParams.get('sort') ?? '').split(',').filter((name) => name !== '');
  return [
    ...names.filter((name) => !known.some((field) => new RegExp(`^${field}_${OPERATORS}$`, 'u').test(name))),
    ...sorted.filter((name) => !known.includes(name.replace(/^-/u, ''))).map((name) => `sort by ${name}`),
  ];
}

const why = present ? '' : ` (skipped: the vendor's documents are not at ${SPECS})`;

describe.skipIf(!present)(`Actionstep's own documents${why}`, () => {
  it('are there, 35 resources', () => {
    expect(specs.size).toBe(35);
  });

  it.each([...specs.keys()])('take what the source sends for %s', async (resource) => {
    const harness = await open({ size: 6 });
    await readAll(harness, 'resource', { resource, pageSize: 4 });
    expect(harness.sent.length).toBeGreaterThan(0);
    expect(harness.sent.flatMap(complaints)).toEqual([]);
  });

  it('take what the alert source, the hooks and the notes send', async () => {
    const harness = await open({ size: 6 });
    const context = { ...harness.api.context, options: hookSource.parseOptions({}), now: NOW };
    for (const resource of [0, 1, 2, 3]) {
      await hookSource.readPage(harness.api.call, context, { from: new Date(0), to: NOW }, { resource, page: 1 });
    }
    await hookSource.readOne?.(harness.api.call, context, 'actions/1001');
    await keepHooks(harness.api.call, ['ActionUpdated'], 'https://hooks.example/a');
    const [hook] = await listHooks(harness.api.call);
    if (hook !== undefined) await enableHook(harness.api.call, hook);
    await writeNote(
      harness.api.call,
      harness.api.context,
      createNoteJob('run', { connection: 'c', action: '1001', text: 'x' }),
    );
    expect(harness.sent.flatMap(complaints)).toEqual([]);
    const bodies = harness.sent.filter(({ body: sent }) => sent !== undefined);
    expect(bodies.map(({ method, url }) => `${method} ${url.pathname.split('/')[3]}`)).toEqual([
      'POST resthooks',
      'PUT resthooks',
      'POST filenotes',
    ]);
    for (const { url, method, body: sent = '' } of bodies) {
      const resource = url.pathname.split('/')[3] ?? '';
      const path = method === 'PUT' ? `/${resource}/{id}` : `/${resource}`;
      const operation = specs.get(resource)?.paths[path]?.[method.toLowerCase()];
      const name = operation?.requestBody?.$ref.split('/').at(-1) ?? '';
      // The documents show bodies without the envelope that their own quick start and every client sends.
      const inner = (JSON.parse(sent) as Record<string, unknown>)[resource];
      expect(errorsOf(resource, `#/components/schemas/${name}`, inner)).toEqual([]);
    }
  });

  it.each([...specs.keys()])(
    'describe what the simulator answers for %s, or the difference is known',
    async (resource) => {
      const spec = specs.get(resource);
      const ref = jsonSchema(spec?.paths[`/${resource}`]?.get);
      const harness = await open({ size: 12 });
      harness.model.createRecord(
        'resthooks',
        { eventName: 'ActionUpdated', targetUrl: 'https://x.example/', status: 'Active', triggeredCount: 0 },
        NOW,
      );
      for (const path of [`${resource}?pageSize=5`, `${resource}?pageSize=5&page=2`, `${resource}?pageSize=1`]) {
        const { status, value } = body(harness, path);
        expect(status === 204 ? [] : unexplained(resource, ref, value)).toEqual([]);
      }
      const first = harness.model.records(resource)[0];
      const single = spec?.paths[`/${resource}/{id}`]?.get;
      if (first === undefined || single === undefined) return;
      // Single records are shown without their envelope: on the wire they have it.
      const { value } = body(harness, `${resource}/${first.id}`);
      expect(unexplained(resource, jsonSchema(single), value[resource])).toEqual([]);
    },
  );

  it('describe what the simulator answers to a new file note', async () => {
    const harness = await open();
    const content = JSON.stringify({ filenotes: { text: 'x', links: { action: 1001 } } });
    const { status, value } = body(harness, 'filenotes', 'POST', content);
    expect(status).toBe(200);
    expect(unexplained('filenotes', '#/components/schemas/FileNote', value.filenotes)).toEqual([]);
  });

  it('would notice: a flag that is a boolean and an id that is text are not explained away', () => {
    const ref = jsonSchema(specs.get('actions')?.paths['/actions']?.get);
    expect(unexplained('actions', ref, { actions: [{ id: '1', isDeleted: true, status: 'Gone' }] })).toHaveLength(3);
  });

  it('differ from the wire in every way that is listed', () => {
    expect([...met].toSorted()).toEqual(DISAGREEMENTS.map(({ reason }) => reason).toSorted());
  });
});
