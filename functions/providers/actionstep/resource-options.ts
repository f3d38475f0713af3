import * as v from 'valibot';
import { ConfigInvalidError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { MAX_PAGE_SIZE } from './paging.ts';
import { STAMPS, type Stamp } from './stamps.ts';

/** The pseudo-resource of time: `timeentries` or `timerecords`, whichever the connection's system keeps. */
export const TIME = 'time';

const NAME = 'resource must be a lower-case plural name';
const resource = v.pipe(v.string(NAME), v.regex(/^[a-z][a-z0-9]{1,63}$/u, NAME));
const field = v.pipe(v.string(), v.regex(/^[A-Za-z_:][A-Za-z0-9_]{0,63}$/u, 'a field name, or :default'));
const link = v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9.]{0,63}$/u, 'a link name, nested ones joined by dots'));
const filter = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z_][A-Za-z0-9_]{0,63}(?:\[[A-Za-z0-9_]{1,64}\]){0,3}$/u,
    'a field with an operator, such as status_eq',
  ),
  v.check((name) => !['page', 'pageSize', 'sort', 'fields', 'include'].includes(name), 'set by the source itself'),
);

const members = {
  /** Only these fields; the id and the stamp come with them. */
  fields: v.optional(v.array(field), []),
  /** Linked records to bring along, under `included`. Their resources' scopes are needed, too. */
  include: v.optional(v.array(link), []),
  filters: v.optional(v.record(filter, v.pipe(v.string(), v.maxLength(500))), {}),
  pageSize: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_PAGE_SIZE, 'pageSize is at most 200')),
    MAX_PAGE_SIZE,
  ),
  /** Read everything though there is a stamp: what finds edits and deletions that a stamp does not show. */
  full: v.optional(v.boolean(), false),
};

const schema = v.strictObject({ resource, ...members });

export type ResourceOptions = v.InferOutput<typeof schema>;

/** @throws ConfigInvalidError naming the field. */
export function parseResourceOptions(input: unknown, fixed?: string): JsonObject {
  const given = input ?? {};
  const isPlain = typeof given === 'object' && !Array.isArray(given);
  const parsed = v.safeParse(schema, isPlain ? { resource: fixed, ...given } : given);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new ConfigInvalidError(`options.${v.getDotPath(issue) ?? 'resource'}: ${issue.message}`);
  }
  if (fixed !== undefined && parsed.output.resource !== fixed) {
    throw new ConfigInvalidError(`options.resource: this source always reads ${fixed}; use the source "resource"`);
  }
  return parsed.output;
}

/** Options as `parseResourceOptions` left them. */
export function readResourceOptions(options: JsonObject): ResourceOptions {
  return v.parse(schema, options);
}

/** The stamp that a job's windows go by; `undefined` for a snapshot. */
export function stampFor(options: ResourceOptions, actual = options.resource): Stamp | undefined {
  if (options.full) return undefined;
  return STAMPS[actual === TIME ? 'timeentries' : actual];
}
