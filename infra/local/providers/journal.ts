import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigInvalidError } from '../../../functions/core/errors.ts';
import { makePrivateDirectory } from '../files.ts';
import { fromJournalText, toJournalText } from './journal-text.ts';
import type { ProviderRequest } from './listener.ts';

/** Something that a model did, or was told. `at` is the instant that it was given, epoch milliseconds. */
export type JournalEntry =
  | { readonly at: number; readonly request: ProviderRequest }
  | { readonly at: number; readonly action: string; readonly arguments: readonly unknown[] }
  /** Options that may differ from run to run, in force from here on. */
  | { readonly at: number; readonly run: Readonly<Record<string, unknown>> };

/** First line: what the model was made of. */
interface Heading {
  readonly version: 1;
  readonly anchor: Date;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface Journal {
  readonly anchor: Date;
  /** What lay in the file when it was opened, in order. */
  readonly past: readonly JournalEntry[];
  /** Written when this returns: a process that is killed right after has lost nothing. */
  append(entry: JournalEntry): void;
  close(): void;
}

export interface JournalOptions {
  readonly file: string;
  /** For a file that is not there yet; otherwise the one that it was begun with holds. */
  readonly anchor: Date;
  /** What the model is made of, but for the anchor. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Told once when the file has grown so long that its replay takes noticeable time. */
  readonly onLong?: (message: string) => void;
}

/** About a month of a running demonstration, and a second of replay. */
const LONG_LINES = 20_000;

/**
 * Opens the record of everything that changed a provider's double, JSON Lines, readable by its owner only: it holds the
 * tokens that the double has handed out.
 *
 * A line that a killed process has not finished is cut off: nobody was answered for it.
 *
 * @throws ConfigInvalidError where the file is of other options, or is no such file
 */
export function openJournal({ file, anchor, options, onLong }: JournalOptions): Journal {
  const { lines, bytes } = readLines(file);
  const [first, ...rest] = lines.map((line, index) => parse(file, line, index));
  const heading = first === undefined ? undefined : readHeading(file, first, options);
  makePrivateDirectory(dirname(file));
  const descriptor = openSync(file, 'a', 0o600);
  ftruncateSync(descriptor, bytes);
  let count = lines.length;
  const write = (value: unknown) => {
    writeSync(descriptor, `${toJournalText(value)}\n`);
    count += 1;
    if (count === LONG_LINES) onLong?.(longMessage(file));
  };
  if (count >= LONG_LINES) onLong?.(longMessage(file));
  if (heading === undefined) write({ version: 1, anchor, options } satisfies Heading);
  return {
    anchor: heading?.anchor ?? anchor,
    past: rest as JournalEntry[],
    append: write,
    close: () => closeSync(descriptor),
  };
}

function readLines(file: string): { readonly lines: readonly string[]; readonly bytes: number } {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return { lines: whole.split('\n').slice(0, -1), bytes: Buffer.byteLength(whole) };
}

function parse(file: string, line: string, index: number): object {
  try {
    const value = fromJournalText(line);
    if (typeof value === 'object' && value !== null) return value;
    throw new SyntaxError('It is no object');
  } catch {
    throw new ConfigInvalidError(`${file}: line ${index + 1} is no JSON. Forget what is kept with --reset`);
  }
}

/** The first line, when it is of the same options: a journal of others would tell of things that are not there. */
function readHeading(file: string, line: object, options: Heading['options']): Heading {
  const heading = line as Partial<Heading>;
  const { version, anchor, options: then } = heading;
  if (version !== 1 || !(anchor instanceof Date) || then === undefined) {
    throw new ConfigInvalidError(`${file} is of another version. Forget what is kept with --reset`);
  }
  const names = new Set([...Object.keys(then), ...Object.keys(options)]);
  const name = [...names].find((each) => toJournalText(then[each]) !== toJournalText(options[each]));
  if (name === undefined) return { version, anchor, options: then };
  const shown = (value: unknown) => (typeof value === 'object' ? 'something else' : JSON.stringify(value));
  throw new ConfigInvalidError(
    `${file} was begun with other options (${name}: ${shown(then[name])} then, ${shown(options[name])} now). ` +
      'Start with the --scale of that time, choose another --directory, or forget what is kept with --reset',
  );
}

function longMessage(file: string): string {
  return `${file} has ${LONG_LINES} lines, and each start reads them all. --reset begins anew`;
}
