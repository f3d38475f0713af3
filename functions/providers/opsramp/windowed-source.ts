import { ProviderResponseInvalidError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { CallApi } from '../../core/provider.ts';
import type { SourceContext, SourcePage, SourceRow } from '../../core/reports/source.ts';
import { parseInstant } from './dates.ts';
import { isFarOutside, isWithin, type Span, spanOf } from './spans.ts';
import { beginWalk, stepWalk, type WalkedList, type WalkState } from './walk.ts';

/** A list whose rows belong to a window by a stamp of their own. */
export interface StampedList extends WalkedList {
  readonly stamp: string;
  /** Whether the stamp can move after the window's end; the manifest then says as of when it was read. */
  readonly stampMoves: boolean;
  toRow(item: JsonObject): SourceRow;
}

type WindowCursor = { readonly walk: WalkState; readonly outside: number };

/**
 * One page of a window.
 *
 * The list is asked for a second more than the window on both sides and filtered on the row's own stamp, so that windows
 * tile whatever the bounds of the vendor's filter mean. The source's total is corrected by what was filtered out.
 *
 * @throws ProviderResponseInvalidError when a row lies far from the window: the dates were ignored
 */
export async function readWindowPage(
  call: CallApi,
  list: StampedList,
  { window, observedAt }: Pick<SourceContext, 'window' | 'observedAt'>,
  cursor: JsonValue | undefined,
): Promise<SourcePage> {
  const at = (cursor as WindowCursor | undefined) ?? {
    walk: beginWalk(list, spanOf(window.from, window.to)),
    outside: 0,
  };
  const step = await stepWalk(call, list, at.walk);
  const inside = step.items.filter((item) => isWithin(stampOf(item, list, step.span), step.span));
  const outside = at.outside + step.items.length - inside.length;
  const rows = inside.map((item) => list.toRow(item));
  if (step.next !== undefined) return { rows, next: { walk: step.next, outside } };
  const { total, completeness } = step.end;
  return {
    rows,
    ...(total === null ? {} : { sourceTotal: total - outside }),
    completeness,
    facts: {
      stamp: list.stamp,
      stampMoves: list.stampMoves,
      asOf: observedAt.toISOString(),
      filteredOut: outside,
    },
  };
}

function stampOf(item: JsonObject, list: StampedList, span: Span): number {
  const stamp = parseInstant(item[list.stamp])?.getTime();
  if (stamp === undefined) {
    throw new ProviderResponseInvalidError(`OpsRamp's ${list.path} has an item without a readable ${list.stamp}`);
  }
  if (isFarOutside(stamp, span)) {
    throw new ProviderResponseInvalidError(
      `OpsRamp's ${list.path} answers with items far outside the dates that were asked for: it ignored the filter`,
    );
  }
  return stamp;
}
