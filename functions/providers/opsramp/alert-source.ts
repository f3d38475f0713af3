import * as v from 'valibot';
import type { Alert, AlertPage, AlertSource, AlertSourceContext } from '../../core/alerts/source.ts';
import { ProviderResponseInvalidError } from '../../core/errors.ts';
import { bodyJson } from '../../core/http.ts';
import { idText, type JsonObject } from '../../core/json.ts';
import type { CallApi } from '../../core/provider.ts';
import { ALERT_FILTERS, ALERT_STATES, alertFilters } from './alert-filters.ts';
import { ALERTS_PAGE_SIZE, INDEX_LAG_MS } from './alert-history.ts';
import { toAlert } from './alert-mapping.ts';
import { queryInstant } from './dates.ts';
import { OpsrampRefusedError } from './judge.ts';
import { fieldsOf, parseOptionsOf } from './options.ts';
import { ALERTS_PAGINATED, readList } from './paging.ts';
import type { QueryField } from './query.ts';
import { askedSpan, halves, isFarOutside, isWithin, MAX_DEPTH, type Span, spanOf } from './spans.ts';

const optionsSchema = v.strictObject(alertFilters);

/** Before any alert that is still open. Dates are always sent: what is searched without them is not documented. */
const LONG_AGO = new Date('2010-01-01T00:00:00Z');

/** A single alert by its id counts as a single read, of which ten times as many are allowed as of pages. */
const SINGLE = 'default';

type Cursor = { readonly queue: readonly Span[]; readonly page: number };

/**
 * Alerts by the time of their last event.
 *
 * Acknowledging, ticketing, suppressing and closing leave `updatedTime` alone: such changes are found by reading the
 * alerts that are held open again, and by the reconciliation. For the same reason an alert that leaves a filter (a
 * `Warning` where `states` has `Critical`) is found by its id only.
 */
export const alerts: AlertSource = {
  title: 'Alerts',
  mode: 'feed',
  lagMs: INDEX_LAG_MS,
  parseOptions: (input) => parseOptionsOf(optionsSchema, 'alerts', input),

  readPage: (call, context, { from, to }, cursor) =>
    readSearch(call, {
      cursor: cursor as Cursor | undefined,
      span: spanOf(from, new Date(to.getTime() + 999)),
      base: 'updated',
      fields: fieldsOf(context.options, ALERT_FILTERS),
      dated: true,
    }),

  readOpenPage: async (call, context, cursor) => {
    const page = await readSearch(call, {
      cursor: cursor as Cursor | undefined,
      span: spanOf(LONG_AGO, context.now),
      base: 'created',
      fields: [...fieldsOf(withoutStates(context.options), ALERT_FILTERS), ['states', openStates(context.options)]],
      dated: false,
    });
    return { ...page, alerts: page.alerts.filter(({ state }) => state !== 'resolved') };
  },

  readOne,

  enrich: async (call, context, alert) => {
    const single = await readOne(call, context, alert.id);
    if (single === undefined) return alert;
    const severity = alert.state === 'resolved' ? single.severity : alert.severity;
    return { ...alert, severity, details: { ...alert.details, ...single.details } };
  },
};

interface Search {
  readonly cursor: Cursor | undefined;
  readonly span: Span;
  readonly base: 'created' | 'updated';
  readonly fields: readonly QueryField[];
  /** Whether items far from the dates mean that the filter was ignored. */
  readonly dated: boolean;
}

async function readSearch(call: CallApi, { cursor, span: whole, base, fields, dated }: Search): Promise<AlertPage> {
  const at = cursor ?? { queue: [whole], page: 1 };
  const span = at.queue[0] ?? whole;
  const asked = askedSpan(span);
  const page = await readList(call, {
    path: 'alerts/search',
    budget: ALERTS_PAGINATED,
    pageNo: at.page,
    pageSize: ALERTS_PAGE_SIZE,
    sortName: 'ts',
    fields: [
      ['startDate', [queryInstant(asked.from)]],
      ['endDate', [queryInstant(asked.to)]],
      ['alertTimeBase', [base]],
      ...fields,
    ],
  });
  const split = at.page === 1 && (page.total ?? 0) > MAX_DEPTH ? halves(span) : undefined;
  if (split !== undefined) return { alerts: [], next: { queue: [...split, ...at.queue.slice(1)], page: 1 } };
  const read = page.items.map((item) => ({ item, alert: toAlert(item) }));
  if (dated) refuseIgnoredDates(read, span);
  const following = page.more ? { ...at, page: at.page + 1 } : { queue: at.queue.slice(1), page: 1 };
  const unreadable = read.filter(({ alert }) => alert === undefined).map(({ item }) => idText(item.uniqueId) ?? '?');
  const isWhole = span[0] === whole[0] && span[1] === whole[1];
  const found = read.flatMap(({ alert }) => alert ?? []);
  return {
    alerts: isWhole ? found : found.filter((alert) => belongsTo(alert, base, span, whole)),
    ...(unreadable.length === 0 ? {} : { unreadable }),
    ...(following.queue.length === 0 ? {} : { next: following }),
    // The totals of a span that was cut in pieces cannot be compared with each other.
    ...(page.total === undefined || !isWhole ? {} : { total: page.total }),
  };
}

/**
 * A piece of a span is asked for with a second more on both sides; what lies in its neighbour is found there. An alert
 * on two pages would look as if the pages had shifted.
 */
function belongsTo(alert: Alert, base: Search['base'], span: Span, whole: Span): boolean {
  const stamp = (base === 'updated' ? alert.changedAt : alert.raisedAt)?.getTime();
  return stamp === undefined || isWithin(stamp, span) || !isWithin(stamp, whole);
}

/**
 * What happens to a date that cannot be read is not documented; a list of everything must not pass for news.
 * Only the beginning is checked: an alert may well have changed again since the index saw it.
 */
function refuseIgnoredDates(read: readonly { readonly alert: Alert | undefined }[], span: Span): void {
  const early = read.some(({ alert }) => {
    const changed = alert?.changedAt?.getTime();
    return changed !== undefined && changed < span[0] && isFarOutside(changed, span);
  });
  if (early) throw new ProviderResponseInvalidError("OpsRamp's alerts/search ignored the dates that it was asked for");
}

function withoutStates(options: JsonObject): JsonObject {
  const { states: _states, ...rest } = options;
  return rest;
}

function openStates(options: JsonObject): readonly string[] {
  const chosen = (options.states as readonly string[] | undefined) ?? ALERT_STATES;
  const open = chosen.filter((state) => state !== 'Ok');
  return open.length === 0 ? ALERT_STATES.filter((state) => state !== 'Ok') : open;
}

async function readOne(call: CallApi, _context: AlertSourceContext, id: string): Promise<Alert | undefined> {
  try {
    const response = await call({ method: 'GET', path: `alerts/${encodeURIComponent(id)}`, budget: SINGLE });
    const body = bodyJson(response);
    const alert =
      body !== null && typeof body === 'object' && !Array.isArray(body) ? toAlert(body as JsonObject) : undefined;
    if (alert?.id === id) return alert;
    throw new ProviderResponseInvalidError('OpsRamp answered something else than the alert that it was asked for');
  } catch (error) {
    if (error instanceof OpsrampRefusedError && error.about === 'object-missing') return undefined;
    throw error;
  }
}
