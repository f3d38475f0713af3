import { ProviderResponseInvalidError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { carriesMarker, markedText, type NoteOutcome, type WriteNote } from '../../core/notes/note.ts';
import type { CallApi } from '../../core/provider.ts';
import { idOf, isObject, linkId, MEDIA_TYPE, parsePage } from './paging.ts';

const HEADERS = { accept: MEDIA_TYPE, 'content-type': MEDIA_TYPE };

type Note = Parameters<WriteNote>[2];

/**
 * Writes a file note: looks for the marker, posts, reads again.
 *
 * A POST is not idempotent and a lost reply tells nothing, so that every attempt begins with the search. After the POST
 * the note is found again by the same search: that is the proof that the next attempt would find it, too.
 */
export const writeNote: WriteNote = async (call, _context, note) => {
  const before = await findNote(call, note);
  if (before !== undefined) return { status: 'found', id: before };
  const response = await call({
    method: 'POST',
    path: 'filenotes',
    headers: HEADERS,
    body: JSON.stringify({ filenotes: { text: markedText(note), links: { action: Number(note.action) } } }),
  });
  const created = parsePage(response, 'filenotes')
    .rows.map(idOf)
    .find((id) => id !== undefined);
  return confirm(await findNote(call, note), created);
};

function confirm(found: string | undefined, created: string | undefined): NoteOutcome {
  const id = found ?? created;
  if (id !== undefined) return { status: 'written', id };
  throw new ProviderResponseInvalidError('Actionstep took a file note and shows neither its id nor the note');
}

/** The id of the note that carries the marker. The search is by wildcard; the text itself decides. */
async function findNote(call: CallApi, { action, marker }: Note): Promise<string | undefined> {
  const response = await call({
    method: 'GET',
    path: 'filenotes',
    query: [
      ['action_eq', action],
      ['text_ilike', `*${marker}*`],
      ['sort', 'id'],
      ['pageSize', '50'],
    ],
    headers: HEADERS,
  });
  const note = parsePage(response, 'filenotes').rows.find((row) => isNoteOf(row, action, marker));
  return note === undefined ? undefined : idOf(note);
}

function isNoteOf(row: JsonObject, action: string, marker: string): boolean {
  const { text, links } = row;
  if (typeof text !== 'string' || !carriesMarker(text, marker)) return false;
  return !isObject(links) || links.action === undefined || linkId(links.action) === action;
}
