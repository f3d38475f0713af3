import type { CallApi, ProviderContext } from '../provider.ts';
import { UsageError } from '../errors.ts';
import { eventId } from '../events.ts';

/** A note that is to be written into one of a connection's matters, once. */
export interface NoteJob {
  readonly connection: string;
  /** The provider's id of what the note is filed under (an Actionstep action). */
  readonly action: string;
  readonly text: string;
  /** Stands in the written text and is looked for before a retry: no provider has an idempotency key for notes. */
  readonly marker: string;
}

/** What became of a note. `found`: an earlier attempt had written it, and its reply was lost. */
export interface NoteOutcome {
  readonly status: 'written' | 'found';
  /** The provider's id of the note. */
  readonly id: string;
}

/**
 * Writes a note once, however often it is called for the same marker by one caller at a time.
 *
 * @throws ServiceError what the provider answered; the job stays, and the next attempt looks for the marker first.
 */
export type WriteNote = (
  call: CallApi,
  context: ProviderContext,
  note: Pick<NoteJob, 'action' | 'text' | 'marker'>,
) => Promise<NoteOutcome>;

/** What providers document no limit for; a matter's note is not a file. */
const MAX_NOTE_CHARACTERS = 10_000;

const MARKER = /^[a-f0-9]{24}$/u;

/**
 * The marker of a note: the same for the same request, so that a command that is sent twice writes one note.
 *
 * @param request what makes this note another one than an equal text written on purpose: an id of the command's run
 */
function noteMarker(request: string, note: Omit<NoteJob, 'marker'>): string {
  return eventId('note', request, note.connection, note.action, note.text).slice(0, 24);
}

/**
 * A job for a note.
 *
 * @throws UsageError when the text is empty, too long, or the matter's id is no number
 */
export function createNoteJob(request: string, note: Omit<NoteJob, 'marker'>): NoteJob {
  const text = note.text.replaceAll('\r\n', '\n').trim();
  if (text === '') throw new UsageError('A note needs a text');
  if (text.length > MAX_NOTE_CHARACTERS) throw new UsageError(`A note takes at most ${MAX_NOTE_CHARACTERS} characters`);
  if (!/^[1-9][0-9]{0,9}$/u.test(note.action)) throw new UsageError('The matter of a note is named by its number');
  const clean = { connection: note.connection, action: note.action, text };
  return { ...clean, marker: noteMarker(request, clean) };
}

/** A job as it came out of a store; `undefined` where it is not one. */
export function parseNoteJob(value: unknown): NoteJob | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { connection, action, text, marker } = value as Readonly<Record<string, unknown>>;
  if (typeof connection !== 'string' || typeof action !== 'string') return undefined;
  if (typeof text !== 'string' || typeof marker !== 'string' || !MARKER.test(marker)) return undefined;
  return { connection, action, text, marker };
}

/** How the marker stands in a note's text: short, harmless to read, without characters that a search treats specially. */
export function markerText(marker: string): string {
  return `[steward ${marker}]`;
}

/** The text as it is written. */
export function markedText(note: Pick<NoteJob, 'text' | 'marker'>): string {
  return `${note.text}\n\n${markerText(note.marker)}`;
}

/** Whether a text was written for a marker: a search may match more than it was asked for. */
export function carriesMarker(text: string, marker: string): boolean {
  return text.includes(markerText(marker));
}
