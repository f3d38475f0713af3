import * as v from 'valibot';
import type { SourceRow } from '../../../core/reports/source.ts';
import { parseLastSeen, toIso } from '../dates.ts';
import { organizationsOption } from '../options.ts';
import { endpointSchema, type Action1Endpoint } from '../schemas.ts';
import { createListSource } from './list-source.ts';

const COLUMNS = [
  'organization',
  'organizationId',
  'endpoint',
  'endpointId',
  'status',
  'lastSeen',
  'onlineStatus',
  'operatingSystem',
  'platform',
  'address',
  'mac',
  'serial',
  'manufacturer',
  'user',
  'agentVersion',
  'agentInstalledAt',
  'lastBootAt',
  'subscriptionStatus',
  'rebootRequired',
  'updateStatus',
  'vulnerabilityStatus',
  'missingCriticalUpdates',
  'missingOtherUpdates',
  'criticalVulnerabilities',
  'otherVulnerabilities',
  'comment',
] as const;

/**
 * Every managed endpoint. With `counts` the vendor computes missing updates and vulnerabilities per endpoint, which
 * takes it ten to twenty times as long.
 */
export const endpoints = createListSource({
  name: 'endpoints',
  title: 'Managed endpoints',
  snapshotReason: 'Action1 keeps the present state of an endpoint only',
  columns: COLUMNS,
  keyColumns: ['organizationId', 'endpointId'],
  groupColumn: 'status',
  options: v.strictObject({ organizations: organizationsOption, counts: v.optional(v.boolean(), false) }),
  item: endpointSchema,
  path: ({ id }) => `endpoints/managed/${encodeURIComponent(id)}`,
  query: ({ counts }) => (counts ? [['fields', '*']] : []),
  toRow: (endpoint, organization, { observedAt }) => ({
    organization: organization.name,
    organizationId: organization.id,
    ...identity(endpoint, observedAt),
    ...machine(endpoint),
    ...health(endpoint),
  }),
});

function identity(endpoint: Action1Endpoint, observedAt: Date): SourceRow {
  return {
    endpoint: endpoint.name ?? endpoint.device_name ?? null,
    endpointId: endpoint.id,
    status: endpoint.status ?? null,
    lastSeen: parseLastSeen(endpoint.last_seen ?? undefined, observedAt)?.toISOString() ?? null,
    onlineStatus: endpoint.online_status ?? null,
  };
}

function machine(endpoint: Action1Endpoint): SourceRow {
  return {
    operatingSystem: endpoint.OS ?? null,
    platform: endpoint.platform ?? null,
    address: endpoint.address ?? null,
    mac: endpoint.MAC ?? null,
    serial: endpoint.serial ?? null,
    manufacturer: endpoint.manufacturer ?? null,
    user: endpoint.user ?? null,
    agentVersion: endpoint.agent_version ?? null,
    agentInstalledAt: toIso(endpoint.agent_install_date ?? undefined),
    lastBootAt: toIso(endpoint.last_boot_time ?? undefined),
    subscriptionStatus: endpoint.subscription_status ?? null,
  };
}

function health(endpoint: Action1Endpoint): SourceRow {
  const { missing_updates: missing, vulnerabilities } = endpoint;
  return {
    rebootRequired: endpoint.reboot_required ?? null,
    updateStatus: endpoint.update_status ?? null,
    vulnerabilityStatus: endpoint.vulnerability_status ?? null,
    missingCriticalUpdates: missing?.critical ?? endpoint.missing_critical_updates ?? null,
    missingOtherUpdates: missing?.other ?? endpoint.missing_other_updates ?? null,
    criticalVulnerabilities: vulnerabilities?.critical ?? null,
    otherVulnerabilities: vulnerabilities?.other ?? null,
    comment: endpoint.comment === 'None' ? '' : (endpoint.comment ?? null),
  };
}
