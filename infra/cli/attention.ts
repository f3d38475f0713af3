import type { ConnectionView, ExportView, JobView, Overview } from './overview.ts';
import { relative, span } from './words.ts';
import { DAY_MS, MINUTE_MS } from '../../functions/core/time.ts';

/** Something that a person should know of, and what to do about it. */
export interface Attention {
  /** `bad`: it stands still until somebody acts. `warn`: it will, or it mends itself. */
  readonly tone: 'bad' | 'warn';
  readonly about: string;
  readonly what: string;
  /** The next command, where there is one. */
  readonly next?: string;
}

/** A refresh this late is no jitter: the refresher does not run, or is refused. */
const LATE_MS = 2 * MINUTE_MS;
/** The last of the warnings before a refresh token's end. */
const ENDING_MS = 3 * DAY_MS;

/** Errors of a refresh that nobody but the operator mends: its access token may run for a while yet. */
export const OURS: ReadonlySet<string> = new Set(['CLIENT_REJECTED', 'CREDENTIALS_MISSING']);

/** What needs somebody, the worst first. */
export function attentionOf(overview: Overview): readonly Attention[] {
  const { stage, directory } = overview;
  const where = directory === undefined ? '' : ` --directory ${directory}`;
  const command = (text: string) => `steward${stage === 'local' ? where : ` --stage ${stage}`} ${text}`;
  const items = [
    ...overview.connections.map((connection) => ofConnection(connection, overview.at, command)),
    ...newestPerJob(overview.exports).map((view) => ofExport(view, overview, command)),
    ...overview.exports.map((view) => ofRecord(view, command)),
    ...overview.jobs.map((job) => ofBlindness(job, overview, command) ?? ofJob(job, overview)),
    ofOutbox(overview, command),
  ].filter((item) => item !== undefined);
  return items.toSorted((a, b) => Number(a.tone === 'warn') - Number(b.tone === 'warn'));
}

type CommandText = (text: string) => string;

function ofConnection(view: ConnectionView, at: Date, command: CommandText): Attention | undefined {
  const { name: about, title, status, lastError } = view;
  const because = lastError === undefined ? '' : `: ${lastError.message}`;
  switch (status) {
    case 'pending':
      return ofPending(view, because, command);
    case 'reauthorization-required':
      return {
        tone: 'bad',
        about,
        what: `${title} no longer takes its refresh token. Somebody has to consent again.`,
        next: command(`connect ${about}`),
      };
    case 'access-denied':
      return {
        tone: 'bad',
        about,
        what: `${title} refuses fresh tokens${because}. Have its permissions restored there.`,
        next: command('doctor'),
      };
    case 'suspect':
      return ofSuspect(view, at, command);
    case 'paused':
      return ofPaused(view, command);
    case 'connected':
      return ofClock(view, at, command);
    case 'disconnected':
    default:
      return undefined;
  }
}

/** Steward finds out by itself, but of a token that it may not present and of one that it never got. */
function ofSuspect(view: ConnectionView, at: Date, command: CommandText): Attention {
  const { name: about, title, lastError, nextRefreshAt, accessExpiresAt, refreshExpiresAt } = view;
  const because = lastError === undefined ? '' : `: ${lastError.message}`;
  const next = command(`connect ${about}`);
  if (nextRefreshAt === undefined) return { tone: 'bad', about, what: `Held until somebody decides${because}.`, next };
  if (refreshExpiresAt === undefined) {
    const ends = accessExpiresAt === undefined ? '' : `; its access token ends ${relative(accessExpiresAt, at)}`;
    return { tone: 'warn', about, what: `${title} sent no refresh token${ends}.`, next };
  }
  const what = `Steward is finding out whether its refresh token still works${because}.`;
  return { tone: 'warn', about, what };
}

/** Its grant is kept alive meanwhile; one that is dead is no less so for the pause. */
function ofPaused({ name: about, title, healthWhilePaused }: ConnectionView, command: CommandText): Attention {
  if (healthWhilePaused !== 'reauthorization-required')
    return { tone: 'warn', about, what: 'Paused: no job runs on it.', next: command(`resume ${about}`) };
  const what = `Paused, and ${title} no longer takes its refresh token. Somebody has to consent again.`;
  return { tone: 'bad', about, what, next: command(`connect ${about}`) };
}

function ofPending(
  { name: about, needsConsent, secret }: ConnectionView,
  because: string,
  command: CommandText,
): Attention {
  if (needsConsent)
    return { tone: 'bad', about, what: 'Waits for somebody’s consent.', next: command(`connect ${about}`) };
  return because === ''
    ? { tone: 'warn', about, what: 'Its first token is being fetched.' }
    : { tone: 'bad', about, what: `Has no token${because}.`, next: command(`credentials set ${secret}`) };
}

