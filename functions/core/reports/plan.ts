import { allEnded } from '../all-ended.ts';
import { ConfigInvalidError, ConflictError, ExportIncompleteError, NotFoundError } from '../errors.ts';
import type { ReportJob } from '../jobs.ts';
import { nearest } from '../nearest.ts';
import type { Provider } from '../provider.ts';
import { checkChainOwner } from '../schedules/chain-owner.ts';
import { timeAfter } from '../schedules/cron.ts';
import { jobFromText, jobToText } from '../schedules/job-text.ts';
import type { WindowRecord } from '../schedules/window-store.ts';
import type { FilledGap, LastFailure, Manifest, ManifestPart } from './manifest.ts';
import { parseRecord } from './manifest.ts';
import { windowPrefix } from './names.ts';
import type { ExportDependencies, ExportInput } from './run-types.ts';
import type { GroupCounts } from './groups.ts';
import type { Column } from './schema.ts';
import type { ReportSource, SourceDescription } from './source.ts';
import { standingRecord } from './standing-record.ts';

/** Calls of one part take about so many minutes of an export's share of the budget. */
const PART_MINUTES = 4;
const EXPORT_SHARE = 0.6;

/** Key digests to compare with. A step's result has 256 KB at most, and the plan names them. */
const KEY_PARTS_LIMIT = 200;

/** Everything that an attempt goes by, fixed when it begins: a resumed run, or a changed job, alters nothing. */
export interface Plan {
  /** The job's configuration (`jobToText`). */
  readonly job: string;
  readonly prefix: string;
  readonly observedAt: string;
  readonly description: SourceDescription;
  readonly pagesPerPart: number;
  readonly sequence: number;
  readonly previous: { readonly key: string; readonly sha256: string } | null;
  readonly compare: Comparable | null;
  readonly authorization: Manifest['authorization'];
  /** The gap that this export fills. */
  readonly fills: FilledGap | null;
  /** For a gap record: how the last attempt ended. */
  readonly failure: LastFailure | null;
  /** Key of the record that stands already: a run before this one got so far and no further. */
  readonly standing: string | null;
}

/** What the last export left to compare with. */
export interface Comparable {
  /** Of its manifest. */
  readonly key: string;
  readonly columns: readonly Column[];
  readonly keys: readonly ManifestPart[];
  readonly rows: number;
  readonly groups: GroupCounts | null;
}

/** @throws NotFoundError naming the nearest sources */
export function sourceOf(job: ReportJob, providers: Readonly<Record<string, Provider>>): ReportSource {
  const provider = providers[job.provider];
  if (provider === undefined)
    throw new ConfigInvalidError(`Job ${job.name} names the unknown provider ${job.provider}`);
  const source = provider.sources[job.source];
  if (source !== undefined) return source;
  const names = nearest(job.source, Object.keys(provider.sources)).join(', ');
  throw new NotFoundError(`${provider.title} has no source ${job.source}. Nearest: ${names}`);
}

/** @throws ConflictError when this attempt is not the running one of its window */
export async function makePlan(deps: ExportDependencies, input: ExportInput): Promise<Plan> {
  const { jobs, windows, archive, clock, providers } = deps;
  const from = new Date(input.from);
  const [state, record, chain] = await allEnded([
    jobs.find(input.job),
    windows.find(input.job, from),
    windows.chain(input.job),
  ]);
  if (state?.job.kind !== 'report') throw new NotFoundError(`No report job ${input.job}`);
  if (record?.state !== 'running' || record.attempt !== input.attempt || chain === undefined) {
    throw new ConflictError(`Attempt ${input.attempt} at ${input.from} of ${input.job} is not the running one`);
  }
  const { job } = state;
  const prefix = windowPrefix(job.connection, job.name, { from, to: new Date(input.to) });
  const standing = await standingRecord(archive, prefix, input, chain);
  const gap = input.action === 'gap' || standing !== null;
  const description = gap ? GAP_DESCRIPTION : sourceOf(job, providers).describe(job.options);
  if (!gap) {
    checkChainOwner(job, chain);
    if (input.action === 'fill') checkFillable(job, description);
    else checkStillSeen(job, description, new Date(input.to), clock.now());
  }
  // The window before a back-filled one is not there yet: there is nothing to compare it with.
  const backfilled = from < chain.to;
  return {
    job: jobToText(job),
    prefix,
    observedAt: clock.now().toISOString(),
    description,
    pagesPerPart: pagesPerPart(providers[job.provider]),
    sequence: chain.sequence + 1,
    previous: chain.last ?? null,
    compare:
      gap || backfilled || chain.lastExport === undefined ? null : await readComparable(deps, chain.lastExport.key),
    fills: gapToFill(input, record),
    failure: failureOf(record),
    authorization: gap ? NOBODY : await readAuthorization(deps, job.connection),
    standing,
  };
}

