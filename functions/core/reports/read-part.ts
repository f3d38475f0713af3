import type { OpenApi } from '../api.ts';
import { BudgetExhaustedError } from '../errors.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { MINUTE_MS, SECOND_MS } from '../time.ts';
import { hashBlocks } from './blocks.ts';
import type { GroupCounts } from './groups.ts';
import { guarded, isStopped, needTime } from './guard.ts';
import { createKeyDigest, KEYS_LIMIT } from './key-digest.ts';
import type { ManifestPart } from './manifest.ts';
import { numbered, safeFileName } from './names.ts';
import { createPartBuilder, type PartBuilder, type PartFile } from './part.ts';
import { type Plan, planJob, sourceOf } from './plan.ts';
import type { Durable, ExportDependencies, ExportInput, Stopped } from './run-types.ts';
import { boundedDrift, type Column, type Drift } from './schema.ts';
import type { Completeness, SourceContext, SourcePage } from './source.ts';

const PART_BYTES = 8 * 1024 * 1024;

/** A part takes five minutes at most; an invocation that has less left is not begun with. */
const PART_NEEDS_MS = 6 * MINUTE_MS;

/** One page and the writes of a part still fit into this. */
const PAGE_NEEDS_MS = 90 * SECOND_MS;

/** A budget that is free again so soon is waited for inside the invocation; pages that were read are not thrown away. */
const LONGEST_PAUSE_MS = 65 * SECOND_MS;

/** Where an export has got to. Plain JSON: the sum of the steps' results. */
export interface Position {
  readonly cursor?: JsonValue;
  /** Number of the next part, from 1. */
  readonly part: number;
  readonly rows: number;
  readonly columns?: readonly Column[];
  /** Pages that a part has from here on, where fewer fit into an invocation than were planned. */
  readonly pages?: number;
}

/** Tries that threw pages away before a part is made smaller: one may be chance. */
const TRIES_AT_FULL_SIZE = 2;

/**
 * The position, with smaller parts where tries before ran out of budget or time in the middle of one. Several exports
 * that share an account's budget would otherwise read the same pages over and over and none ever write a part. Depends
 * on steps' results alone, so that a run that is resumed makes the same parts.
 */
export function withinReach(position: Position, stops: readonly Stopped[]): Position {
  const wasted = stops.flatMap(({ pages = 0 }) => (pages > 0 ? [pages] : []));
  if (wasted.length < TRIES_AT_FULL_SIZE) return position;
  return { ...position, pages: Math.max(1, Math.floor(Math.min(...wasted, position.pages ?? Infinity) / 2)) };
}

/** What one step read and wrote. No token, no row. */
export interface PartResult {
  readonly position: Position;
  readonly done: boolean;
  readonly parts: readonly ManifestPart[];
  readonly groups: GroupCounts;
  readonly drift: readonly Drift[];
  readonly requests: number;
  readonly readAt: string;
  readonly waitMs?: number;
  readonly sourceTotal?: number;
  readonly completeness?: Completeness;
  readonly facts?: JsonObject;
}

/**
 * Reads pages until a part is full (by bytes or by pages, never by time, so that a run that was interrupted makes the
 * same parts) and writes it.
 */
export async function readPart(
  deps: ExportDependencies,
  durable: Pick<Durable, 'deadline'>,
  input: ExportInput,
  plan: Plan,
  position: Position,
): Promise<PartResult | Stopped> {
  needTime(durable, PART_NEEDS_MS);
  await deps.windows.beat({ job: input.job, from: new Date(input.from), attempt: input.attempt }, deps.clock.now());
  const job = planJob(plan);
  const api = await deps.openApi(job.connection, 'exports');
  const builder = createPartBuilder(
    {
      formats: job.formats,
      gzip: job.gzip,
      defuseFormulas: job.defuseFormulas,
      description: plan.description,
      columns: position.columns,
      emptyColumns: plan.compare?.columns,
      digestKeys:
        position.rows < KEYS_LIMIT ? createKeyDigest(`${deps.stage}|${job.connection}|${job.name}`) : undefined,
    },
    deps.encoders,
  );
  const last = await guarded(() => fill(deps, durable, input, plan, position, builder, api));
  if (isStopped(last)) return { ...last, pages: builder.pages(), requests: api.requests() };
  const done = last.next === undefined;
  const parts = await writeFiles(deps, plan, position, builder.finish(done && position.part === 1));
  const columns = builder.columns() ?? position.columns ?? (done ? plan.compare?.columns : undefined);
  return {
    position: {
      ...(last.next === undefined ? {} : { cursor: last.next }),
      part: position.part + (parts.length > 0 ? 1 : 0),
      rows: position.rows + builder.rows(),
      ...(columns === undefined ? {} : { columns }),
      ...(position.pages === undefined ? {} : { pages: position.pages }),
    },
    done,
    parts,
    groups: builder.groups(),
    drift: boundedDrift(builder.drift()),
    requests: api.requests(),
    readAt: deps.clock.now().toISOString(),
    ...last.rest,
  };
}

interface LastPage {
  readonly next: JsonValue | undefined;
  readonly rest: Pick<PartResult, 'waitMs' | 'sourceTotal' | 'completeness' | 'facts'>;
}

async function fill(
  deps: ExportDependencies,
  durable: Pick<Durable, 'deadline'>,
  input: ExportInput,
  plan: Plan,
  position: Position,
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

async function writeFiles(
  { archive }: ExportDependencies,
  plan: Plan,
  position: Position,
  files: readonly PartFile[],
): Promise<readonly ManifestPart[]> {
  const { gzip } = planJob(plan);
  const parts: ManifestPart[] = [];
  for (const { format, suffix, contentType, bytes, rows } of files) {
    const vendor = format === 'vendor';
    const kind = format === 'vendor' || format === 'keys' ? format : 'part';
    const name = numbered(kind, position.part, vendor ? `-${safeFileName(suffix.slice(1))}` : suffix);
    const object = await archive.write({ key: `${plan.prefix}${name}`, bytes, contentType });
    const zipped = gzip && (format === 'csv' || format === 'jsonl');
    const { hashes, bytes: blockBytes } = hashBlocks(bytes);
    parts.push({ ...object, format, rows, gzip: zipped, blocks: hashes, blockBytes });
  }
  return parts;
}
