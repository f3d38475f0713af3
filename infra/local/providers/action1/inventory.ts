import { between, lazy, pick, stamp, uuid, type LazyList } from './deterministic.ts';
import type { Action1Settings } from './options.ts';
import { ENTERPRISE_ID } from './options.ts';
import type { SimulatedOrganization } from './population.ts';
import { packageName, PRODUCTS } from './vulnerabilities.ts';

const DAY_MS = 86_400_000;
const HISTORY_MS = 30 * DAY_MS;
const SEVERITIES = ['Critical', 'Important', 'Moderate', 'Low', 'Unspecified'] as const;

/** Missing updates of an organisation: every third one a Windows update, the rest of applications. */
export function updatesOf(
  settings: Action1Settings,
  organization: SimulatedOrganization,
): LazyList<Record<string, unknown>> {
  const { seed, baseUrl, startedAt } = settings;
  return lazy(settings.updatesPerOrganization, (index) => {
    const windows = index % 3 === 0;
    const [product, vendor] = pick(PRODUCTS, seed, 'update', organization.id, index);
    const kb = 5_030_000 + index;
    const id = windows
      ? `${uuid(seed, 'kb', index)}_builtin`
      : `${packageName(vendor, product)}_${1_570_000_000_000 + index}_builtin`;
    return {
      id,
      type: 'SoftwareRepositoryPackage',
      self: `${baseUrl}/software-repository/${organization.id}/${id}`,
      builtin: 'yes',
      name: windows ? `2026-05 Cumulative Update for Windows 11 (KB${kb})` : product,
      vendor: windows ? 'Microsoft' : vendor,
      description: '',
      internal_notes: '',
      platform: 'Windows',
      update_type: windows ? 'Windows' : 'App',
      ...(windows ? { kb_number: `KB${kb}` } : {}),
      reboot_needed: windows ? 'Possibly' : 'Unknown',
      size: '526.94 Mb',
      optional: 'No',
      recommended: 'Yes',
      versions: [
        {
          id: `25.${index}_1717475794124`,
          type: 'Version',
          version: 'Latest',
          app_name_match: `^${product.replaceAll(/[^A-Za-z0-9 ]/g, '.')}$`,
          status: 'Published',
          security_severity: pick(SEVERITIES, seed, 'severity', organization.id, index),
          update_type: windows ? 'Security Updates' : 'Regular Updates',
          release_date: new Date(startedAt.getTime() - between(1, 90, seed, 'released', index) * DAY_MS)
            .toISOString()
            .slice(0, 10),
          additional_actions: [],
          update_sla_deadline: new Date(
            startedAt.getTime() + between(-10, 60, seed, 'sla', index) * DAY_MS,
          ).toISOString(),
          update_sla_status: pick(['Due later', 'Due soon', 'Overdue'], seed, 'status', organization.id, index),
          version_outdated: `24.${index}`,
          security_CVE: windows ? `CVE-2026-${20_000 + index}, CVE-2026-${30_000 + index}` : '',
          approval_status: pick(['New', 'Approved', 'Declined'], seed, 'approval', organization.id, index),
          scoped_approvals: [{ type: 'Enterprise', status: 'New' }],
        },
      ],
    };
  });
}

/** Runs of automations, the latest first; every fourth failed. */
export function automationsOf(
  settings: Action1Settings,
  organization: SimulatedOrganization,
): Record<string, unknown>[] {
  const { baseUrl, startedAt } = settings;
  return Array.from({ length: settings.automationsPerOrganization }, (_, index) => {
    const endedAt = startedAt.getTime() - (index + 1) * 6 * 3_600_000;
    return automationRun(
      baseUrl,
      organization.id,
      `Deploy_updates_${1_718_000_000_000 - index}`,
      'Deploy all updates',
      index % 4 === 3 ? 'Error' : 'Success',
      endedAt,
    );
  });
}

export function automationRun(
  baseUrl: string,
  organization: string,
  id: string,
  name: string,
  status: string,
  endedAt: number,
): Record<string, unknown> {
  const self = `${baseUrl}/automations/instances/${organization}/${id}`;
  return {
    id,
    type: 'AutomationInstance',
    self,
    name,
    retry_minutes: '1440',
    endpoints: [{ id: 'all', type: 'EndpointGroup' }],
    actions: [],
    endpoint_results: `${self}/endpoint_results`,
    schedule: `${baseUrl}/automations/schedules/${organization}/${id}`,
    percent_completed: '100',
    start_time: stamp(endedAt - 1_800_000),
    end_time: stamp(endedAt),
    status,
  };
}

const EVENTS = ['Login', 'GET', 'POST', 'View Report', 'Export Report', 'PATCH'] as const;

/**
 * The audit trail up to `now`, oldest first: one entry every so many seconds since 30 days before the start, so that any
 * span is found by arithmetic.
 */
export function auditTrail(
  settings: Action1Settings,
  organizations: readonly SimulatedOrganization[],
  now: number,
): { readonly entries: LazyList<Record<string, unknown>>; readonly timeOf: (index: number) => number } {
  const everyMs = settings.auditEverySeconds * 1000;
  const begin = settings.startedAt.getTime() - HISTORY_MS;
  const timeOf = (index: number) => begin + index * everyMs;
  const entries = lazy(Math.max(0, Math.floor((now - begin) / everyMs) + 1), (index) => {
    const organization = organizations[index % Math.max(1, organizations.length)];
    const event = pick(EVENTS, settings.seed, 'event', index);
    return {
      id: String(100_000 + index),
      type: 'AuditEvent',
      self: `${settings.baseUrl}/audit/${100_000 + index}`,
      event,
      description: '/me',
      details: {},
      object_name: 'API',
      object_url: '/me',
      user_name: `operator${between(1, 5, settings.seed, 'operator', index)}`,
      user_id: uuid(settings.seed, 'operator', index % 5),
      timestamp: stamp(timeOf(index)),
      org_id: organization?.id ?? ENTERPRISE_ID,
      org_name: organization?.name ?? '',
      status_message: 'Success',
    };
  });
  return { entries, timeOf };
}
