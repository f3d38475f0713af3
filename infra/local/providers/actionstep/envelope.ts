import type { ActionstepSimulatorOptions } from './options.ts';
import { project } from './query.ts';
import type { SimulatedRecord } from './records.ts';
import { json, type ModelResponse } from './wire.ts';

/** Resource that a link leads to, by the link's name. */
export const LINK_TYPES: Readonly<Record<string, string>> = {
  action: 'actions',
  actionType: 'actiontypes',
  assignedTo: 'participants',
  assignee: 'participants',
  createdBy: 'participants',
  division: 'divisions',
  enteredByParticipant: 'participants',
  owner: 'participants',
  participant: 'participants',
  participantType: 'participanttypes',
  primaryParticipants: 'participants',
  primaryParticipantType: 'participanttypes',
  relatedActions: 'actions',
  task: 'tasks',
  theirParticipant: 'participants',
};

/** Hosts in `links` are doubled in production, so that whoever follows them finds out. */
const DOUBLED_HOST = 'https://ap-southeast-2.actionstep.com.actionstep.com';

export interface Page {
  readonly resource: string;
  readonly rows: readonly SimulatedRecord[];
  readonly recordCount: number;
  readonly page: number;
  readonly pageSize: number;
  readonly url: URL;
  /** Linked records by resource, where `include` asked for them. */
  readonly linked?: Readonly<Record<string, readonly SimulatedRecord[]>>;
}

/** The envelope of a collection: links, rows, linked, meta, in this order. */
export function collection(page: Page, options: ActionstepSimulatorOptions, now: Date): ModelResponse {
  const { resource, rows } = page;
  if (rows.length === 0 && options.empty === 204) return { status: 204, headers: {}, body: '' };
  const fields = page.url.searchParams.get('fields') ?? page.url.searchParams.get(`fields[${resource}]`);
  const shown = rows.map((row) => project(row, fields));
  const pageCount = Math.ceil(page.recordCount / page.pageSize);
  const paging = {
    recordCount: page.recordCount,
    pageCount,
    page: page.page,
    pageSize: page.pageSize,
    prevPage: page.page > 1 ? pageUrl(page, page.page - 1, options) : null,
    nextPage: page.page < pageCount ? pageUrl(page, page.page + 1, options) : null,
  };
  return json(200, {
    links: templates(resource, shown),
    [resource]: shown.length === 1 && options.oneRow === 'object' ? shown[0] : shown,
    ...(page.linked === undefined ? {} : { linked: page.linked }),
    meta: { paging: { [resource]: paging }, debug: debug(options, now) },
  });
}

/** The envelope of one record: the record itself under the plural name. */
export function single(
  resource: string,
  row: SimulatedRecord,
  options: ActionstepSimulatorOptions,
  now: Date,
  status = 200,
): ModelResponse {
  return json(status, {
    links: templates(resource, [row]),
    [resource]: row,
    meta: { debug: debug(options, now) },
  });
}

/** An error as the error page of the documentation shows it. */
export function failure(status: number, title: string, options: ActionstepSimulatorOptions): ModelResponse {
  const error = {
    id: 'simulated',
    status,
    code: `AS-${status}`,
    title,
    detail: title,
    source: {},
    links: {},
    meta: [],
  };
  return json(status, { errors: options.errorEnvelope === 'array' ? [error] : error });
}

function templates(resource: string, rows: readonly SimulatedRecord[]): Record<string, { href: string; type: string }> {
  const names = new Set(rows.flatMap((row) => Object.keys(row.links)));
  const entries = [...names].map((name) => {
    const type = LINK_TYPES[name] ?? `${name.toLowerCase()}s`;
    return [`${resource}.${name}`, { href: `${DOUBLED_HOST}/api/rest/${type}/{${resource}.${name}}`, type }] as const;
  });
  return Object.fromEntries(entries);
}

function pageUrl(page: Page, number: number, options: ActionstepSimulatorOptions): string {
  const origin = options.nextPageHost === 'own' ? options.origin : 'https://collector.example';
  const url = new URL(page.url.pathname + page.url.search, origin);
  url.searchParams.set('page', String(number));
  return url.href;
}

function debug(options: ActionstepSimulatorOptions, now: Date): Record<string, string | null> {
  return {
    requestTime: '0.092041',
    mem: '1.83mb',
    server: 'app-simulated',
    cb: 'v1.51.0',
    time: `${now.toISOString().slice(0, 19).replace('T', ' ')} +0000 (${options.timeZone})`,
    rl: null,
  };
}
