import { shortHash } from './fingerprint.ts';
import { cutShort, type Observation, resumeOf } from './observation.ts';
import type { ObserveOptions } from './observe-feed.ts';
import { type PagesRead, readPages } from './read-pages.ts';

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
  const resume = resumeOf(checkpoint, began);
  const span = { from: resume?.from ?? new Date(0), to: resume?.to ?? began };
  const pages = await readPages({
    read: (cursor) => source.readPage(call, context, span, cursor),
    deadline,
    mayGrow: false,
    resume: resume?.pages,
  });
  const startedAt = resume?.startedAt ?? began;
  if (pages.interruption !== undefined) return cutShort(pages, startedAt, span);

  const seen = { startedAt, alerts: pages.alerts, unreadable: pages.unreadable, complete: true, listed: true };
  if (!pages.settled) return { ...seen, vanished: [], settled: false };
  return { ...seen, settled: true, ...judgeMissing(options, pages) };
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