function ofClock(view: ConnectionView, at: Date, command: CommandText): Attention | undefined {
  const { name: about, secret, accessExpiresAt, refreshExpiresAt, lastError } = view;
  if (lastError !== undefined && OURS.has(lastError.code))
    return { tone: 'bad', about, what: `${lastError.message}.`, next: command(`credentials set ${secret}`) };
  if (refreshExpiresAt !== undefined && refreshExpiresAt.getTime() - at.getTime() < ENDING_MS) {
    return {
      tone: 'bad',
      about,
      what: `Its refresh token ends ${relative(refreshExpiresAt, at)}, as far as the provider says.`,
      next: command(`connect ${about}`),
    };
  }
  const late = accessExpiresAt === undefined ? 0 : at.getTime() - accessExpiresAt.getTime();
  // An idle connection's access token may run out: it is refreshed before the next job.
  if (late < LATE_MS || (view.nextRefreshAt ?? at) > at) return ofScopes(view, command);
  const because = lastError === undefined ? '' : `: ${lastError.message}`;
  return { tone: 'bad', about, what: `Not refreshed for ${span(late)}${because}.`, next: command('doctor') };
}

function ofScopes({ name: about, missingScopes }: ConnectionView, command: CommandText): Attention | undefined {
  if (missingScopes === undefined) return undefined;
  const what = `Nobody consented to its scopes ${missingScopes.join(' ')}.`;
  return { tone: 'warn', about, what, next: command(`connect ${about}`) };
}

/** Later windows make up for earlier ones; what counts is how the newest of each job stands. */
function newestPerJob(exports: readonly ExportView[]): readonly ExportView[] {
  const newest = new Map<string, ExportView>();
  for (const view of exports) {
    const other = newest.get(view.job);
    if (other === undefined || view.to > other.to) newest.set(view.job, view);
  }
  return [...newest.values()];
}

function ofExport(
  { job: about, connection, state, reason }: ExportView,
  overview: Overview,
  command: CommandText,
): Attention | undefined {
  if ((state !== 'failed' && state !== 'incomplete') || !isWell(overview, connection)) return undefined;
  const because = reason === undefined ? '' : `: ${reason}`;
  const what = `Its newest export ${state === 'failed' ? 'failed' : 'is incomplete'}${because}`;
  return { tone: 'bad', about, what, next: command(`export ${about}`) };
}

function ofRecord({ job: about, record, manifest = '' }: ExportView, command: CommandText): Attention | undefined {
  if (record === undefined || record === 'verified') return undefined;
  const what = record === 'missing' ? `${manifest} is not in the archive.` : `${manifest} is not what was signed.`;
  return { tone: 'bad', about, what, next: command('verify') };
}

/** A poll that nobody has begun for so long is more than a tick that came late. */
const BLIND_MS = 3 * MINUTE_MS;

/** A poll that fails says why; one that nobody begins says nothing. */
function ofBlindness(
  { name: about, kind, connection, nextAt, paused }: JobView,
  overview: Overview,
  command: CommandText,
): Attention | undefined {
  const late = nextAt === undefined ? 0 : overview.at.getTime() - nextAt.getTime();
  if (kind !== 'alert' || paused || late < BLIND_MS || !isWell(overview, connection)) return undefined;
  return { tone: 'bad', about, what: `Sees nothing: its poll is ${span(late)} late.`, next: command('doctor') };
}

/** A job that fails once is tried again by the next tick, and a rejected token is refreshed. */
const FAILURES_SHOWN = 3;

function ofJob(
  { name: about, connection, lastError, lastAt, failures, paused }: JobView,
  overview: Overview,
): Attention | undefined {
  if (lastError === undefined || paused || failures < FAILURES_SHOWN || !isWell(overview, connection, lastAt))
    return undefined;
  return { tone: 'warn', about, what: `Failed ${failures} times: ${lastError}` };
}

/** What fails because of its connection is said there, and what failed before somebody consented is over. */
function isWell({ connections }: Overview, connection: string, since?: Date): boolean {
  const view = connections.find(({ name }) => name === connection);
  if (view?.status !== 'connected') return false;
  return since === undefined || view.authorizedAt === undefined || since >= view.authorizedAt;
}

function ofOutbox({ outbox, at }: Overview, command: CommandText): Attention | undefined {
  const waits = outbox.oldestAt === undefined ? 0 : at.getTime() - outbox.oldestAt.getTime();
  if (waits < LATE_MS) return undefined;
  return {
    tone: 'bad',
    about: 'publishing',
    what: `${outbox.pending} events wait to be published, the oldest for ${span(waits)}.`,
    next: command('doctor'),
  };
}
