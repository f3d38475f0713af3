import * as v from 'valibot';
import type { JsonObject } from '../../core/json.ts';
import type { CallApi } from '../../core/provider.ts';
import type { Completeness, ReportSource, SourcePage, SourceRow } from '../../core/reports/source.ts';
import { firstText, objectAt, requireId } from './items.ts';
import { parseOptionsOf, valuesOf } from './options.ts';
import { OTHER_PAGINATED } from './paging.ts';
import { beginWalk, stepWalk, type WalkedList, type WalkState } from './walk.ts';

const COMPLIANCES = 'patches/compliance';

/** More is answered with 500 "Page size should not be greater than 1000". */
const PAGE_SIZE = 1000;

const optionsSchema = v.strictObject({ osTypes: valuesOf(['WINDOWS', 'LINUX']) });

/** What a compliance contributes to each of its rows. */
type Compliance = {
  readonly id: string;
  readonly name: string;
  readonly osType: string;
  readonly updatedTime: string;
};

type Cursor = {
  readonly compliances: readonly Compliance[];
  /** The compliance whose devices are being read; null while the compliances themselves are. */
  readonly index: number | null;
  readonly walk: WalkState | null;
  readonly total: number | null;
  readonly completeness: Completeness;
};

const START: Cursor = { compliances: [], index: null, walk: null, total: 0, completeness: 'reconciled' };

/** Devices under each patch compliance: which compliance covers which device, one row for each pair. */
export const patchCompliance: ReportSource = {
  title: 'Patch compliance',
  parseOptions: (input) => parseOptionsOf(optionsSchema, 'patch-compliance', input),
  describe: () => ({
    kind: 'snapshot',
    snapshotReason: 'OpsRamp shows which devices a compliance covers now, and keeps no history of it',
    settleMs: 0,
    columns: [
      'complianceId',
      'complianceName',
      'complianceOsType',
      'complianceUpdatedTime',
      'deviceId',
      'hostName',
      'osName',
      'ipAddresses',
      'resourceType',
      'clientUniqueId',
    ],
    keyColumns: ['complianceId', 'deviceId'],
    groupColumn: 'complianceName',
  }),
  readPage: (call, { options }, cursor) => {
    const at = (cursor as Cursor | undefined) ?? START;
    return at.index === null ? readCompliances(call, at, options) : readDevices(call, at, at.index);
  },
};

async function readCompliances(call: CallApi, at: Cursor, options: JsonObject): Promise<SourcePage> {
  const list = listAt(COMPLIANCES);
  const step = await stepWalk(call, list, at.walk ?? beginWalk(list));
  const osTypes = options.osTypes as readonly string[] | undefined;
  const found = step.items.map(toCompliance);
  const wanted = found.filter(({ osType }) => osTypes === undefined || osTypes.includes(osType.toUpperCase()));
  const compliances = [...at.compliances, ...wanted];
  if (step.next !== undefined) return page([], { ...at, compliances, walk: step.next });
  return afterList([], { ...at, compliances, index: 0, completeness: step.end.completeness });
}

async function readDevices(call: CallApi, at: Cursor, index: number): Promise<SourcePage> {
  const compliance = at.compliances[index];
  if (compliance === undefined) return last([], at);
  const list = listAt(`${COMPLIANCES}/${encodeURIComponent(compliance.id)}/devices`);
  const step = await stepWalk(call, list, at.walk ?? beginWalk(list));
  const rows = step.items.map((item) => toRow(compliance, list.idOf(item), item));
  if (step.next !== undefined) return page(rows, { ...at, walk: step.next });
  const { total, completeness } = step.end;
  return afterList(rows, {
    ...at,
    index: index + 1,
    total: total === null || at.total === null ? null : at.total + total,
    completeness: weaker(at.completeness, completeness),
  });
}

function afterList(rows: readonly SourceRow[], at: Cursor): SourcePage {
  const more = (at.index ?? 0) < at.compliances.length;
  return more ? page(rows, { ...at, walk: null }) : last(rows, at);
}

function page(rows: readonly SourceRow[], next: Cursor): SourcePage {
  return { rows, next };
}

function last(rows: readonly SourceRow[], { total, completeness, compliances }: Cursor): SourcePage {
  const facts = { compliances: compliances.map(({ id, name }) => ({ id, name })) };
  return { rows, ...(total === null ? {} : { sourceTotal: total }), completeness, facts };
}

const STRENGTH: Readonly<Record<Completeness, number>> = {
  unproven: 0,
  'short-page': 1,
  'second-pass': 2,
  reconciled: 3,
};

/** The whole is proved as well as its worst part. */
function weaker(a: Completeness, b: Completeness): Completeness {
  return STRENGTH[a] < STRENGTH[b] ? a : b;
}

function listAt(path: string): WalkedList {
  return {
    path,
    budget: OTHER_PAGINATED,
    pageSize: PAGE_SIZE,
    sortName: 'name',
    fields: () => [],
    idOf: (item) => requireId(item, 'id', path),
  };
}

function toCompliance(item: JsonObject): Compliance {
  return {
    id: requireId(item, 'id', COMPLIANCES),
    name: firstText(item.name) ?? '',
    osType: firstText(item.osType) ?? '',
    updatedTime: firstText(item.updatedTime) ?? '',
  };
}

function toRow(compliance: Compliance, deviceId: string, item: JsonObject): SourceRow {
  const general = objectAt(item, 'generalInfo');
  return {
    complianceId: compliance.id,
    complianceName: compliance.name,
    complianceOsType: compliance.osType,
    complianceUpdatedTime: compliance.updatedTime,
    deviceId,
    hostName: firstText(general.hostName) ?? '',
    osName: firstText(general.osName) ?? '',
    ipAddresses: firstText(general.ipAddresses) ?? '',
    resourceType: firstText(general.resourceType) ?? '',
    clientUniqueId: firstText(item.clientUniqueId) ?? '',
    type: firstText(item.type) ?? '',
  };
}