/** @throws ConflictError the window has no gap record */
function gapToFill({ action, from }: ExportInput, { job, sealed }: WindowRecord): FilledGap | null {
  if (action !== 'fill') return null;
  if (sealed === undefined) throw new ConflictError(`There is no gap of ${job} at ${from} to fill`);
  return { sequence: sealed.sequence, key: sealed.manifestKey, sha256: sealed.manifestSha256 };
}

function failureOf({ error, attempt }: WindowRecord): LastFailure | null {
  if (error === undefined) return null;
  const { code, message, figures } = error;
  return { attempts: attempt - 1, code, message, ...(figures === undefined ? {} : { figures }) };
}

/** @throws ConfigInvalidError today’s state is never filed under a past date */
function checkFillable(job: ReportJob, { kind, snapshotReason }: SourceDescription): void {
  if (kind === 'incremental') return;
  throw new ConfigInvalidError(`${job.name} is a snapshot by now, and its gaps stay: ${snapshotReason ?? job.source}`);
}

/**
 * A start that was delayed past the next window's would file what is seen then under a time when it was not.
 *
 * @throws ExportIncompleteError the window of a snapshot is over
 */
function checkStillSeen(job: ReportJob, { kind }: SourceDescription, to: Date, now: Date): void {
  if (kind !== 'snapshot' || timeAfter(job, to) > now) return;
  throw new ExportIncompleteError(`The snapshot of ${to.toISOString()} was not taken in time: the next one is due`);
}

const NOBODY: Manifest['authorization'] = { by: null, at: null, scopes: null, account: null };

/** A gap record reads nothing. */
const GAP_DESCRIPTION: SourceDescription = { kind: 'snapshot', settleMs: 0 };

export function planJob(plan: Plan): ReportJob {
  return jobFromText(plan.job) as ReportJob;
}

function pagesPerPart(provider: Provider | undefined): number {
  const perMinute = provider?.budgets.default.perMinute ?? 25;
  return Math.max(4, Math.floor(perMinute * EXPORT_SHARE * PART_MINUTES));
}

async function readComparable({ archive }: ExportDependencies, key: string): Promise<Comparable | null> {
  const bytes = await archive.read(key);
  const record = bytes && parseRecord(bytes);
  if (record?.kind !== 'export') return null;
  const keys = record.parts.filter(({ format }) => format === 'keys').map((part) => ({ ...part, blocks: [] }));
  return {
    key,
    columns: record.schema.columns,
    keys: keys.length > KEY_PARTS_LIMIT ? [] : keys,
    rows: record.rows,
    groups: record.groups?.counts ?? null,
  };
}

/** Who authorised what bounds what can be seen, so it is in the manifest. Opening it also asks for a fresh token early. */
async function readAuthorization({ openApi }: ExportDependencies, name: string): Promise<Manifest['authorization']> {
  const { connection } = await openApi(name, 'exports');
  return {
    by: connection.authorizedBy ?? null,
    at: connection.authorizedAt?.toISOString() ?? null,
    scopes: connection.scopes ?? null,
    account: connection.providerAccount ?? null,
  };
}
