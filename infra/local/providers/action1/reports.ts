import { between, lazy, listOf, pick, stamp, type LazyList } from './deterministic.ts';
import type { SimulatedEndpoint, SimulatedOrganization } from './population.ts';
import type { SimulatedReport } from './report-definitions.ts';
import type { Action1State } from './state.ts';
import { PRODUCTS } from './vulnerabilities.ts';

const DAY_MS = 86_400_000;
const ROWS_PER_ENDPOINT = 3;
/** Every so many-th endpoint that answers does so with a script error. */
const ERROR_EVERY = 23;

export interface RowsRequest {
  readonly state: Action1State;
  readonly organization: SimulatedOrganization;
  readonly report: SimulatedReport;
  readonly now: number;
  readonly details: boolean;
  readonly liveOnly: boolean;
}

/** Rows of a report as they stand at `now`. */
export function rowsOf(request: RowsRequest): LazyList<unknown> {
  const { state, organization, report } = request;
  const { endpoints } = organization;
  if (endpoints.length === 0) return listOf([]);
  if (report.rows === 'summary') return request.details ? detailsOf(request) : summaryOf(request);
  const length =
    report.rows === 'many'
      ? state.settings.reportRows
      : endpoints.length * (report.rows === 'updates' ? ROWS_PER_ENDPOINT : 1);
  const all = lazy(length, (index) => simpleRow(request, index));
  if (!request.liveOnly) return all;
  const places = Array.from({ length }, (_, index) => index).filter((index) =>
    isLive(request, endpoints[index % endpoints.length]),
  );
  return lazy(places.length, (index) => all.at(places[index] ?? 0));
}

/** The rows behind one summary row, or `undefined` where there is no such row. */
export function drilldownOf(request: RowsRequest, rowId: string): LazyList<unknown> | undefined {
  const groups = groupsOf(request);
  const index = groups.findIndex((name) => rowIdOf(name) === rowId);
  const name = groups[index];
  if (name === undefined) return undefined;
  const rows = membersOf(request, index).map((endpoint) => memberRow(request, name, endpoint));
  return listOf(request.liveOnly ? rows.filter((row) => row.response_type === 'live') : rows);
}

/** How many endpoints have answered the last requery, and how many were asked. */
export function countersOf({ state, organization, report, now }: RowsRequest) {
  const asked = state.requeries.get(`${organization.id}|${report.id}`);
  if (asked === undefined) return { live: 0, sent: 0, errors: 0, lastRequery: '' };
  const live = organization.endpoints.filter((endpoint) => answered(endpoint, asked, now));
  const errors = live.filter(failing).length;
  return { live: live.length, sent: organization.endpoints.length, errors, lastRequery: stamp(asked) };
}

/** Script errors of endpoints that have answered. */
export function errorsOf(request: RowsRequest): LazyList<unknown> {
  const { state, organization, report, now } = request;
  const asked = state.requeries.get(`${organization.id}|${report.id}`);
  if (asked === undefined) return listOf([]);
  return listOf(
    organization.endpoints
      .filter((endpoint) => answered(endpoint, asked, now) && failing(endpoint))
      .map((endpoint) => ({
        id: endpoint.id,
        type: 'ReportError',
        self: `${state.settings.baseUrl}/reportdata/${organization.id}/${report.id}/errors/${endpoint.id}`,
        timestamp: new Date(asked + endpoint.answersAfterMs).toISOString(),
        endpoint_name: endpoint.name,
        endpoint_id: endpoint.id,
        description: 'Script error code: 1. Error details: the data source did not run',
      })),
  );
}

function failing({ index }: SimulatedEndpoint): boolean {
  return index % ERROR_EVERY === ERROR_EVERY - 1;
}

function answered(endpoint: SimulatedEndpoint, askedAt: number, now: number): boolean {
  return endpoint.offlineSince === undefined && askedAt + endpoint.answersAfterMs <= now;
}

function isLive({ state, organization, report, now }: RowsRequest, endpoint: SimulatedEndpoint | undefined): boolean {
  const asked = state.requeries.get(`${organization.id}|${report.id}`);
  return asked !== undefined && endpoint !== undefined && answered(endpoint, asked, now);
}

