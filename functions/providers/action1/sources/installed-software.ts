import * as v from 'valibot';
import { organizationsOption } from '../options.ts';
import { reportRowSchema } from '../schemas.ts';
import { createListSource } from './list-source.ts';
import { toReportRow } from './report-row.ts';

/** What is installed, one row per organisation and product version, in the vendor's own column names. */
export const installedSoftware = createListSource({
  name: 'installed-software',
  title: 'Installed software',
  snapshotReason: 'Action1 keeps the present inventory only',
  keyColumns: ['organizationId', 'rowId'],
  groupColumn: 'Update Status',
  options: v.strictObject({
    organizations: organizationsOption,
    filter: v.exactOptional(v.pipe(v.string(), v.minLength(1, 'must not be empty'))),
  }),
  item: reportRowSchema,
  path: ({ id }) => `installed-software/${encodeURIComponent(id)}/data`,
  query: ({ filter }) => (filter === undefined ? [] : [['filter', filter]]),
  toRow: (row, organization) => toReportRow(row, organization),
});
