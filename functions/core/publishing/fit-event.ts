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
  return { ...headed, data: { ...skeleton(event.data), cut: true } };
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

/** Members of one object, and bytes of a name, that the last resort leaves. */
const SKELETON_MEMBERS = 50;

/**
 * The last resort for data with no end of members: its top and what stands directly below. What is nested deeper is
 * emptied, not left out, so that the event still has the form that its schema promises.
 */
function skeleton(data: JsonObject, depth = 2): JsonObject {
  const short = Object.entries(data).filter(([key]) => Buffer.byteLength(key) <= SHORTEST_BYTES);
  return Object.fromEntries(short.slice(0, SKELETON_MEMBERS).map(([key, value]) => [key, emptied(value, depth - 1)]));
}

function emptied(value: JsonValue, depth: number): JsonValue {
  if (value === null || typeof value !== 'object') return cutValue(value, SHORTEST_BYTES);
  if (Array.isArray(value)) return [];
  return depth === 0 ? {} : skeleton(value as JsonObject, depth);
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
