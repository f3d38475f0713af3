import type { OpenApi } from '../api.ts';
import { BudgetExhaustedError } from '../errors.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { SECOND_MS } from '../time.ts';
import { needTime } from './guard.ts';
import type { PartBuilder } from './part.ts';
import { type Plan, planJob, sourceOf } from './plan.ts';
import type { Durable, ExportDependencies, ExportInput } from './run-types.ts';
import type { Completeness, SourceContext, SourcePage } from './source.ts';

const PART_BYTES = 8 * 1024 * 1024;

/** One page and the writes of a part still fit into this. */
const PAGE_NEEDS_MS = 90 * SECOND_MS;

/** A budget that is free again so soon is waited for inside the invocation; pages that were read are not thrown away. */
const LONGEST_PAUSE_MS = 65 * SECOND_MS;

/** What the last page of a part said. */
export interface PartEnd {
  readonly waitMs?: number;
  readonly sourceTotal?: number;
  readonly completeness?: Completeness;
  readonly facts?: JsonObject;
}

interface LastPage {
  readonly next: JsonValue | undefined;
  readonly rest: PartEnd;
}

/** Reads pages from a position on, into a part, until it is full or the source is at its end. */
export async function fillPart(
  deps: ExportDependencies,
  durable: Pick<Durable, 'deadline'>,
  input: ExportInput,
  plan: Plan,
  position: { readonly cursor?: JsonValue; readonly pages?: number },
  builder: PartBuilder,
  api: OpenApi,
): Promise<LastPage> {
  const source = sourceOf(planJob(plan), deps.providers);
  let cursor = position.cursor;
  let facts: JsonObject = {};
  let sourceTotal: number | undefined;
  for (let pages = 1; ; pages++) {
    const page = await readPage(deps, durable, () =>
      source.readPage(api.call, contextOf(deps, input, plan, api), cursor),
    );
    builder.add(page);
    facts = { ...facts, ...page.facts };
    sourceTotal = page.sourceTotal ?? sourceTotal;
    cursor = page.next;
    const full =
      builder.bytes() >= (deps.partBytes ?? PART_BYTES) ||
      pages >= Math.min(plan.pagesPerPart, position.pages ?? Infinity);
    if (cursor !== undefined && page.waitMs === undefined && !full) continue;
    return {
      next: cursor,
      rest: {
        ...(page.waitMs === undefined || cursor === undefined ? {} : { waitMs: page.waitMs }),
        ...(sourceTotal === undefined ? {} : { sourceTotal }),
        ...(page.completeness === undefined ? {} : { completeness: page.completeness }),
        ...(Object.keys(facts).length === 0 ? {} : { facts }),
      },
    };
  }
}

/** Reads a page, pausing for a budget that is free again soon. */
async function readPage(
  { pause }: ExportDependencies,
  durable: Pick<Durable, 'deadline'>,
  read: () => Promise<SourcePage>,
): Promise<SourcePage> {
  for (;;) {
    needTime(durable, PAGE_NEEDS_MS);
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof BudgetExhaustedError) || error.retryAfterMs > LONGEST_PAUSE_MS) throw error;
      needTime(durable, PAGE_NEEDS_MS + error.retryAfterMs);
      await pause(Math.max(1, error.retryAfterMs));
    }
  }
}

function contextOf(deps: ExportDependencies, input: ExportInput, plan: Plan, api: OpenApi): SourceContext {
  return {
    ...api.context,
    options: planJob(plan).options,
    window: { from: new Date(input.from), to: new Date(input.to) },
    observedAt: new Date(plan.observedAt),
    now: deps.clock.now(),
  };
}
