import { MINUTE_MS } from '../time.ts';
import { shortHash } from './fingerprint.ts';
import { type Observation, ranOut } from './observation.ts';
import type { ObserveOptions } from './observe-feed.ts';
import { type PagesRead, readPages } from './read-pages.ts';
import type { PassResume } from './store.ts';

/** A snapshot that took longer to read than this is begun anew: its first pages say nothing about now. */
const RESUME_WITHIN_MS = 30 * MINUTE_MS;
/** Ids remembered of an unfinished snapshot, so that the checkpoint stays within an item. */
const RESUME_LIMIT = 25_000;
/** Fewer alerts than this may vanish at once without anybody asking twice. */
const SUSPICIOUS_FROM = 5;
/** An empty answer is suspicious from here on. */
const SUSPICIOUS_WHEN_EMPTY = 2;

/**
 * Looks at a source without history: what stands is there, what is missing is resolved.
 *
 * Three guards keep a bad answer from closing what is open: nothing is missing from a pass that was not read whole and
 * settled; an item that could not be read is not missing; and an answer that is empty or has lost more than half of
 * what we hold counts when a second pass says the same.
 */
export async function observeSnapshot(options: ObserveOptions): Promise<Observation> {
  const { source, context, call, checkpoint, deadline } = options;
  const began = context.now;
  const resume = stillGood(checkpoint.resume, began);
  const span = { from: new Date(0), to: began };
  const pages = await readPages({
    read: (cursor) => source.readPage(call, context, span, cursor),
    deadline,
    mayGrow: false,
    ...(resume === undefined ? {} : { resume }),
  });
  const startedAt = resume?.startedAt ?? began;
  if (pages.interruption !== undefined) return interrupted(pages, startedAt);

  const seen = { startedAt, alerts: pages.alerts, unreadable: pages.unreadable, complete: true, listed: true };
  if (!pages.settled) return { ...seen, vanished: [], settled: false };
  return { ...seen, settled: true, ...judgeMissing(options, pages) };
}

function stillGood(resume: PassResume | undefined, now: Date): PassResume | undefined {
  return resume && now.getTime() - resume.startedAt.getTime() <= RESUME_WITHIN_MS ? resume : undefined;
}

/** Which of the alerts that we hold are gone, unless the answer is too small to be believed at once. */
function judgeMissing(
  { held, checkpoint, context }: ObserveOptions,
  pages: PagesRead,
): Pick<Observation, 'vanished' | 'suspicion'> {
  const unreadable = new Set(pages.unreadable);
  // An item without an id could be any of them.
  if (unreadable.has('')) return { vanished: [] };
  const missing = held.filter(({ id }) => !pages.seen.has(shortHash(id)) && !unreadable.has(id));
  const empty = pages.seen.size === 0 && missing.length >= SUSPICIOUS_WHEN_EMPTY;
  const shrunken = missing.length >= SUSPICIOUS_FROM && missing.length > held.length / 2;
  if ((empty || shrunken) && checkpoint.suspicion === undefined) {
    return { vanished: [], suspicion: { since: context.now, held: held.length, seen: pages.seen.size } };
  }
  return { vanished: missing };
}

function interrupted(pages: PagesRead, startedAt: Date): Observation {
  const { cursor, inRound, total, shifted } = pages;
  const resumable = ranOut(pages.interruption) && cursor !== undefined && inRound.size <= RESUME_LIMIT;
  const resume = {
    startedAt,
    ...(cursor === undefined ? {} : { cursor }),
    seen: [...inRound],
    shifted,
    ...(total === undefined ? {} : { total }),
  };
  return {
    startedAt,
    alerts: pages.alerts,
    vanished: [],
    unreadable: pages.unreadable,
    complete: false,
    settled: false,
    listed: false,
    interruption: pages.interruption,
    ...(resumable ? { resume } : {}),
  };
}
