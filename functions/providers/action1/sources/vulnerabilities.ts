import * as v from 'valibot';
import type { ReportSource, SourceRow } from '../../../core/reports/source.ts';
import { toIso } from '../dates.ts';
import { organizationsOption, parseWith } from '../options.ts';
import type { Organization } from '../organizations.ts';
import { vulnerabilitySchema, type Action1Vulnerability } from '../schemas.ts';
import { severityOf, toSoftware } from '../vulnerability.ts';
import { walk, type WalkCursor } from '../walk.ts';
import { AFFECTED_COLUMNS, readAffected } from './affected-endpoints.ts';

const SCORES = ['Critical', 'High', 'Medium', 'Low'] as const;
const STATUSES = [
  'Overdue',
  'Due_soon',
  'Overdue_due_soon',
  'Due_later',
  'Control_applied',
  'All_except_control_applied',
] as const;

const options = v.strictObject({
  organizations: organizationsOption,
  severity: v.exactOptional(v.picklist(SCORES, `must be one of ${SCORES.join(', ')}`)),
  remediationStatus: v.exactOptional(v.picklist(STATUSES, `must be one of ${STATUSES.join(', ')}`)),
  affectedEndpoints: v.optional(v.boolean(), false),
});
export type VulnerabilityOptions = v.InferOutput<typeof options>;
const parseOptions = (input: unknown) => parseWith(options, 'vulnerabilities', input);

const COLUMNS = [
  'organization',
  'organizationId',
  'cve',
  'score',
  'severity',
  'knownExploited',
  'remediationStatus',
  'remediationDeadline',
  'endpoints',
  'publishedAt',
  'vector',
  'software',
] as const;

/**
 * What is vulnerable now: one row per organisation and CVE; with `affectedEndpoints` one per endpoint besides, at one
 * request for each CVE (3,000 of them take over three hours of the exports' share).
 */
export const vulnerabilities: ReportSource = {
  title: 'Vulnerabilities',
  parseOptions,
  describe: (given) => {
    const affected = parseOptions(given).affectedEndpoints;
    return {
      kind: 'snapshot',
      snapshotReason: 'Action1 lists what is vulnerable now; there is no date of detection to go back by',
      settleMs: 0,
      columns: affected ? AFFECTED_COLUMNS : COLUMNS,
      keyColumns: affected ? ['organizationId', 'cve', 'endpointId'] : ['organizationId', 'cve'],
      groupColumn: 'severity',
    };
  },
  readPage: (call, context, cursor) => {
    const chosen = parseOptions(context.options);
    if (chosen.affectedEndpoints) return readAffected(call, chosen.organizations, queryOf(chosen), cursor);
    const list = {
      organizations: chosen.organizations,
      schema: vulnerabilitySchema,
      path: (organization: Organization) => `vulnerabilities/${encodeURIComponent(organization.id)}`,
      query: queryOf(chosen),
      toRows: (item: Action1Vulnerability, organization: Organization) => [toRow(item, organization)],
    };
    return walk(call, list, cursor as WalkCursor | undefined);
  },
};

function queryOf({ severity, remediationStatus }: VulnerabilityOptions): readonly (readonly [string, string])[] {
  return [
    ...(severity === undefined ? [] : [['score', severity] as const]),
    ...(remediationStatus === undefined ? [] : [['remediation_status', remediationStatus] as const]),
  ];
}

function toRow(item: Action1Vulnerability, organization: Organization): SourceRow {
  return {
    organization: organization.name,
    organizationId: organization.id,
    cve: item.cve_id,
    score: item.cvss_score ?? null,
    severity: severityOf(item.cvss_score),
    knownExploited: item.cisa_kev ?? false,
    remediationStatus: item.remediation_status ?? null,
    remediationDeadline: toIso(item.remediation_deadline ?? undefined),
    endpoints: item.endpoints_count ?? null,
    publishedAt: toIso(item.published_date ?? undefined),
    vector: item.vector_string ?? null,
    software: toSoftware(item.software),
  };
}
