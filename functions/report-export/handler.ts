import * as v from 'valibot';
import { ConfigInvalidError } from '../core/errors.ts';
import type { RunExport } from '../core/reports/export.ts';
import type { Durable, ExportInput, ExportOutcome } from '../core/reports/run-types.ts';

const instant = v.pipe(v.string(), v.isoTimestamp());

const inputSchema = v.object({
  job: v.pipe(v.string(), v.nonEmpty()),
  from: instant,
  to: instant,
  attempt: v.pipe(v.number(), v.integer(), v.minValue(1)),
  action: v.picklist(['export', 'gap', 'fill']),
  reason: v.optional(v.string()),
});

/** One durable execution is one attempt at one window. @throws ConfigInvalidError when it was started with anything else */
export function createHandler(run: RunExport) {
  return async (event: unknown, durable: Durable): Promise<ExportOutcome> => {
    const parsed = v.safeParse(inputSchema, event);
    if (!parsed.success) throw new ConfigInvalidError('report-export takes {job, from, to, attempt, action}');
    return run(parsed.output as ExportInput, durable);
  };
}
