import { allEnded } from '../all-ended.ts';
import { ConflictError } from '../errors.ts';
import type { Lock } from './archive.ts';
import type { ReportJob } from '../jobs.ts';
import { DAY_MS } from '../time.ts';
import { recordEvents } from './record-events.ts';
import { type ChainRecord, type GapRecord, parseRecord, sha256Hex, signRecord } from './manifest.ts';
import { manifestContent, recordBase, type Sealing } from './manifest-content.ts';
import { nameChanges } from './named-changes.ts';
import { GAP, MANIFEST, SUMMARY } from './names.ts';
import { type Plan, planJob } from './plan.ts';
import type { ExportDependencies, ExportInput, ExportOutcome } from './run-types.ts';
import { renderSummary } from './summary.ts';

const LOCKS_AT_ONCE = 10;

/**
 * Ends an export: summary, retention on every version that the manifest names, the manifest, then the one transaction
 * that makes it known. Each effect may have been done already by a run that was cut off; doing it again changes nothing.
 */
export async function sealExport(deps: ExportDependencies, sealing: Sealing): Promise<ExportOutcome> {
  const { plan, input, collected } = sealing;
  const key = `${plan.prefix}${MANIFEST}`;
  // Nothing is put under retention for a run that was given up; one that was cut off after its commit finds its record.
  if (!(await isRunning(deps, input))) return adoptRecord(deps, plan, input, key);
  const job = planJob(plan);
  const lock = lockOf(job, collected.readAt);
  const content = manifestContent(deps, sealing);
  const named = await nameChanges(deps, plan, collected, sealing.comparison);
  const summary = await deps.archive.write({
    key: `${plan.prefix}${SUMMARY}`,
    bytes: Buffer.from(renderSummary(content, plan.compare, named)),
    contentType: 'text/html; charset=utf-8',
  });
  const objects = [...collected.parts, summary];
  for (let start = 0; start < objects.length; start += LOCKS_AT_ONCE) {
    await allEnded(objects.slice(start, start + LOCKS_AT_ONCE).map((object) => deps.archive.lock(object, lock)));
  }
  const record = await createRecord(deps, input, { ...content, summary }, key, lock);
  return commitRecord(deps, plan, input, record);
}

/** Writes the gap record of a window that is given up, and makes it known. */
export async function sealGap(deps: ExportDependencies, plan: Plan, input: ExportInput): Promise<ExportOutcome> {
  const gap: GapRecord = {
    ...recordBase(deps, plan, input),
    kind: 'gap',
    reason: input.reason ?? 'given up',
    recordedAt: plan.observedAt,
    ...(plan.failure === null ? {} : { failure: plan.failure }),
  };
  const lock = lockOf(planJob(plan), plan.observedAt);
  return commitRecord(deps, plan, input, await createRecord(deps, input, gap, `${plan.prefix}${GAP}`, lock));
}

/** A run before this one wrote the record and was cut off: its record counts, whatever the source says now. */
export async function adoptRecord(
  deps: ExportDependencies,
  plan: Plan,
  input: ExportInput,
  key: string,
): Promise<ExportOutcome> {
  const bytes = await deps.archive.read(key);
  if (bytes === undefined) throw new ConflictError(`The record ${key} is gone`);
  return commitRecord(deps, plan, input, { key, bytes });
}

interface WrittenRecord {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/**
 * Writes the record, if this is still the running attempt. A record cannot be taken back, so a run that was given up and
 * wakes late must write none beside its successor's; its sign of life here outlasts the invocation that writes.
 *
 * @throws ConflictError the attempt no longer runs
 */
async function createRecord(
  { archive, signer, windows, clock }: ExportDependencies,
  input: ExportInput,
  record: ChainRecord,
  key: string,
  lock: Lock,
): Promise<WrittenRecord> {
  const bytes = await signRecord(record, signer);
  const created = await createIfRunning({ archive, windows, clock }, input, { key, bytes }, lock);
  if (created) return { key, bytes };
  const standing = await archive.read(key);
  if (standing === undefined) throw new ConflictError(`No record ${key} can be written, and none can be read`);
  return { key, bytes: standing };
}

/** `false` when the key is taken or the attempt has ended: what stands then may be its own, committed already. */
async function createIfRunning(
  { archive, windows, clock }: Pick<ExportDependencies, 'archive' | 'windows' | 'clock'>,
  input: ExportInput,
  { key, bytes }: WrittenRecord,
  lock: Lock,
): Promise<boolean> {
  if (!(await isRunning({ windows, clock }, input))) return false;
  return (await archive.create({ key, bytes, contentType: 'application/json' }, lock)).created;
}

/** Shows a sign of life, if the attempt may still show one. */
async function isRunning(
  { windows, clock }: Pick<ExportDependencies, 'windows' | 'clock'>,
  { job, from, attempt }: ExportInput,
): Promise<boolean> {
  try {
    await windows.beat({ job, from: new Date(from), attempt }, clock.now());
    return true;
  } catch (error) {
    if (error instanceof ConflictError) return false;
    throw error;
  }
}

/** @throws ConflictError when the record that stands does not belong at this place of the chain */
async function commitRecord(
  deps: ExportDependencies,
  plan: Plan,
  input: ExportInput,
  { key, bytes }: WrittenRecord,
): Promise<ExportOutcome> {
  const record = parseRecord(bytes);
  if (record?.sequence !== plan.sequence || record.previous?.sha256 !== plan.previous?.sha256) {
    throw new ConflictError(`${key} stands already and is not number ${plan.sequence} of the chain`);
  }
  const job = planJob(plan);
  const state = record.kind === 'gap' ? 'gap' : 'exported';
  const rows = record.kind === 'gap' ? 0 : record.rows;
  const size = record.kind === 'gap' ? 0 : record.parts.reduce((sum, part) => sum + part.bytes, 0);
  const now = deps.clock.now();
  await deps.windows.seal(
    { job: input.job, from: new Date(input.from), attempt: input.attempt },
    state,
    { sequence: record.sequence, manifestKey: key, manifestSha256: sha256Hex(bytes), rows, bytes: size },
    { shard: job.shard, rows: recordEvents({ stage: deps.stage, at: now }, job, record, key) },
    now,
  );
  await deps.jobs.wake(input.job, now);
  await deps.nudge(job.shard);
  if (record.kind === 'gap') return { state, manifestKey: key, rows };
  return { state, manifestKey: key, rows, bytes: size, requests: record.requests, provider: record.provider };
}

function lockOf({ retention }: ReportJob, from: string): Lock {
  return { mode: retention.mode, until: new Date(Date.parse(from) + retention.days * DAY_MS) };
}
