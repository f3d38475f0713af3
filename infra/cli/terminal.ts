import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { UsageError } from '../../functions/core/errors.ts';
import { hasColour, painter, type Tone } from './table.ts';

/** What a command says, and to whom: results on standard output, everything else on standard error. */
export interface Terminal {
  readonly json: boolean;
  out(text: string): void;
  /** Progress and advice. Silent under `--json`. */
  note(text: string): void;
  /** One line that is written over until the next one; nothing where nobody watches. */
  progress(text: string): void;
  paint(tone: Tone, text: string): string;
  /** Columns of the window that results go to; absent where they go into a pipe or a file. */
  readonly width: number | undefined;
  /** `instead` is what to say on the command line where nobody can answer. @throws UsageError there, naming it */
  confirm(question: string, instead: string): Promise<boolean>;
  /** Reads a line without showing it. @throws UsageError when nobody can answer, naming `instead` */
  secret(question: string, instead: string): Promise<string>;
}

const CLEAR_LINE = '\r\u001B[K';

export function createTerminal(json: boolean): Terminal {
  const { stdout, stderr, stdin } = process;
  const watched = stderr.isTTY && !json;
  /** A line of progress stands there, without an end. */
  let isWritten = false;
  const ask = async (question: string, hidden: boolean, instead: string) => {
    if (!stdin.isTTY) throw new UsageError(`${question.trim()} Nobody can answer here: say ${instead}`);
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
    stderr.write(question);
    const lines = createInterface({ input: stdin, output: hidden ? silent : stderr, terminal: true });
    try {
      return await lines.question('');
    } finally {
      lines.close();
      if (hidden) stderr.write('\n');
    }
  };
  return {
    json,
    out: (text) => {
      if (isWritten) stderr.write(CLEAR_LINE);
      isWritten = false;
      stdout.write(`${text}\n`);
    },
    note: (text) => {
      if (!json) stderr.write(`${watched ? CLEAR_LINE : ''}${text}\n`);
    },
    progress: (text) => {
      if (!watched) return;
      isWritten = true;
      stderr.write(`${CLEAR_LINE}${text}`);
    },
    width: stdout.isTTY ? stdout.columns : undefined,
    paint: painter(!json && hasColour(stdout, process.env)),
    confirm: async (question, instead) => /^y(es)?$/i.test((await ask(`${question} [y/N] `, false, instead)).trim()),
    secret: (question, instead) => ask(question, true, instead),
  };
}
