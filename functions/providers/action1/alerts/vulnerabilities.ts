import * as v from 'valibot';
import type { Alert, AlertSource } from '../../../core/alerts/source.ts';
import type { CallApi } from '../../../core/provider.ts';
import { toIso } from '../dates.ts';
import { organizationsOption, parseWith } from '../options.ts';
import type { Organization } from '../organizations.ts';
import { ALERT_TIMEOUT_MS, parseItems, readList, START } from '../paging.ts';
import { vulnerabilitySchema, vulnerableEndpointSchema, type Action1Vulnerability } from '../schemas.ts';
import { severityOf, toSoftware } from '../vulnerability.ts';
import { readSnapshot } from './snapshot.ts';

const CRITICAL_SCORE = 9;
/** Endpoints named in a message; the count is beside them. */
const NAMED_ENDPOINTS = 25;
/** What the vendor writes where a compensating control is documented; the two lists of its specification differ. */
const CONTROLLED = new Set<string | undefined>(['compensated', 'control_applied']);

const options = v.strictObject({
  organizations: organizationsOption,
  minimumScore: v.optional(
    v.pipe(v.number(), v.minValue(0, 'must be 0 to 10'), v.maxValue(10, 'must be 0 to 10')),
    CRITICAL_SCORE,
  ),
  knownExploited: v.optional(v.boolean(), true),
  overdue: v.optional(v.boolean(), true),
});
type Options = v.InferOutput<typeof options>;
const parseOptions = (input: unknown) => parseWith(options, 'vulnerabilities', input);

/**
 * New critical vulnerabilities, those known to be exploited, and those whose remediation is overdue.
 *
 * There is no alert in the API and no date of detection: the list is compared with what stood there before. Endpoints
 * are asked for in `enrich` alone, because one request per CVE would use up the enterprise's budget for hours.
 */
export const vulnerabilityAlerts: AlertSource = {
  title: 'Critical, exploited and overdue vulnerabilities',
  mode: 'snapshot',
  lagMs: 0,
  parseOptions,
  readPage: (call, context, _span, cursor) => {
    const chosen = parseOptions(context.options);
    const list = {
      organizations: chosen.organizations,
      schema: vulnerabilitySchema,
      idField: 'cve_id',
      path: (organization: Organization) => `vulnerabilities/${encodeURIComponent(organization.id)}`,
      query: queryOf(chosen),
      toAlert: (item: Action1Vulnerability, organization: Organization) =>
        matters(item, chosen) ? toAlert(item, organization) : undefined,
    };
    return readSnapshot(call, list, cursor);
  },
  enrich: (call, _context, alert) => enrich(call, alert),
};

/** Only when nothing but critical scores is asked for can the server choose: exploited ones have any score. */
function queryOf({ minimumScore, knownExploited, overdue }: Options): readonly (readonly [string, string])[] {
  return minimumScore >= CRITICAL_SCORE && !knownExploited && !overdue ? [['score', 'Critical']] : [];
}

function matters(item: Action1Vulnerability, { minimumScore, knownExploited, overdue }: Options): boolean {
  const score = item.cvss_score ?? null;
  if (score !== null && score >= minimumScore) return true;
  if (knownExploited && item.cisa_kev === true) return true;
  return overdue && statusOf(item) === 'overdue';
}

function toAlert(item: Action1Vulnerability, organization: Organization): Alert {
  const score = item.cvss_score ?? null;
  const software = toSoftware(item.software);
  const products = software.flatMap(({ product }) => (typeof product === 'string' ? [product] : []));
  const signs = [
    ...(item.cisa_kev === true ? ['known to be exploited'] : []),
    ...(statusOf(item) === 'overdue' ? ['remediation overdue'] : []),
  ];
  return {
    id: `${organization.id}/${item.cve_id}`,
    severity: severityOf(score),
    state: CONTROLLED.has(statusOf(item)) ? 'suppressed' : 'open',
    title: [`${item.cve_id} (CVSS ${score ?? 'unknown'}) in ${organization.name}`, ...signs].join(', '),
    resource: `${organization.name}/${item.cve_id}`,
    significant: {
      score,
      knownExploited: item.cisa_kev ?? false,
      remediationStatus: item.remediation_status ?? null,
    },
    details: {
      cve: item.cve_id,
      organizationId: organization.id,
      organization: organization.name,
      endpoints: item.endpoints_count ?? null,
      remediationDeadline: toIso(item.remediation_deadline ?? undefined),
      publishedAt: toIso(item.published_date ?? undefined),
      vector: item.vector_string ?? null,
      products,
      software,
    },
  };
}

async function enrich(call: CallApi, alert: Alert): Promise<Alert> {
  const { organizationId, cve } = alert.details;
  if (typeof organizationId !== 'string' || typeof cve !== 'string') return alert;
  const path = `vulnerabilities/${encodeURIComponent(organizationId)}/${encodeURIComponent(cve)}/endpoints`;
  const page = await readList(call, { path, timeoutMs: ALERT_TIMEOUT_MS }, START, NAMED_ENDPOINTS);
  const affected = parseItems(vulnerableEndpointSchema, page, path).map((endpoint) => ({
    endpointId: endpoint.endpoint_id,
    endpoint: endpoint.endpoint_name ?? null,
    operatingSystem: endpoint.OS ?? null,
  }));
  const total = page.total ?? alert.details['endpoints'] ?? affected.length;
  return { ...alert, details: { ...alert.details, endpoints: total, affectedEndpoints: affected } };
}

function statusOf(item: Action1Vulnerability): string | undefined {
  return item.remediation_status?.toLowerCase();
}
