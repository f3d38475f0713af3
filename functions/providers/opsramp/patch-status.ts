import * as v from 'valibot';
import type { JsonObject } from '../../core/json.ts';
import type { ReportSource } from '../../core/reports/source.ts';
import { objectAt, requireId } from './items.ts';
import { fieldsOf, parseOptionsOf, values, valuesOf } from './options.ts';
import { OTHER_PAGINATED, SAFE_PAGE_SIZE } from './paging.ts';
import { readSnapshotPage } from './snapshot-source.ts';

const FILTERS = {
  patchStatuses: 'patchStatus',
  installedStatuses: 'installedStatus',
  approvalStatuses: 'approvalStatus',
  severities: 'severity',
  categories: 'category',
} as const;

const optionsSchema = v.strictObject({
  patchStatuses: valuesOf(['MISSING', 'INSTALLED']),
  installedStatuses: valuesOf(['INPROGRESS', 'COMPLETED', 'FAILED', 'EXCLUDED', 'NEED_TO_INSTALL']),
  approvalStatuses: valuesOf(['APPROVED', 'NOT_APPROVED']),
  severities: values,
  categories: values,
});

/** Members of `resource` that the vendor fills with zeros. */
const RESOURCE_MEMBERS = ['id', 'hostName', 'ipAddress', 'resourceName', 'resourceType'] as const;

/** Every patch on every resource: missing or installed, approved or not. */
export const patchStatus: ReportSource = {
  title: 'Patch status by resource',
  parseOptions: (input) => parseOptionsOf(optionsSchema, 'patch-status', input),
  describe: () => ({
    kind: 'snapshot',
    snapshotReason: 'OpsRamp shows the patches of a resource as of its last scan, and keeps no history of them',
    settleMs: 0,
    columns: ['patchId', 'patchName', 'resourceId', 'patchStatus', 'installedStatus', 'approvalStatus', 'scanTime'],
    keyColumns: ['patchId', 'resourceId'],
    groupColumn: 'patchStatus',
  }),
  readPage: (call, { options }, cursor) =>
    readSnapshotPage(
      call,
      {
        path: 'resources/patches',
        budget: OTHER_PAGINATED,
        // Its limit is not known: 100 is taken by every list.
        pageSize: SAFE_PAGE_SIZE,
        fields: () => fieldsOf(options, FILTERS),
        idOf: (item) => `${patchIdOf(item)} ${resourceIdOf(item)}`,
        toRow: (item) => {
          const { patch, resource, ...rest } = item;
          return {
            patchId: patchIdOf(item),
            patchName: objectAt({ patch: patch ?? null }, 'patch').name ?? '',
            resourceId: resourceIdOf(item),
            ...rest,
            patch: patch ?? null,
            resource: pick(objectAt({ resource: resource ?? null }, 'resource'), RESOURCE_MEMBERS),
          };
        },
      },
      cursor,
    ),
};

function patchIdOf(item: JsonObject): string {
  return requireId(objectAt(item, 'patch'), 'id', 'resources/patches');
}

function resourceIdOf(item: JsonObject): string {
  return requireId(objectAt(item, 'resource'), 'id', 'resources/patches');
}

function pick(item: JsonObject, members: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(item).filter(([member]) => members.includes(member)));
}
