import { collection, failure, LINK_TYPES, single } from './envelope.ts';
import type { ActionstepSimulatorOptions } from './options.ts';
import { select } from './query.ts';
import { genericRecords } from './generic-records.ts';
import { makeRecords, PERSON_PARTICIPANT, type CreatedRecord, type SimulatedRecord } from './records.ts';
import type { Grant } from './token-endpoint.ts';
import { stampText, type ModelRequest, type ModelResponse } from './wire.ts';

/** Stamp that a write moves, by resource. */
const MODIFIED: Readonly<Record<string, string>> = {
  actions: 'modifiedTimestamp',
  participants: 'modifiedTimestamp',
  actiondocuments: 'modifiedTimestamp',
  bills: 'modifiedTimestamp',
  tasks: 'lastModifiedTimestamp',
};

/** Stamp that creation sets. */
const CREATED: Readonly<Record<string, string>> = {
  filenotes: 'enteredTimestamp',
  disbursements: 'enteredTimestamp',
  timeentries: 'createdTimestamp',
  timerecords: 'createdTimestamp',
  actions: 'createdTimestamp',
  participants: 'createdTimestamp',
};

/** What tests may do to paging: both happen when records change while somebody reads. */
export interface PagingTrouble {
  /** Pages of this resource from the second on begin so many rows early (doubled rows) or late (lost rows, negative). */
  readonly resource: string;
  readonly shift: number;
  /** Added to `recordCount` from the second page on. */
  readonly totalDrift: number;
}

/** The records and how they are asked for. */
export interface Rest {
  handle(request: ModelRequest, url: URL, grant: Grant, now: Date): ModelResponse;
  records(resource: string): SimulatedRecord[];
  create(resource: string, fields: Partial<SimulatedRecord>, now: Date): CreatedRecord;
  change(resource: string, id: string, fields: Partial<SimulatedRecord>, now: Date): SimulatedRecord;
  remove(resource: string, id: string): void;
  trouble: PagingTrouble | undefined;
}

const RESOURCE_PATH = /^\/api\/rest\/([a-z][a-z0-9]*)(?:\/([^/]+))?\/?$/u;

export function createRest(options: ActionstepSimulatorOptions): Rest {
  const tables = makeRecords(options);

  const rest: Rest = {
    trouble: undefined,
    records(resource) {
      const known = tables.get(resource) ?? genericRecords(resource, options);
      tables.set(resource, known);
      return known;
    },
    create(resource, fields, now) {
      const rows = rest.records(resource);
      const id = 1 + Math.max(0, ...rows.map((row) => (typeof row.id === 'number' ? row.id : 0)));
      const stamps = [CREATED[resource], MODIFIED[resource]].filter((name) => name !== undefined);
      const stamp = stampText(now, options.timeZone);
      const row = {
        ...Object.fromEntries(stamps.map((name) => [name, stamp])),
        ...fields,
        id,
        links: fields.links ?? {},
      };
      rows.push(row);
      return row;
    },
    change(resource, id, fields, now) {
      const row = rest.records(resource).find((candidate) => String(candidate.id) === id);
      if (row === undefined) throw new RangeError(`No ${resource}/${id}`);
      const stamp = MODIFIED[resource];
      const links = { ...row.links, ...fields.links };
      Object.assign(row, fields, { links }, stamp === undefined ? {} : { [stamp]: stampText(now, options.timeZone) });
      return row;
    },
    remove(resource, id) {
      const rows = rest.records(resource);
      const at = rows.findIndex((row) => String(row.id) === id);
      if (at >= 0) rows.splice(at, 1);
    },
    handle(request, url, grant, now) {
      const [, resource, id] = RESOURCE_PATH.exec(url.pathname) ?? [];
      if (resource === undefined) return failure(404, 'Resource Not Found', options);
      const refusal = refuse(resource, url, grant, options);
      if (refusal !== undefined) return refusal;
      if (id !== undefined) return one(rest, request, resource, decodeURIComponent(id), options, now);
      if (request.method === 'POST') return create(rest, request, resource, options, now);
      if (request.method !== 'GET') return failure(405, 'Method Not Allowed', options);
      return list(rest, resource, url, options, now);
    },
  };
  return rest;
}

/** The wrong module of time, and scopes: of the resource and of every resource that `include` brings along. */
function refuse(
  resource: string,
  url: URL,
  grant: Grant,
  options: ActionstepSimulatorOptions,
): ModelResponse | undefined {
  const wrong = options.timeModule === 'timeentries' ? 'timerecords' : 'timeentries';
  if (resource === wrong) {
    if (options.wrongModuleAnswer === 204) return { status: 204, headers: {}, body: '' };
    return failure(options.wrongModuleAnswer, 'Resource Not Available', options);
  }
  const includes = (url.searchParams.get('include') ?? '').split(',').filter((name) => name !== '');
  const needed = [resource, ...includes.map((name) => LINK_TYPES[name] ?? `${name.toLowerCase()}s`)];
  if (grant.scopes.includes('all') || needed.every((name) => grant.scopes.includes(name))) return undefined;
  return failure(403, 'insufficient_scope', options);
}

