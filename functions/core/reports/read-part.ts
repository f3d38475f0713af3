import type { JsonValue } from '../json.ts';
import { MINUTE_MS } from '../time.ts';
import { hashBlocks } from './blocks.ts';
import { fillPart, type PartEnd } from './fill-part.ts';
import type { GroupCounts } from './groups.ts';
import { guarded, isStopped, needTime } from './guard.ts';
import { createKeyDigest, KEYS_LIMIT } from './key-digest.ts';
import type { ManifestPart } from './manifest.ts';
import { numbered, safeFileName } from './names.ts';
import { createPartBuilder, type PartFile } from './part.ts';
import { type Plan, planJob } from './plan.ts';
import type { Durable, ExportDependencies, ExportInput, Stopped } from './run-types.ts';
import { boundedDrift, type Column, type Drift } from './schema.ts';

/** A part takes five minutes at most; an invocation that has less left is not begun with. */
const PART_NEEDS_MS = 6 * MINUTE_MS;

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
export interface PartResult extends PartEnd {
  readonly position: Position;
  readonly done: boolean;
  readonly parts: readonly ManifestPart[];
  readonly groups: GroupCounts;
  readonly drift: readonly Drift[];
  readonly requests: number;
  readonly readAt: string;
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
  const last = await guarded(() => fillPart(deps, durable, input, plan, position, builder, api));
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
