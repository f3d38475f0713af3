import type { ServiceEvent } from '../events.ts';
import type { JsonObject, JsonValue } from '../json.ts';

/** Ends a text that was cut. */
const CUT_MARK = '… [cut]';
/** Texts and lists are never cut below this: ids, states and names stay whole. */
const SHORTEST_BYTES = 64;
const HEADER_TEXT_BYTES = 512;

/**
 * The event, small enough to be stored and sent: long texts of its data are cut at a character boundary and marked, long
 * lists lose their tail, and `data.cut` says so. An event that fits is returned as it is.
 */
export function fitEvent(event: ServiceEvent, limitBytes: number): ServiceEvent {
  if (measured(event) <= limitBytes) return event;
  const headed = {
    ...event,
    summary: cutText(event.summary, HEADER_TEXT_BYTES),
    ...(event.resource === undefined ? {} : { resource: cutText(event.resource, HEADER_TEXT_BYTES) }),
  };
  for (let cap = limitBytes; cap >= SHORTEST_BYTES; cap = Math.floor(cap / 2)) {
    const data = { ...(cutValue(event.data, cap) as JsonObject), cut: true };
    const candidate = { ...headed, data };
    if (measured(candidate) <= limitBytes) return candidate;
  }
  return { ...headed, data: { ...scalars(event.data), cut: true } };
}

function measured(event: ServiceEvent): number {
  return Buffer.byteLength(JSON.stringify(event));
}

function cutValue(value: JsonValue, capBytes: number): JsonValue {
  if (typeof value === 'string') return cutText(value, capBytes);
  if (Array.isArray(value)) {
    const list = value as readonly JsonValue[];
    return list.slice(0, Math.max(1, Math.floor(capBytes / 16))).map((member) => cutValue(member, capBytes));
  }
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, cutValue(member, capBytes)]));
  }
  return value;
}

/** The last resort for data with no end of members: what stands at its top, without what is nested. */
function scalars(data: JsonObject): JsonObject {
  const flat = Object.entries(data).filter(([, value]) => value === null || typeof value !== 'object');
  return Object.fromEntries(flat.slice(0, 50).map(([key, value]) => [key, cutValue(value, SHORTEST_BYTES)]));
}

/** A text of at most `limitBytes` in UTF-8, never ending inside a character. */
export function cutText(text: string, limitBytes: number): string {
  if (Buffer.byteLength(text) <= limitBytes) return text;
  const room = Math.max(0, limitBytes - Buffer.byteLength(CUT_MARK));
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > room) break;
    end += character.length;
  }
  return text.slice(0, end) + CUT_MARK;
}
