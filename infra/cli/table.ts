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

/** A table with a header and columns as wide as they need to be; numbers to the right. */
export function table(header: Row, rows: readonly Row[]): string {
  const widths = header.map((title, column) => Math.max(width(title), ...rows.map((row) => width(row[column] ?? ''))));
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
      .join('  ')
      .trimEnd();
  return [line(header), widths.map((columns) => '─'.repeat(columns)).join('  '), ...rows.map(line)].join('\n');
}
