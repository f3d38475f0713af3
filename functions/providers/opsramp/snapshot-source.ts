import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { CallApi } from '../../core/provider.ts';
import type { SourcePage, SourceRow } from '../../core/reports/source.ts';
import { beginWalk, stepWalk, type WalkedList, type WalkState } from './walk.ts';

/** A list of what stands now. */
export interface SnapshotList extends WalkedList {
  toRow(item: JsonObject): SourceRow;
}

/** One page of a snapshot. */
export async function readSnapshotPage(
  call: CallApi,
  list: SnapshotList,
  cursor: JsonValue | undefined,
): Promise<SourcePage> {
  const step = await stepWalk(call, list, (cursor as WalkState | undefined) ?? beginWalk(list));
  const rows = step.items.map((item) => list.toRow(item));
  if (step.next !== undefined) return { rows, next: step.next };
  const { total, completeness } = step.end;
  return {
    rows,
    ...(total === null ? {} : { sourceTotal: total }),
    completeness,
  };
}
