import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJournal } from '../../../infra/local/providers/journal.ts';
import { fromJournalText, toJournalText } from '../../../infra/local/providers/journal-text.ts';
import { temporaryDirectory } from '../../support/local-host.ts';

const ANCHOR = new Date('2026-11-20T10:00:00Z');
const LATER = new Date('2026-11-21T10:00:00Z');
const REQUEST = { method: 'POST', url: '/a?b=1', headers: { authorization: 'Bearer x' }, body: 'é\n"' };

let folder: ReturnType<typeof temporaryDirectory>;
let file: string;
beforeEach(() => {
  folder = temporaryDirectory();
  file = join(folder.path, 'doubles', 'one.jsonl');
});
afterEach(() => folder.remove());

const open = (more: Partial<Parameters<typeof openJournal>[0]> = {}) =>
  openJournal({ file, anchor: ANCHOR, options: { size: 3 }, ...more });

/** A journal with entries at these instants. */
function begun(...instants: readonly number[]): void {
  const journal = open();
  for (const at of instants) journal.append({ at, request: REQUEST });
  journal.close();
}

describe('a journal', () => {
  it('gives back what was written, and the anchor that it was begun with', () => {
    const first = open();
    expect(first.past).toEqual([]);
    first.append({ at: 1, request: REQUEST });
    first.append({ at: 2, action: 'open', arguments: [{ since: LATER }] });
    first.append({ at: 3, run: { port: 80 } });
    first.close();
    const second = open({ anchor: LATER });
    second.close();
    expect(second.anchor).toEqual(ANCHOR);
    expect(second.past).toEqual([
      { at: 1, request: REQUEST },
      { at: 2, action: 'open', arguments: [{ since: LATER }] },
      { at: 3, run: { port: 80 } },
    ]);
  });

  it('is readable by its owner only: it holds tokens', () => {
    begun(1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder.path, 'doubles')).mode & 0o777).toBe(0o700);
  });

  it('cuts off the line that a killed process did not finish, and goes on behind the others', () => {
    begun(1);
    appendFileSync(file, '{"at":2,"request":{"meth');
    begun(3);
    const journal = open();
    journal.close();
    expect(journal.past.map(({ at }) => at)).toEqual([1, 3]);
  });

  it('begins anew where not even the first line was finished', () => {
    begun();
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, 10));
    const journal = open({ anchor: LATER });
    journal.close();
    expect([journal.anchor, journal.past]).toEqual([LATER, []]);
  });

  it.each([
    ['other options', { size: 30 }, /size: 3 then, 30 now.*--scale.*--reset/u],
    ['an option more', { size: 3, seed: 'x' }, /seed: undefined then, "x" now/u],
    [
      'another secret',
      { size: 3, credentials: { secret: 's3cret' } },
      /credentials: undefined then, something else now/u,
    ],
  ])('refuses %s in a sentence', (_what, options, sentence) => {
    begun(1);
    expect(() => open({ options })).toThrow(sentence);
  });

  it.each([
    ['no JSON', '{"at":1,"a"x}\n', /line 2 is no JSON.*--reset/u],
    ['no object', 'null\n', /line 2 is no JSON.*--reset/u],
  ])('refuses a line in the middle that is %s', (_what, line, sentence) => {
    begun();
    appendFileSync(file, line);
    expect(() => open()).toThrow(sentence);
  });

  it('refuses a file that is something else', () => {
    begun();
    writeFileSync(file, '{"hello":1}\n');
    expect(() => open()).toThrow(/of another version.*--reset/u);
  });

  it('says once that it has grown long', () => {
    begun();
    const said: string[] = [];
    const journal = open({ onLong: (message) => said.push(message) });
    for (let at = 0; at < 20_100; at += 1) journal.append({ at, action: 'x', arguments: [] });
    journal.close();
    open({ onLong: (message) => said.push(message) }).close();
    expect(said).toEqual(Array.from({ length: 2 }, () => expect.stringMatching(/20000 lines.*--reset/u)));
  });
});

it('keeps instants in JSON, and nothing else apart', () => {
  const value = { at: ANCHOR, list: [LATER, 1, null, 'text'], nested: { $date: 5 } };
  expect(fromJournalText(toJournalText(value) ?? '')).toEqual(value);
});
