import * as v from 'valibot';
import type { ReportSource } from '../../core/reports/source.ts';
import { requireId } from './items.ts';
import { fieldsOf, parseOptionsOf, values } from './options.ts';
import { OTHER_PAGINATED } from './paging.ts';
import { readSnapshotPage } from './snapshot-source.ts';

/** More is answered with 500 "Page size should not be greater than 500". */
const PAGE_SIZE = 500;

const FILTERS = {
  state: 'state',
  types: 'type',
  resourceTypes: 'resourceType',
  deviceTypes: 'deviceType',
  tags: 'tags',
} as const;

const optionsSchema = v.strictObject({
  state: v.optional(v.picklist(['active', 'inactive', 'discovered', 'all']), 'active'),
  types: values,
  resourceTypes: values,
  deviceTypes: values,
  tags: values,
});

/** The inventory as it stands. */
export const resources: ReportSource = {
  title: 'Resources',
  parseOptions: (input) => parseOptionsOf(optionsSchema, 'resources', input),
  describe: () => ({
    kind: 'snapshot',
    snapshotReason: 'OpsRamp shows resources as they are now and keeps no history of them',
    settleMs: 0,
    columns: [
      'id',
      'name',
      'hostName',
      'ipAddress',
      'resourceType',
      'deviceType',
      'type',
      'state',
      'osName',
      'make',
      'model',
      'serialNumber',
      'agentInstalled',
      'createdDate',
      'updatedDate',
    ],
    keyColumns: ['id'],
    groupColumn: 'resourceType',
  }),
  readPage: (call, { options }, cursor) =>
    readSnapshotPage(
      call,
      {
        path: 'resources/search',
        budget: OTHER_PAGINATED,
        pageSize: PAGE_SIZE,
        sortName: 'id',
        fields: () => fieldsOf(options, FILTERS),
        idOf: (item) => requireId(item, 'id', 'resources/search'),
        toRow: (item) => item,
      },
      cursor,
    ),
};
