import type { JsonValue } from '../../../core/json.ts';
import type { CallApi } from '../../../core/provider.ts';
import type { SourcePage, SourceRow } from '../../../core/reports/source.ts';
import { toIso } from '../dates.ts';
import {
  ORGANIZATIONS_START,
  readOrganizations,
  type Organization,
  type OrganizationsCursor,
} from '../organizations.ts';
import { advance, PAGE_SIZE, parseItems, readList, START, type Position } from '../paging.ts';
import { vulnerabilitySchema, vulnerableEndpointSchema, type Action1Vulnerability } from '../schemas.ts';
import { severityOf, toSoftware } from '../vulnerability.ts';
import { closeList, factsOf, NO_TALLY, verdict, type Tally } from '../walk.ts';

/** The waiting CVEs are kept in the cursor, so few at a time. */
const CVES_AT_A_TIME = 100;

export const AFFECTED_COLUMNS = [
  'organization',
  'organizationId',
  'cve',
  'score',
  'severity',
  'knownExploited',
  'remediationStatus',
  'remediationDeadline',
  'endpointId',
  'endpoint',
  'operatingSystem',
  'software',
] as const;

/** What is kept of a CVE while its endpoints are read. */
type Waiting = {
  readonly cve: string;
  readonly score: number | null;
  readonly knownExploited: boolean;
  readonly remediationStatus: string | null;
  readonly remediationDeadline: string | null;
};

type Cursor =
  | ({ readonly step: 'organizations' } & OrganizationsCursor)
  | {
      readonly step: 'rows';
      readonly organizations: readonly Organization[];
      readonly index: number;
      /** Place in the list of CVEs; absent when the organisation's list is over. */
      readonly list?: Position;
      readonly waiting: readonly Waiting[];
      /** Place in the endpoints of the first waiting CVE. */
      readonly position: Position;
      readonly tally: Tally;
    };
type Rows = Extract<Cursor, { step: 'rows' }>;
type Query = readonly (readonly [string, string])[];

/** One request: organisations, then a page of CVEs, then a page of endpoints for each of them. */
export async function readAffected(
  call: CallApi,
  wanted: 'all' | readonly string[],
  query: Query,
  cursor: JsonValue | undefined,
): Promise<SourcePage> {
  const at = (cursor as Cursor | undefined) ?? { step: 'organizations' as const, ...ORGANIZATIONS_START };
  if (at.step === 'organizations') {
    const step = await readOrganizations(call, wanted, at);
    if ('next' in step) return { rows: [], next: { step: 'organizations', ...step.next } };
    return go(
      { step: 'rows', organizations: step.organizations, index: 0, list: START, ...FRESH, tally: NO_TALLY },
      [],
    );
  }
  const organization = at.organizations[at.index];
  if (organization === undefined) return { rows: [], ...verdict(at.tally), facts: factsOf(at.organizations) };
  const [first, ...rest] = at.waiting;
  if (first !== undefined) return readEndpoints(call, at, organization, first, rest);
  return readCves(call, at, organization, query);
}

const FRESH = { waiting: [], position: START } as const;

async function readCves(call: CallApi, at: Rows, organization: Organization, query: Query): Promise<SourcePage> {
  const path = `vulnerabilities/${encodeURIComponent(organization.id)}`;
  const place = at.list ?? START;
  const page = await readList(call, { path, query }, place, CVES_AT_A_TIME);
  const waiting = parseItems(vulnerabilitySchema, page, path).map((item) => toWaiting(item));
  const step = advance(place, page, CVES_AT_A_TIME);
  const { list: _over, ...rest } = at;
  const next: Rows = { ...rest, ...('next' in step ? { list: step.next } : {}), waiting, position: START };
  return go(next, []);
}

async function readEndpoints(
  call: CallApi,
  at: Rows,
  organization: Organization,
  cve: Waiting,
  rest: readonly Waiting[],
): Promise<SourcePage> {
  const path = `vulnerabilities/${encodeURIComponent(organization.id)}/${encodeURIComponent(cve.cve)}/endpoints`;
  const page = await readList(call, { path }, at.position, PAGE_SIZE);
  const rows = parseItems(vulnerableEndpointSchema, page, path).map((endpoint): SourceRow => ({
    organization: organization.name,
    organizationId: organization.id,
    ...cve,
    severity: severityOf(cve.score),
    endpointId: endpoint.endpoint_id,
    endpoint: endpoint.endpoint_name ?? null,
    operatingSystem: endpoint.OS ?? null,
    software: toSoftware(endpoint.software),
  }));
  const tally = { ...at.tally, rows: at.tally.rows + rows.length };
  const step = advance(at.position, page, PAGE_SIZE);
  if ('next' in step) return { rows, next: { ...at, position: step.next, tally } };
  return go({ ...at, waiting: rest, position: START, tally: closeList(tally, page) }, rows);
}

/** Goes on to the next organisation when this one has neither CVEs waiting nor more of the list. */
function go(at: Rows, rows: readonly SourceRow[]): SourcePage {
  if (at.waiting.length > 0 || at.list !== undefined) return { rows, next: at };
  const index = at.index + 1;
  if (index < at.organizations.length) return { rows, next: { ...at, index, list: START, ...FRESH } };
  return { rows, ...verdict(at.tally), facts: factsOf(at.organizations) };
}

function toWaiting(item: Action1Vulnerability): Waiting {
  return {
    cve: item.cve_id,
    score: item.cvss_score ?? null,
    knownExploited: item.cisa_kev ?? false,
    remediationStatus: item.remediation_status ?? null,
    remediationDeadline: toIso(item.remediation_deadline ?? undefined),
  };
}
