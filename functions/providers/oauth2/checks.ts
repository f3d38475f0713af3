import * as v from 'valibot';
import { ConfigInvalidError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { suggestion } from '../../core/nearest.ts';

type Name = string | number;

/** An object with exactly these members. A name that is none of them is answered with the nearest one. */
export function members<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.strictObject(entries, (issue) => {
    if (issue.expected === 'never')
      return `is not a setting here.${suggestion(String(issue.input), Object.keys(entries))}`;
    return 'must be a mapping of names to values';
  });
}

/** One of a list of words; another one is answered with the nearest of them. */
export function oneOf<const Words extends readonly string[]>(words: Words) {
  return v.picklist(words, ({ input }) => `must be one of ${words.join(', ')}.${suggestion(String(input), words)}`);
}

/** A text of a form that the message describes: `must be …`. */
export function text(form: RegExp, message: string) {
  return v.pipe(v.string(`must be ${message}`), v.regex(form, `must be ${message}`));
}

/** A whole number between two bounds, both inclusive. */
export function whole(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message));
}

/**
 * Checks what stands in `steward.yaml`, and fills in the defaults.
 *
 * @throws ConfigInvalidError with the place of the first fault; an unknown name comes first, because what is missing is
 * often what was misspelt
 */
export function check<Schema extends v.GenericSchema>(
  schema: Schema,
  input: unknown,
  subject: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, input ?? {});
  if (result.success) return result.output;
  const issue = result.issues.find(({ expected }) => expected === 'never') ?? result.issues[0];
  const path = (issue.path ?? []).map(({ key }) => key as Name);
  const isMissing = issue.received === 'undefined';
  const problem = isMissing
    ? 'is missing'
    : issue.message.startsWith('Invalid')
      ? `is wrong: ${issue.message}`
      : issue.message;
  throw new ConfigInvalidError(`${subject}: ${[...path, problem].join(' ')}`, { fault: { path, problem } });
}

/** As it is stored: plain JSON, nothing undefined. */
export function stored(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
