import { idText, type JsonValue } from '../../core/json.ts';

/** The way to a value inside a JSON document. */
export type Way = readonly string[];

/**
 * A way as recipes write it: `meta.total`, or a JSON pointer where a name holds a dot: `/odata.metadata/total`.
 * The empty text is the document itself.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6901
 */
export function wayOf(text: string): Way {
  if (text === '') return [];
  if (!text.startsWith('/')) return text.split('.');
  return text
    .slice(1)
    .split('/')
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** What stands there; `undefined` where the way ends before. */
export function valueAt(document: JsonValue | undefined, text: string): JsonValue | undefined {
  let found = document;
  for (const name of wayOf(text)) {
    if (found === null || typeof found !== 'object' || !Object.hasOwn(found, name)) return undefined;
    found = (found as Readonly<Record<string, JsonValue>>)[name];
  }
  return found;
}

/** A count, as a number or as digits. */
export function countOf(value: JsonValue | undefined): number | undefined {
  return /^\d{1,12}$/u.test(String(idText(value))) ? Number(value) : undefined;
}
