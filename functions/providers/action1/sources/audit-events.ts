import * as v from 'valibot';
import { ProviderResponseInvalidError } from '../../../core/errors.ts';
import type { JsonValue } from '../../../core/json.ts';
import type { CallApi } from '../../../core/provider.ts';
import type { ReportSource, SourceContext, SourcePage, SourceRow } from '../../../core/reports/source.ts';
import { MINUTE_MS } from '../../../core/time.ts';
import { parseInstant, toWireInstant } from '../dates.ts';
import { parseWith } from '../options.ts';
import { advance, PAGE_SIZE, parseItems, readList, START, type Position } from '../paging.ts';
import { auditEventSchema } from '../schemas.ts';
import { closeList, NO_TALLY, verdict, type Tally } from '../walk.ts';

/** Whether `timefrom` and `timeto` include their edges is not documented: ask for more, keep what is ours. */
const WIDER_MS = MINUTE_MS;
/** How long after a window's end it is read. The lag of the audit trail is not documented; a call appears in seconds. */
const SETTLE_MS = 10 * MINUTE_MS;

const text = v.pipe(v.string(), v.trim(), v.minLength(1, 'must not be empty'));
const options = v.strictObject({
  events: v.exactOptional(v.pipe(v.array(text), v.minLength(1, 'must name at least one event'))),
  organizations: v.optional(v.union([v.literal('all'), v.pipe(v.array(text), v.minLength(1))]), 'all'),
});

const parseOptions = (input: unknown) => parseWith(options, 'audit-events', input);

type AuditEvent = v.InferOutput<typeof auditEventSchema>;
type Cursor = { readonly position: Position; readonly tally: Tally; readonly outside: number };

/** Who did what in the enterprise: the one list of Action1 that has a time axis, so it can be made up for. */
export const auditEvents: ReportSource = {
  title: 'Audit trail',
  parseOptions,
  describe: () => ({
    kind: 'incremental',
    settleMs: SETTLE_MS,
    columns: [
      'eventId',
      'at',
      'event',
      'description',
      'user',
      'userId',
      'organization',
      'organizationId',
      'object',
      'objectUrl',
      'result',
    ],
    keyColumns: ['eventId'],
    groupColumn: 'event',
  }),
  readPage: (call, context, cursor) => readPage(call, context, cursor),
};

async function readPage(call: CallApi, context: SourceContext, cursor: JsonValue | undefined): Promise<SourcePage> {
  const at = (cursor as Cursor | undefined) ?? { position: START, tally: NO_TALLY, outside: 0 };
  const chosen = parseOptions(context.options);
  const path = 'audit/events';
  const query: (readonly [string, string])[] = [
    ['timefrom', toWireInstant(new Date(context.window.from.getTime() - WIDER_MS))],
    ['timeto', toWireInstant(new Date(context.window.to.getTime() + WIDER_MS))],
  ];
  if (chosen.events !== undefined) query.push(['event', chosen.events.join(',')]);
  const page = await readList(call, { path, query }, at.position, PAGE_SIZE);
  const events = parseItems(auditEventSchema, page, path);
  const rows = events
    .filter((event) => isIn(event, context) && isOf(event, chosen.organizations))
    .map((event) => toRow(event));
  const tally = { ...at.tally, rows: at.tally.rows + rows.length };
  const outside = at.outside + events.length - rows.length;
  const step = advance(at.position, page, PAGE_SIZE);
  if ('next' in step) return { rows, next: { position: step.next, tally, outside } };
  const closed = closeList(tally, page);
  return { rows, ...verdict({ ...closed, total: closed.total - outside }), facts: { outsideWindow: outside } };
}

function isIn(event: AuditEvent, { window }: SourceContext): boolean {
  const at = stampOf(event).getTime();
  return at >= window.from.getTime() && at < window.to.getTime();
}

/** The trail is the enterprise's and has no filter by organisation. */
function isOf(event: AuditEvent, wanted: 'all' | readonly string[]): boolean {
  if (wanted === 'all') return true;
  const names = [event.org_id, event.org_name].map((name) => name?.trim().toLowerCase());
  return wanted.some((name) => names.includes(name.toLowerCase()));
}

function stampOf(event: AuditEvent): Date {
  const at = parseInstant(event.timestamp);
  if (at === undefined) throw new ProviderResponseInvalidError('Action1 sent an audit event without a readable time');
  return at;
}

function toRow(event: AuditEvent): SourceRow {
  return {
    eventId: String(event.id),
    at: stampOf(event).toISOString(),
    event: event.event ?? null,
    description: event.description ?? null,
    user: event.user_name ?? null,
    userId: event.user_id ?? null,
    organization: event.org_name ?? null,
    organizationId: event.org_id ?? null,
    object: event.object_name ?? null,
    objectUrl: event.object_url ?? null,
    result: event.status_message ?? null,
  };
}