function freshness(request: RowsRequest, endpoint: SimulatedEndpoint) {
  const { state, organization, report } = request;
  const asked = state.requeries.get(`${organization.id}|${report.id}`) ?? 0;
  const live = isLive(request, endpoint);
  const at = live
    ? asked + endpoint.answersAfterMs
    : (endpoint.offlineSince ?? state.settings.startedAt.getTime() - DAY_MS);
  return { last_refresh: stamp(at), response_type: live ? 'live' : 'cache' };
}

function simpleRow(request: RowsRequest, index: number): unknown {
  const { state, organization, report } = request;
  const endpoint = organization.endpoints[index % organization.endpoints.length];
  if (endpoint === undefined) return undefined;
  const id = `${index}%255F${encodeURIComponent(encodeURIComponent(endpoint.name))}`;
  return {
    id,
    type: 'ReportRow',
    self: `${state.settings.baseUrl}/reportdata/${organization.id}/${report.id}/data/${id}`,
    fields: { 'Endpoint Name': endpoint.name, ...columns(request, endpoint, index) },
    ...freshness(request, endpoint),
  };
}

function columns({ state, report }: RowsRequest, endpoint: SimulatedEndpoint, index: number): Record<string, string> {
  const { seed } = state.settings;
  if (report.rows === 'updates') {
    return {
      'Update Name': `2026-05 Cumulative Update for Windows 11 (KB${5_030_000 + index})`,
      'Security Severity': pick(['Critical', 'Important', 'Moderate'], seed, 'severity', index),
    };
  }
  if (report.rows === 'many') {
    return {
      Control: `CIS-${1 + (Math.floor(index / 100) % 18)}.${1 + (index % 12)}`,
      Result: pick(['Passed', 'Passed', 'Passed', 'Failed'], seed, 'result', index),
      Owner: endpoint.user,
    };
  }
  return {
    'Operating System': endpoint.os,
    Status: pick(['Enabled', 'Enabled', 'Disabled', 'Unknown'], seed, report.id, endpoint.id),
    'Free Space, Gb': String(between(1, 400, seed, 'disk', endpoint.id)),
  };
}

/** Names of the groups of a summary report. */
function groupsOf({ state }: RowsRequest): readonly string[] {
  return Array.from({ length: state.settings.productsPerOrganization }, (_, index) => {
    const [name] = PRODUCTS[index % PRODUCTS.length] ?? PRODUCTS[0];
    return index < PRODUCTS.length ? name : `${name} plug-in ${Math.floor(index / PRODUCTS.length)}`;
  });
}

function membersOf({ organization }: RowsRequest, group: number): readonly SimulatedEndpoint[] {
  return organization.endpoints.filter(({ index }) => (index + group) % 3 === 0);
}

/** The key of a row is percent-encoded twice, as given. */
function rowIdOf(name: string): string {
  return encodeURIComponent(encodeURIComponent(name));
}

function summaryOf(request: RowsRequest): LazyList<unknown> {
  const { state, organization, report } = request;
  const groups = groupsOf(request);
  return lazy(groups.length, (index) => {
    const name = groups[index] ?? '';
    const self = `${state.settings.baseUrl}/reportdata/${organization.id}/${report.id}/data/${rowIdOf(name)}`;
    return {
      id: rowIdOf(name),
      type: 'ReportRow',
      self,
      fields: { Name: name, Details: String(membersOf(request, index).length) },
      drilldown_field: 'Details',
      drilldown: `${self}/drilldown`,
    };
  });
}

function detailsOf(request: RowsRequest): LazyList<unknown> {
  const rows = groupsOf(request).flatMap((name, index) =>
    membersOf(request, index).map((endpoint) => ({ ...memberRow(request, name, endpoint), group_fields: ['Name'] })),
  );
  return listOf(request.liveOnly ? rows.filter((row) => row.response_type === 'live') : rows);
}

function memberRow(request: RowsRequest, name: string, endpoint: SimulatedEndpoint) {
  const { state, organization, report } = request;
  const id = `${rowIdOf(name)}%252F${endpoint.index}`;
  return {
    id,
    type: 'ReportRow',
    self: `${state.settings.baseUrl}/reportdata/${organization.id}/${report.id}/data/${id}`,
    fields: { 'Endpoint Name': endpoint.name, Name: name, Version: `24.${endpoint.index}`, 'Install Date': '20260430' },
    ...freshness(request, endpoint),
  };
}
