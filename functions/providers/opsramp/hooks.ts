import type { JsonValue } from '../../core/json.ts';

/** What a hook tells: look at this one again. Nothing of its body is believed but the id. */
export interface HookHint {
  readonly resource: 'alerts';
  readonly id: string;
}

/**
 * The payload to configure in OpsRamp (Setup → Integrations → outbound event, entity ALERT); placeholders are filled in
 * by the platform. Payloads are free text there, so that other common shapes are understood, too.
 */
export const HOOK_PAYLOAD = '{"resource":"alerts","id":"$alert.uniqueId"}';

/** Alert ids are decimal numbers. A placeholder that was not filled in is none. */
const ALERT_ID = /^\d{1,19}$/u;

const ID_MEMBERS = ['alertId', 'alert_id', 'uniqueId', 'id'] as const;

/** The alert that an outbound event is about, or `undefined` when the body names none. */
export function parseHook(body: string): HookHint | undefined {
  const id = findId(parsed(body), 0);
  return id === undefined ? undefined : { resource: 'alerts', id };
}

function parsed(body: string): JsonValue {
  try {
    return JSON.parse(body) as JsonValue;
  } catch {
    return null;
  }
}

function findId(value: JsonValue | undefined, depth: number): string | undefined {
  if (value === null || typeof value !== 'object' || depth > 2) return undefined;
  if (Array.isArray(value)) return findId(value[0] as JsonValue | undefined, depth + 1);
  const object = value as { readonly [member: string]: JsonValue };
  for (const member of ID_MEMBERS) {
    const candidate = object[member];
    const text = typeof candidate === 'number' ? String(candidate) : candidate;
    if (typeof text === 'string' && ALERT_ID.test(text)) return text;
  }
  return findId(object.alert, depth + 1) ?? findId(object.payload, depth + 1);
}
