import * as v from 'valibot';
import type { JsonObject } from '../../core/json.ts';
import type { ReportSource } from '../../core/reports/source.ts';
import { ALERT_FILTERS, alertFilters } from './alert-filters.ts';
import { queryInstant } from './dates.ts';
import { requireId, without } from './items.ts';
import { fieldsOf, parseOptionsOf } from './options.ts';
import { ALERTS_PAGINATED } from './paging.ts';
import { askedSpan } from './spans.ts';
import { readWindowPage } from './windowed-source.ts';

/** The largest page that is known to be taken here. */
export const ALERTS_PAGE_SIZE = 500;

/** An alert can be found by a search minutes after it was created: seven were seen, this is twice that. */
export const INDEX_LAG_MS = 15 * 60_000;

/** Texts such as "4d 22h" that grow while one looks. */
const DISPLAY_MEMBERS = ['elapsedTimeString', 'healedTimeString'] as const;

const optionsSchema = v.strictObject(alertFilters);

/**
 * Alerts by the time at which OpsRamp created them.
 *
 * `createdDate` never moves, so that windows neither overlap nor leave a gap; the row shows the alert as it stood when
 * it was read. `alertTime` is no basis: it lies up to hours before an alert can be found.
 */
export const alertHistory: ReportSource = {
  title: 'Alert history',
  parseOptions: (input) => parseOptionsOf(optionsSchema, 'alert-history', input),
  describe: () => ({
    kind: 'incremental',
    settleMs: INDEX_LAG_MS,
    columns: [
      'uniqueId',
      'createdDate',
      'updatedTime',
      'subject',
      'currentState',
      'status',
      'priority',
      'alertType',
      'metric',
      'component',
      'clientUniqueId',
      'tenantName',
    ],
    keyColumns: ['uniqueId'],
    groupColumn: 'currentState',
  }),
  readPage: (call, context, cursor) =>
    readWindowPage(
      call,
      {
        path: 'alerts/search',
        budget: ALERTS_PAGINATED,
        pageSize: ALERTS_PAGE_SIZE,
        // Ids are given in order and never change; `ts` may, while the pages are read.
        sortName: 'id',
        stamp: 'createdDate',
        stampMoves: false,
        fields: (span) => {
          const { from, to } = askedSpan(span);
          return [
            ['startDate', [queryInstant(from)]],
            ['endDate', [queryInstant(to)]],
            ['alertTimeBase', ['created']],
            ...fieldsOf(context.options, ALERT_FILTERS),
          ];
        },
        idOf: alertId,
        toRow: (item) => without(item, DISPLAY_MEMBERS),
      },
      context,
      cursor,
    ),
};

function alertId(item: JsonObject): string {
  return requireId(item, 'uniqueId', 'alerts/search');
}
