import * as v from 'valibot';
import { ConfigInvalidError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { isQueryValue, type QueryField } from './query.ts';

/** Values of one filter: any of them may match. */
export const values = v.optional(
  v.pipe(
    v.array(v.pipe(v.string(), v.maxLength(200), v.check(isQueryValue, 'a value without plus or comma'))),
    v.minLength(1, 'at least one value'),
    v.maxLength(50, 'at most 50 values'),
  ),
);

/** Values of one filter, out of a documented list; letter case does not matter. */
export function valuesOf<const Members extends readonly string[]>(members: Members) {
  const byLowerCase = new Map(members.map((member) => [member.toLowerCase(), member]));
  const member = v.pipe(
    v.string(),
    v.transform((text) => byLowerCase.get(text.toLowerCase()) ?? text),
    v.picklist(members, `one of ${members.join(', ')}`),
  );
  return v.optional(v.pipe(v.array(member), v.minLength(1, 'at least one value')));
}

/** @throws ConfigInvalidError naming the source and the field. */
export function parseOptionsOf(schema: v.GenericSchema, source: string, input: unknown): JsonObject {
  const result = v.safeParse(schema, input ?? {});
  if (!result.success) {
    const [issue] = result.issues;
    throw new ConfigInvalidError(`OpsRamp ${source}: ${v.getDotPath(issue) ?? 'options'}: ${issue.message}`);
  }
  const entries = Object.entries(result.output as Record<string, unknown>);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as JsonObject;
}

/** The options that are set, as fields of a `queryString`, by our name and the vendor's. */
export function fieldsOf(options: JsonObject, names: Readonly<Record<string, string>>): readonly QueryField[] {
  return Object.entries(names).flatMap(([ours, theirs]): readonly QueryField[] => {
    const value = options[ours];
    if (Array.isArray(value)) return [[theirs, value as readonly string[]]];
    return typeof value === 'string' ? [[theirs, [value]]] : [];
  });
}
