import * as v from 'valibot';
import { ConfigInvalidError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { issueText } from './settings.ts';

const name = v.pipe(v.string(), v.trim(), v.minLength(1, 'must not be empty'));

/** `all`, or organisations by id or name. */
export const organizationsOption = v.optional(
  v.union([
    v.literal('all'),
    v.pipe(v.array(name), v.minLength(1, 'must name at least one organization, or be "all"')),
  ]),
  'all',
);

/** Checks a job's options against a schema. @throws ConfigInvalidError naming the source and the field. */
export function parseWith<Schema extends v.GenericSchema<unknown, JsonObject>>(
  schema: Schema,
  source: string,
  input: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, input ?? {});
  if (!result.success) throw new ConfigInvalidError(`Options of Action1 ${source}: ${issueText(result.issues)}`);
  return result.output;
}
