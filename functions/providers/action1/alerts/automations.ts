import * as v from 'valibot';
import type { Alert, AlertSource, Severity } from '../../../core/alerts/source.ts';
import type { CallApi } from '../../../core/provider.ts';
import { DAY_MS } from '../../../core/time.ts';
import { parseInstant } from '../dates.ts';
import { organizationsOption, parseWith } from '../options.ts';
import type { Organization } from '../organizations.ts';
import { ALERT_TIMEOUT_MS, parseItems, readList, START } from '../paging.ts';
import { automationResultSchema, automationSchema, type Action1Automation } from '../schemas.ts';
import { readSnapshot } from './snapshot.ts';

const STATUSES = ['Error', 'Warning', 'Stopped'] as const;
const DEFAULT_DAYS = 7;
const NAMED_ENDPOINTS = 25;
const SEVERITY = { Error: 'high', Warning: 'medium', Stopped: 'low' } as const satisfies Record<string, Severity>;

const options = v.strictObject({
  organizations: organizationsOption,
  statuses: v.optional(
    v.pipe(
      v.array(v.picklist(STATUSES, `must be one of ${STATUSES.join(', ')}`)),
      v.minLength(1, 'must name at least one status'),
    ),
    ['Error'],
  ),
  withinDays: v.optional(v.pipe(v.number(), v.minValue(1, 'must be 1 or more')), DEFAULT_DAYS),
});
type Options = v.InferOutput<typeof options>;
const parseOptions = (input: unknown) => parseWith(options, 'automations', input);

/**
 * Runs of automations that failed. A run stays failed for ever, so its alert is resolved by its age: after
 * `withinDays` it is no longer in the snapshot.
 */
export const automationAlerts: AlertSource = {
  title: 'Failed automations',
  mode: 'snapshot',
  lagMs: 0,
  parseOptions,
  readPage: (call, context, _span, cursor) => {
    const chosen = parseOptions(context.options);
    const list = {
      organizations: chosen.organizations,
      schema: automationSchema,
      idField: 'id',
      path: (organization: Organization) => `automations/instances/${encodeURIComponent(organization.id)}`,
      query: chosen.statuses.length === 1 ? chosen.statuses.map((status) => ['status', status] as const) : [],
      toAlert: (item: Action1Automation, organization: Organization) =>
        toAlert(item, organization, chosen, context.now),
    };
    return readSnapshot(call, list, cursor);
  },
  enrich: (call, _context, alert) => enrich(call, alert),
};

function toAlert(
  run: Action1Automation,
  organization: Organization,
  { statuses, withinDays }: Options,
  now: Date,
): Alert | undefined {
  const status = statuses.find((wanted) => wanted.toLowerCase() === run.status?.toLowerCase());
  if (status === undefined) return undefined;
  const endedAt = parseInstant(run.end_time ?? undefined) ?? parseInstant(run.start_time ?? undefined);
  if (endedAt !== undefined && endedAt.getTime() < now.getTime() - withinDays * DAY_MS) return undefined;
  const name = run.name ?? run.id;
  return {
    id: `${organization.id}/${run.id}`,
    severity: SEVERITY[status],
    state: 'open',
    title: `Automation ${name} in ${organization.name} ended with ${run.status}`,
    resource: `${organization.name}/${name}`,
    ...(endedAt === undefined ? {} : { raisedAt: endedAt, changedAt: endedAt }),
    significant: { status: run.status ?? null },
    details: { instanceId: run.id, organizationId: organization.id, organization: organization.name, automation: name },
  };
}

/** Which endpoints it failed on, and what they said. */
async function enrich(call: CallApi, alert: Alert): Promise<Alert> {
  const { organizationId, instanceId } = alert.details;
  if (typeof organizationId !== 'string' || typeof instanceId !== 'string') return alert;
  const path = `automations/instances/${encodeURIComponent(organizationId)}/${encodeURIComponent(instanceId)}/endpoint-results`;
  const page = await readList(call, { path, timeoutMs: ALERT_TIMEOUT_MS }, START, NAMED_ENDPOINTS);
  const results = parseItems(automationResultSchema, page, path).map((result) => ({
    endpoint: result.endpoint_name ?? null,
    status: result.status ?? null,
    action: result.action_name ?? null,
    description: result.description ?? null,
  }));
  return { ...alert, details: { ...alert.details, endpointResults: results } };
}
