import * as v from 'valibot';
import type { Alert, AlertSource, Severity } from '../../../core/alerts/source.ts';
import { HOUR_MS } from '../../../core/time.ts';
import { parseLastSeen } from '../dates.ts';
import { organizationsOption, parseWith } from '../options.ts';
import type { Organization } from '../organizations.ts';
import { endpointSchema, type Action1Endpoint } from '../schemas.ts';
import { readSnapshot } from './snapshot.ts';

const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const satisfies readonly Severity[];
const DEFAULT_HOURS = 24;

const options = v.strictObject({
  organizations: organizationsOption,
  hours: v.optional(v.pipe(v.number(), v.minValue(1, 'must be 1 or more')), DEFAULT_HOURS),
  severity: v.optional(v.picklist(SEVERITIES, `must be one of ${SEVERITIES.join(', ')}`), 'medium'),
});
type Options = v.InferOutput<typeof options>;
const parseOptions = (input: unknown) => parseWith(options, 'endpoints', input);

/** Endpoints whose agent has not reported for some hours. One that reports again is resolved by its absence. */
export const endpointAlerts: AlertSource = {
  title: 'Endpoints that stopped reporting',
  mode: 'snapshot',
  lagMs: 0,
  parseOptions,
  readPage: (call, context, _span, cursor) => {
    const chosen = parseOptions(context.options);
    const list = {
      organizations: chosen.organizations,
      schema: endpointSchema,
      idField: 'id',
      path: (organization: Organization) => `endpoints/managed/${encodeURIComponent(organization.id)}`,
      query: [['status', 'Disconnected'] as const],
      toAlert: (item: Action1Endpoint, organization: Organization) => toAlert(item, organization, chosen, context.now),
    };
    return readSnapshot(call, list, cursor);
  },
};

/** An endpoint without a readable time is left alone: nobody knows since when it is silent. */
function toAlert(
  endpoint: Action1Endpoint,
  organization: Organization,
  { hours, severity }: Options,
  now: Date,
): Alert | undefined {
  const lastSeen = parseLastSeen(endpoint.last_seen ?? undefined, now);
  if (lastSeen === undefined || endpoint.status?.toLowerCase() === 'connected') return undefined;
  const dueAt = new Date(lastSeen.getTime() + hours * HOUR_MS);
  if (dueAt > now) return undefined;
  const name = endpoint.name ?? endpoint.device_name ?? endpoint.id;
  return {
    id: `${organization.id}/${endpoint.id}`,
    severity,
    state: 'open',
    title: `${name} in ${organization.name} has not reported since ${lastSeen.toISOString()}`,
    resource: name,
    raisedAt: dueAt,
    changedAt: dueAt,
    significant: { lastSeen: lastSeen.toISOString() },
    details: {
      endpointId: endpoint.id,
      organizationId: organization.id,
      organization: organization.name,
      operatingSystem: endpoint.OS ?? null,
      user: endpoint.user ?? null,
      address: endpoint.address ?? null,
      subscriptionStatus: endpoint.subscription_status ?? null,
    },
  };
}