function visible(rest: Rest, resource: string, options: ActionstepSimulatorOptions): readonly SimulatedRecord[] {
  const hidden = new Set(options.restrictedMatters.map(String));
  return rest.records(resource).filter((row) => {
    const matter = resource === 'actions' ? String(row.id) : row.links.action;
    if (typeof matter === 'string' && hidden.has(matter)) return false;
    return options.deletedMattersListed || resource !== 'actions' || row.isDeleted !== 'T';
  });
}

function list(rest: Rest, resource: string, url: URL, options: ActionstepSimulatorOptions, now: Date): ModelResponse {
  const zone = options.filterZone === 'utc' ? 'UTC' : options.timeZone;
  const found = select(visible(rest, resource, options), url.searchParams, zone);
  const asked = Math.max(1, Number(url.searchParams.get('pageSize') ?? '50') || 50);
  const pageSize = asked <= options.maxPageSize ? asked : options.oversizedPage === 'capped' ? options.maxPageSize : 50;
  const page = Math.max(1, Number(url.searchParams.get('page') ?? '1') || 1);
  const trouble = rest.trouble?.resource === resource && page > 1 ? rest.trouble : undefined;
  const from = Math.max(0, (page - 1) * pageSize - (trouble?.shift ?? 0));
  const rows = found.slice(from, from + pageSize);
  const include = (url.searchParams.get('include') ?? '').split(',').filter((name) => name !== '');
  return collection(
    {
      resource,
      rows,
      recordCount: found.length + (trouble?.totalDrift ?? 0),
      page,
      pageSize,
      url,
      ...(include.length === 0 ? {} : { linked: linkedRecords(rest, rows, include) }),
    },
    options,
    now,
  );
}

function linkedRecords(rest: Rest, rows: readonly SimulatedRecord[], include: readonly string[]) {
  const linked: Record<string, SimulatedRecord[]> = {};
  for (const name of include) {
    const type = LINK_TYPES[name] ?? `${name.toLowerCase()}s`;
    const ids = new Set(rows.flatMap((row) => [row.links[name] ?? []].flat()));
    const records = rest.records(type).filter((record) => ids.has(String(record.id)));
    linked[type] = [...new Set([...(linked[type] ?? []), ...records])];
  }
  return linked;
}

function one(
  rest: Rest,
  request: ModelRequest,
  resource: string,
  id: string,
  options: ActionstepSimulatorOptions,
  now: Date,
): ModelResponse {
  const rows = visible(rest, resource, options);
  const row = rows.find(
    (candidate) => String(candidate.id) === id || (id === 'current' && candidate.isCurrent === 'T'),
  );
  if (row === undefined) return failure(404, 'Resource Not Found', options);
  if (request.method === 'GET') return single(resource, row, options, now);
  if (request.method === 'DELETE') {
    rest.remove(resource, id);
    return { status: 204, headers: {}, body: '' };
  }
  if (request.method !== 'PUT' && request.method !== 'PATCH') return failure(405, 'Method Not Allowed', options);
  const fields = bodyOf(request, resource);
  if (fields === undefined) return failure(400, 'Malformed Request', options);
  if (resource === 'resthooks' && row.status === 'Disabled' && fields.status === 'Active') {
    if (options.hookReenable === 'refused') return failure(400, 'Validation Failed', options);
    if (options.hookReenable === 'ignored') delete fields.status;
  }
  return single(resource, rest.change(resource, id, fields, now), options, now);
}

function create(
  rest: Rest,
  request: ModelRequest,
  resource: string,
  options: ActionstepSimulatorOptions,
  now: Date,
): ModelResponse {
  const fields = bodyOf(request, resource);
  if (fields === undefined) return failure(400, 'Malformed Request', options);
  const links = Object.fromEntries(
    Object.entries(fields.links ?? {}).map(([name, value]) => [name, value === null ? null : String(value)]),
  );
  if (resource === 'filenotes' && (typeof fields.text !== 'string' || links.action === undefined)) {
    return failure(400, 'Validation Failed', options);
  }
  const known = rest.records('actions').some((action) => String(action.id) === links.action);
  if (resource === 'filenotes' && !known) return failure(404, 'Resource Not Found', options);
  const row = rest.create(
    resource,
    { ...defaults(resource, options, now), ...fields, links: { ...defaultLinks(resource), ...links } },
    now,
  );
  return single(resource, row, options, now, options.createStatus);
}

function defaults(resource: string, options: ActionstepSimulatorOptions, now: Date): Partial<SimulatedRecord> {
  if (resource === 'resthooks') return { status: 'Active', triggeredCount: 0, triggeredLastTimestamp: null };
  if (resource !== 'filenotes') return {};
  return { enteredBy: options.person.name, source: 'User', noteTimestamp: stampText(now, options.timeZone) };
}

function defaultLinks(resource: string): Record<string, string | null> {
  return resource === 'filenotes' ? { document: null, participant: String(PERSON_PARTICIPANT), tags: null } : {};
}

/** The record of a request: an object under the resource's name, or an array of one. */
function bodyOf(request: ModelRequest, resource: string): Partial<SimulatedRecord> | undefined {
  try {
    const body = JSON.parse(request.body) as Readonly<Record<string, unknown>>;
    const value = [body[resource]].flat()[0];
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
