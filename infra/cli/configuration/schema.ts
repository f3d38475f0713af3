import * as v from 'valibot';
import { MOMENT_FORM, parseMoment } from '../moment.ts';

/** Names of connections and jobs: they become keys, paths and parts of URLs. */
export const NAME_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const name = v.pipe(v.string(), v.regex(NAME_PATTERN, 'must be 1 to 63 small letters, digits and inner hyphens'));

/** `30s`, `1m`, `2h`: how often an alert job polls. */
const interval = v.pipe(
  v.string(),
  v.regex(/^\d+[smh]$/, 'must be a number with s, m or h: 1m'),
  v.transform((text) => Number(text.slice(0, -1)) * { s: 1, m: 60, h: 3600 }[text.at(-1) as 's' | 'm' | 'h']),
  v.minValue(1, 'must be at least 1s'),
);

const instant = v.pipe(
  v.union([v.string(), v.date()], `must be a date, as ${MOMENT_FORM}`),
  v.transform((value) => (typeof value === 'string' ? parseMoment(value) : value) ?? new Date(Number.NaN)),
  v.check((date) => !Number.isNaN(date.getTime()), `must be a date, as ${MOMENT_FORM}`),
);

const options = v.optional(v.record(v.string(), v.unknown()), {});

const retention = v.strictObject({
  days: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(36_500)),
  mode: v.optional(v.picklist(['GOVERNANCE', 'COMPLIANCE']), 'GOVERNANCE'),
});

/** What every provider has; the rest of the entry is the provider's own and checked by its folder. */
const connection = v.looseObject({
  provider: v.string(),
  /** `name`, or `name#key` for one of many clients in one secret. Below `steward/<stage>/`. */
  secret: v.pipe(v.string(), v.regex(/^[\w./-]+(?:#[\w.@-]+)?$/, 'must be the name of a secret, or name#key')),
  /** Replaces the provider's default budget, where the account is shared with another integration. */
  requestsPerMinute: v.optional(v.pipe(v.number(), v.minValue(1))),
});

const report = v.strictObject({
  connection: v.string(),
  source: v.string(),
  options,
  schedule: v.string(),
  zone: v.optional(v.string(), 'UTC'),
  startAt: v.optional(instant),
  formats: v.optional(
    v.pipe(v.array(v.picklist(['csv', 'jsonl', 'parquet'])), v.minLength(1, 'needs at least one format')),
    ['csv'],
  ),
  gzip: v.optional(v.boolean(), false),
  defuseFormulas: v.optional(v.boolean(), true),
  retention: v.optional(retention, { days: 365 }),
  topic: v.optional(v.string(), 'events'),
  paused: v.optional(v.boolean(), false),
});

const alert = v.strictObject({
  connection: v.string(),
  source: v.string(),
  every: v.optional(interval, '1m'),
  filter: options,
  topic: v.optional(v.string(), 'alerts'),
  /** Whether what is open already at the first pass is published, or only what opens or changes after it. */
  announceExisting: v.optional(v.boolean(), true),
  stormThreshold: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 100),
  maintenance: v.optional(v.array(v.strictObject({ from: instant, to: instant, reason: v.string() })), []),
  paused: v.optional(v.boolean(), false),
});

const hook = v.strictObject({
  connection: v.string(),
  /** The provider's names of the events to be told of. */
  events: v.pipe(v.array(v.string()), v.minLength(1, 'needs at least one event')),
  /** The alert job that takes what the hooks hint at. */
  job: v.string(),
});

/** `steward.yaml`, before the providers have looked at their parts of it. */
export const fileSchema = v.strictObject({
  version: v.literal(1, 'must be 1'),
  connections: v.record(name, connection),
  reports: v.optional(v.record(name, report), {}),
  alerts: v.optional(v.record(name, alert), {}),
  hooks: v.optional(v.record(name, hook), {}),
});

export type ConfigurationFile = v.InferOutput<typeof fileSchema>;
