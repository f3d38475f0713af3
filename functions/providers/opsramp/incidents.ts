import * as v from 'valibot';
import type { ReportSource } from '../../core/reports/source.ts';
import { INDEX_LAG_MS } from './alert-history.ts';
import { queryInstant } from './dates.ts';
import { requireId } from './items.ts';
import { fieldsOf, parseOptionsOf, values, valuesOf } from './options.ts';
import { OTHER_PAGINATED, SAFE_PAGE_SIZE } from './paging.ts';
import type { QueryField } from './query.ts';
import { askedSpan, type Span } from './spans.ts';
import { readWindowPage } from './windowed-source.ts';

const FILTERS = {
  statuses: 'status',
  priorities: 'priority',
  sources: 'source',
  assigneeGroups: 'assigneeGroupIds',
} as const;

const optionsSchema = v.strictObject({
  stamp: v.optional(v.picklist(['created', 'updated'], 'created or updated'), 'created'),
  statuses: valuesOf(['New', 'Open', 'Pending', 'Resolved', 'Closed', 'On Hold']),
  priorities: valuesOf(['Very Low', 'Low', 'Normal', 'High', 'Urgent']),
  sources: valuesOf(['PORTAL', 'INTEGRATION', 'MOBILE', 'EMAIL']),
  assigneeGroups: values,
});

/** Before any incident: without creation dates the search goes back one month only, whatever else it is asked. */
const LONG_AGO = new Date('2000-01-01T00:00:00Z');

/**
 * Incidents by the time at which they were created, or, with `stamp: updated`, last changed.
 *
 * The second one moves: an incident appears in the window of its last change only, and one that changes again before
 * its window is read appears in the next.
 */
export const incidents: ReportSource = {
  title: 'Incidents',
  parseOptions: (input) => parseOptionsOf(optionsSchema, 'incidents', input),
  describe: () => ({
    kind: 'incremental',
    settleMs: INDEX_LAG_MS,
    columns: ['id', 'createdDate', 'updatedDate', 'subject', 'status', 'priority', 'source', 'resolvedDate', 'dueDate'],
    keyColumns: ['id'],
    groupColumn: 'status',
  }),
  readPage: (call, context, cursor) => {
    const updated = context.options.stamp === 'updated';
    return readWindowPage(
      call,
      {
        path: 'incidents/search',
        budget: OTHER_PAGINATED,
        // No larger one is known to be taken here.
        pageSize: SAFE_PAGE_SIZE,
        sortName: 'id',
        stamp: updated ? 'updatedDate' : 'createdDate',
        stampMoves: updated,
        fields: (span) => [...datesOf(span, updated), ...fieldsOf(context.options, FILTERS)],
        idOf: (item) => requireId(item, 'id', 'incidents/search'),
        toRow: (item) => item,
      },
      context,
      cursor,
    );
  },
};

function datesOf(span: Span, updated: boolean): readonly QueryField[] {
  const { from, to } = askedSpan(span);
  const created: readonly QueryField[] = [
    ['startCreationDate', [queryInstant(updated ? LONG_AGO : from)]],
    ['endCreationDate', [queryInstant(to)]],
  ];
  if (!updated) return created;
  return [...created, ['startUpdationDate', [queryInstant(from)]], ['endUpdationDate', [queryInstant(to)]]];
}
