import type { Alert, AlertState, Severity } from '../../core/alerts/source.ts';
import { idText, type JsonObject, type JsonValue } from '../../core/json.ts';
import { parseInstant } from './dates.ts';
import { firstText, objectAt } from './items.ts';

const SEVERITY: Readonly<Record<string, Severity>> = {
  critical: 'critical',
  warning: 'medium',
  info: 'info',
  ok: 'info',
};

/**
 * The fields that make a new version of an alert; the one list.
 *
 * All of them are in search results and in the single alert, or the same alert would have two fingerprints. Not among
 * them: `updatedTime`, `alertTime` and `actedTs` (they move without anything for a person to know, and stay when somebody
 * acts), `elapsedTimeString` and `healedTimeString` (they differ each time one asks), `subject` (texts carry the metered
 * value: "Used 90.31%"), `incidentId` (only in the single alert; `ticketed` says the same), and `repeatCount`: each
 * raw event of a flapping check raises it, up to once a minute, and an alert that goes on being critical is no news.
 * The count is in the details of the versions that are published.
 */
export const SIGNIFICANT_FIELDS = [
  'currentState',
  'status',
  'acknowledged',
  'suppressed',
  'permanentlySuppressed',
  'closed',
  'ticketed',
  'priority',
] as const;

const FLAGS: readonly string[] = ['acknowledged', 'suppressed', 'permanentlySuppressed', 'closed', 'ticketed'];

/** What a reader of the message may want to see besides. */
const DETAIL_FIELDS = [
  'description',
  'currentState',
  'oldState',
  'status',
  'priority',
  'alertType',
  'eventType',
  'app',
  'serviceName',
  'metric',
  'component',
  'problemArea',
  'repeatCount',
  'incidentId',
  'clientUniqueId',
  'tenantName',
  'inferenceId',
  'createdDate',
  'updatedTime',
  'statusHistory',
] as const;

/** An item of a search, or a single alert. `undefined` when it has no id or no state: it cannot be followed. */
export function toAlert(item: JsonObject): Alert | undefined {
  const id = idText(item.uniqueId);
  const currentState = firstText(item.currentState);
  if (id === undefined || currentState === undefined) return undefined;
  const raisedAt = parseInstant(item.createdDate) ?? parseInstant(item.createdTime) ?? parseInstant(item.alertTime);
  const changedAt = parseInstant(item.updatedTime);
  return {
    id,
    severity: severityOf(currentState, item.oldState),
    state: stateOf(item, currentState),
    title: firstText(item.subject) ?? `Alert ${id}`,
    resource: resourceOf(item),
    ...(raisedAt === undefined ? {} : { raisedAt }),
    ...(changedAt === undefined ? {} : { changedAt }),
    significant: significantOf(item),
    details: detailsOf(item),
  };
}

/** A healed alert keeps the severity that it had where we are told: who waits for it filters on that. */
function severityOf(currentState: string, oldState: JsonValue | undefined): Severity {
  const healed = currentState.toLowerCase() === 'ok';
  const telling = healed ? (firstText(oldState) ?? currentState) : currentState;
  // A state that nobody told us of must not be filtered out as harmless.
  return SEVERITY[telling.toLowerCase()] ?? 'medium';
}

function stateOf(item: JsonObject, currentState: string): AlertState {
  const status = firstText(item.status)?.trim().toLowerCase() ?? '';
  if (isSet(item.closed) || status === 'closed' || status === 'purged') return 'resolved';
  if (currentState.toLowerCase() === 'ok') return 'resolved';
  if (isSet(item.suppressed) || isSet(item.permanentlySuppressed)) return 'suppressed';
  // Correlated alerts are hidden behind their inference, which is an alert of its own.
  if (['suppressed', 'correlated', 'ignored', 'ignore'].includes(status)) return 'suppressed';
  if (isSet(item.acknowledged) || isSet(item.ticketed) || status === 'acknowledged' || status === 'ticketed') {
    return 'acknowledged';
  }
  return 'open';
}

function isSet(value: JsonValue | undefined): boolean {
  return value === true || value === 'true';
}

/** Absent flags are false and letter case is one: the vendor's services differ in both. */
function significantOf(item: JsonObject): JsonObject {
  return Object.fromEntries(
    SIGNIFICANT_FIELDS.map((field): [string, JsonValue] => {
      const value = item[field];
      if (FLAGS.includes(field)) return [field, isSet(value)];
      const text = firstText(value)?.trim().toUpperCase() ?? '';
      return [field, text === 'N/A' ? '' : text];
    }),
  );
}

/** Inferences have no device, root causes only a name and an address. */
function resourceOf(item: JsonObject): string {
  const device = objectAt(item, 'device');
  const resource = objectAt(item, 'resource');
  return (
    firstText(
      device.hostName,
      device.name,
      resource.hostName,
      resource.name,
      resource.resourceName,
      device.ipAddress,
      resource.ipAddress,
      item.component,
      item.tenantName,
    )?.trim() ?? 'unknown'
  );
}

function detailsOf(item: JsonObject): JsonObject {
  const fields = DETAIL_FIELDS.flatMap((field): readonly [string, JsonValue][] => {
    const value = item[field];
    return value === undefined || value === '' ? [] : [[field, value]];
  });
  const resource = { ...objectAt(item, 'resource'), ...objectAt(item, 'device') };
  const about = ['id', 'name', 'ipAddress', 'resourceType', 'type'].flatMap((field): readonly [string, JsonValue][] => {
    const value = resource[field];
    return typeof value === 'string' && value !== '' ? [[field, value]] : [];
  });
  return { ...Object.fromEntries(fields), ...(about.length === 0 ? {} : { resource: Object.fromEntries(about) }) };
}
