import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../../functions/core/errors.ts';
import {
  carriesMarker,
  createNoteJob,
  markedText,
  markerText,
  parseNoteJob,
} from '../../../../functions/core/notes/note.ts';

const NOTE = { connection: 'acme', action: '12', text: 'Called back.' };

describe('createNoteJob()', () => {
  it('has one marker for one request, and another one for whatever differs', () => {
    const { marker } = createNoteJob('run', NOTE);
    // By itself too: an earlier version may have written the note, and this one is to find it.
    expect(marker).toBe('38d8d70d6ab30f00420760e4');
    expect(createNoteJob('run', { ...NOTE }).marker).toBe(marker);
    const others = [
      createNoteJob('other', NOTE),
      createNoteJob('run', { ...NOTE, connection: 'other' }),
      createNoteJob('run', { ...NOTE, action: '13' }),
      createNoteJob('run', { ...NOTE, text: 'Called.' }),
    ];
    expect(new Set([marker, ...others.map((one) => one.marker)]).size).toBe(5);
  });

  it('writes line ends as one character, and nothing around the text', () => {
    expect(createNoteJob('run', { ...NOTE, text: '\r\n one\r\ntwo \n' }).text).toBe('one\ntwo');
  });

  it.each([
    { text: ' \n' },
    { text: 'x'.repeat(10_001) },
    ...['', '0', '01', 'a1', '1a', '12345678901'].map((action) => ({ action })),
  ])('refuses %j', (change) => {
    expect(() => createNoteJob('run', { ...NOTE, ...change })).toThrow(UsageError);
  });

  it('takes a text and a number to their last character', () => {
    expect(createNoteJob('run', { ...NOTE, text: 'x'.repeat(10_000), action: '1234567890' }).text).toHaveLength(10_000);
  });
});

describe('parseNoteJob()', () => {
  it('takes what was made, and nothing that lacks a member or has another one in its place', () => {
    const job = createNoteJob('run', NOTE);
    expect(parseNoteJob({ ...job, more: 1 })).toEqual(job);
    for (const name of ['connection', 'action', 'text', 'marker']) {
      expect(parseNoteJob({ ...job, [name]: 1 })).toBeUndefined();
      expect(parseNoteJob({ ...job, [name]: undefined })).toBeUndefined();
    }
    const { marker } = job;
    for (const bad of [`${marker}0`, marker.slice(1), `x${marker}`, marker.toUpperCase().replace(/^./, 'G')]) {
      expect(parseNoteJob({ ...job, marker: bad })).toBeUndefined();
    }
    expect(parseNoteJob({ ...job, marker: [marker] })).toBeUndefined();
    for (const bad of [null, undefined, 'note', 1]) expect(parseNoteJob(bad)).toBeUndefined();
  });
});

describe('a marked text', () => {
  it('ends with its marker, and is known by it alone', () => {
    const { marker, text } = createNoteJob('run', NOTE);
    expect(markedText({ marker, text })).toBe(`Called back.\n\n[steward ${marker}]`);
    expect(carriesMarker(markedText({ marker, text }), marker)).toBe(true);
    expect(carriesMarker(marker, marker)).toBe(false);
    expect(carriesMarker(markerText(marker), marker.replace(/^./, 'x'))).toBe(false);
  });
});
