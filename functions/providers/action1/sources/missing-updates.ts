import * as v from 'valibot';
import type { SourceRow } from '../../../core/reports/source.ts';
import { toIso } from '../dates.ts';
import { organizationsOption } from '../options.ts';
import type { Organization } from '../organizations.ts';
import { updateSchema, type Action1Update } from '../schemas.ts';
import { createListSource } from './list-source.ts';

/** The slowest list of the API: 200 a page were seen to time out in a large organisation, 50 were not. */
const UPDATES_PAGE_SIZE = 50;

const APPROVALS = ['New', 'Approved', 'Declined', '-Declined'] as const;
const SEVERITIES = ['Critical', '-Critical', 'Important', 'Moderate', 'Low', 'Unspecified', 'Other'] as const;

const COLUMNS = [
  'organization',
  'organizationId',
  'updateId',
  'versionId',
  'update',
  'vendor',
  'version',
  'platform',
  'kbNumber',
  'severity',
  'updateType',
  'releaseDate',
  'cves',
  'approvalStatus',
  'slaDeadline',
  'slaStatus',
  'rebootNeeded',
  'size',
] as const;

/** Updates that some endpoint of an organisation lacks: one row per organisation and package version. */
export const missingUpdates = createListSource({
  name: 'missing-updates',
  title: 'Missing updates',
  snapshotReason: 'Action1 lists what is missing now and keeps no history of it',
  columns: COLUMNS,
  keyColumns: ['organizationId', 'updateId', 'versionId'],
  groupColumn: 'severity',
  options: v.strictObject({
    organizations: organizationsOption,
    approval: v.exactOptional(v.picklist(APPROVALS, `must be one of ${APPROVALS.join(', ')}`)),
    severity: v.exactOptional(v.picklist(SEVERITIES, `must be one of ${SEVERITIES.join(', ')}`)),
    superseded: v.optional(v.boolean(), false),
  }),
  item: updateSchema,
  pageSize: UPDATES_PAGE_SIZE,
  path: ({ id }) => `updates/${encodeURIComponent(id)}`,
  query: ({ approval, severity, superseded }) => [
    ...(approval === undefined ? [] : [['approval_status', approval] as const]),
    ...(severity === undefined ? [] : [['security_severity', severity] as const]),
    ['only_latest', superseded ? 'No' : 'Yes'],
  ],
  toRow: (update, organization) => toRow(update, organization),
});

function toRow(update: Action1Update, organization: Organization): SourceRow {
  const version = update.versions?.[0];
  return {
    organization: organization.name,
    organizationId: organization.id,
    updateId: update.id,
    versionId: version?.id ?? null,
    update: update.name ?? null,
    vendor: update.vendor ?? null,
    version: version?.version ?? null,
    platform: update.platform ?? null,
    kbNumber: update.kb_number ?? null,
    severity: version?.security_severity ?? null,
    updateType: version?.update_type ?? update.update_type ?? null,
    releaseDate: version?.release_date ?? null,
    cves: listOf(version?.security_CVE),
    approvalStatus: version?.approval_status ?? null,
    slaDeadline: toIso(version?.update_sla_deadline ?? undefined),
    slaStatus: version?.update_sla_status ?? null,
    rebootNeeded: update.reboot_needed ?? null,
    size: update.size ?? null,
  };
}

/** One comma-separated string on the wire. */
function listOf(cves: string | null | undefined): readonly string[] {
  return (cves ?? '')
    .split(',')
    .map((cve) => cve.trim())
    .filter((cve) => cve !== '');
}
