import * as v from 'valibot';
import { organizationsOption, parseWith } from '../../options.ts';

/** An agent that is on answers within minutes; who is off may not answer for weeks. */
const DEFAULT_DEADLINE_MINUTES = 15;
const DEFAULT_COVERAGE = 0.95;
/** Endpoints answer over minutes; asking more often would only use up the enterprise's 30 requests. */
const DEFAULT_ASK_EVERY_SECONDS = 60;

const requery = v.strictObject({
  deadlineMinutes: v.optional(
    v.pipe(v.number(), v.minValue(1, 'must be 1 or more'), v.maxValue(720, 'must be 720 or less')),
    DEFAULT_DEADLINE_MINUTES,
  ),
  coverage: v.optional(
    v.pipe(v.number(), v.minValue(0, 'must be 0 to 1'), v.maxValue(1, 'must be 0 to 1')),
    DEFAULT_COVERAGE,
  ),
  askEverySeconds: v.optional(
    v.pipe(v.number(), v.minValue(1, 'must be 1 or more'), v.maxValue(3600, 'must be 3600 or less')),
    DEFAULT_ASK_EVERY_SECONDS,
  ),
});

const schema = v.pipe(
  v.strictObject({
    report: v.pipe(v.string('must be the id or the name of a report'), v.trim(), v.minLength(1, 'must not be empty')),
    organizations: organizationsOption,
    requery: v.exactOptional(requery),
    details: v.optional(v.boolean(), false),
    drilldown: v.optional(v.boolean(), false),
    liveOnly: v.optional(v.boolean(), false),
    filter: v.exactOptional(v.pipe(v.string(), v.minLength(1, 'must not be empty'))),
    vendorCsv: v.optional(v.boolean(), false),
  }),
  v.check(({ details, drilldown }) => !(details && drilldown), 'details and drilldown exclude each other'),
);

export type ReportOptions = v.InferOutput<typeof schema>;

/** @throws ConfigInvalidError naming the field. */
export function parseReportOptions(input: unknown): ReportOptions {
  return parseWith(schema, 'report', input);
}
