import type { HookProfile } from '../../core/provider.ts';

/**
 * The payload to configure in OpsRamp (Setup → Integrations → outbound event, entity ALERT); placeholders are filled in
 * by the platform. Payloads are free text there, so that other common shapes are understood, too.
 */
export const HOOK_PAYLOAD = '{"resource":"alerts","id":"$alert.uniqueId"}';

/** Alert ids are decimal numbers. A placeholder that was not filled in is none. */
const ALERT_ID = /^\d{1,19}$/u;

const ID_MEMBERS = ['alertId', 'alert_id', 'uniqueId', 'id'] as const;

/** Alerts lie at most so deep in payloads that people write. */
const MAX_DEPTH = 2;

/**
 * Outbound events. They hasten what polling finds anyway, and are configured by hand in a process definition of the
 * tenant's: deliveries are neither signed nor repeated as far as is documented, and nothing of a body is believed but
 * the id.
 */
export const hooks: HookProfile = {
  alertSource: 'alerts',
  payload: HOOK_PAYLOAD,
  hints(body) {
    const id = findId(body, 0);
    return id === undefined ? [] : [id];
  },
  recovery: (_options, events) => ({ polled: events, lost: [] }),
  // There is nothing to register, re-enable or miss: every change is polled for.
  keep: async (_call, events) => ({ active: events, reenabled: [], registered: [], foreign: 0 }),
};

function findId(value: unknown, depth: number): string | undefined {
  if (value === null || typeof value !== 'object' || depth > MAX_DEPTH) return undefined;
  if (Array.isArray(value)) return findId(value[0], depth + 1);
  const object = value as Readonly<Record<string, unknown>>;
  for (const member of ID_MEMBERS) {
    const candidate = object[member];
    const text = typeof candidate === 'number' ? String(candidate) : candidate;
    if (typeof text === 'string' && ALERT_ID.test(text)) return text;
  }
  return findId(object.alert, depth + 1) ?? findId(object.payload, depth + 1);
}
