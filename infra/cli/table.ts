/** A cell, or a row of them. */
export type Row = readonly string[];

/** What the eye is led to. */
export type Tone = 'good' | 'bad' | 'warn' | 'dim' | 'strong';

const CODES: Readonly<Record<Tone, string>> = { good: '32', bad: '31', warn: '33', dim: '2', strong: '1' };

/** Whether a stream shows colours: a terminal, unless NO_COLOR says no (https://no-color.org). */
export function hasColour(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  if (environment['NO_COLOR']) return false;
  return environment['FORCE_COLOR'] !== undefined || stream.isTTY === true;
}

/** Text in a tone, or as it is where there are no colours. */
export function painter(colours: boolean): (tone: Tone, text: string) => string {
  return (tone, text) => (colours ? `\u001B[${CODES[tone]}m${text}\u001B[0m` : text);
}

// oxlint-disable-next-line no-control-regex -- the escape character is what is measured away
const ESCAPES = /\u001B\[\d+m/g;

function width(cell: string): number {
  return Array.from(cell.replaceAll(ESCAPES, '')).length;
}

/** How wide a table may be. */
export interface Fit {
  /** Of the window; absent where nothing limits a line, as in a pipe. */
  readonly width?: number | undefined;
  /** Titles of columns that may be left out in a narrow window, the least important first. */
  readonly minor?: readonly string[];
}

const GUTTER = '  ';
/** What the last column needs at least to be worth reading when its text is broken into lines. */
const READABLE = 24;

/** A table with a header and columns as wide as they need to be, or as the window lets them; numbers to the right. */
export function table(header: Row, rows: readonly Row[], { width: room = Infinity, minor = [] }: Fit = {}): string {
  const widths = widthsOf(header, rows);
  const [left, last] = [lineWidth(widths.slice(0, -1)), widths.at(-1) ?? 0];
  const dropped = left + Math.min(last, READABLE) <= room ? undefined : minor.find((title) => header.includes(title));
  if (dropped !== undefined) {
    const without = (row: Row) => row.filter((_, column) => column !== header.indexOf(dropped));
    return table(without(header), rows.map(without), { width: room, minor });
  }
  const lastRoom = Math.max(READABLE, room - left);
  return drawn(
    header,
    rows.flatMap((row) => broken(row, lastRoom)),
    [...widths.slice(0, -1), Math.min(lastRoom, last)],
  );
}

function widthsOf(header: Row, rows: readonly Row[]): readonly number[] {
  return header.map((title, column) => Math.max(width(title), ...rows.map((row) => width(row[column] ?? ''))));
}

function lineWidth(widths: readonly number[]): number {
  return widths.reduce((sum, each) => sum + each + GUTTER.length, 0);
}

/** A row whose last cell goes on in the lines below. What is coloured is short, and stays whole. */
function broken(row: Row, room: number): readonly Row[] {
  const text = row.at(-1) ?? '';
  if (width(text) <= room || width(text) !== text.length) return [row];
  const [first = '', ...rest] = textLines(text, room);
  return [[...row.slice(0, -1), first], ...rest.map((line) => [...row.slice(0, -1).map(() => ''), line])];
}

/** Text in lines no longer than `room`, broken between words where there are any. */
export function textLines(text: string, room: number): readonly string[] {
  const lines = text.match(new RegExp(`.{1,${room}}(?=\\s|$)|\\S{1,${room}}`, 'g')) ?? [];
  return lines.map((line) => line.trim()).filter((line) => line !== '');
}

function drawn(header: Row, rows: readonly Row[], widths: readonly number[]): string {
  const numeric = header.map(
    (_, column) =>
      rows.length > 0 && rows.every((row) => /^[\d .–-]*$/.test((row[column] ?? '').replaceAll(ESCAPES, ''))),
  );
  const line = (row: Row) =>
    row
      .map((cell, column) => {
        const padding = ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell)));
        return numeric[column] === true ? padding + cell : cell + padding;
      })
      .join(GUTTER)
      .trimEnd();
  return [line(header), widths.map((columns) => '─'.repeat(columns)).join(GUTTER), ...rows.map(line)].join('\n');
}
