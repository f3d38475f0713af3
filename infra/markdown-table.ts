/** A table as our formatter leaves it: padded; columns whose head begins with `>` are ranged right. */
export function markdownTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const right = heads.map((head) => head.startsWith('>'));
  const table = [heads.map((head, column) => (right[column] === true ? head.slice(1) : head)), ...rows];
  const widths = heads.map((_, column) => Math.max(3, ...table.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const [head = '', ...body] = table.map((row) =>
    line(
      row.map((cell, column) =>
        right[column] === true ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      ),
    ),
  );
  const rule = line(
    widths.map((width, column) => (right[column] === true ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))),
  );
  return [head, rule, ...body].join('\n');
}
