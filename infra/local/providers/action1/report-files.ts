import type { Action1Answer } from './answers.ts';

/** A report as a file: header line of the visible columns, then the rows. Nothing at all when there are none. */
export function reportFile(
  name: string,
  rows: readonly unknown[],
  format: 'csv' | 'html',
  mark: boolean,
): Action1Answer {
  const records = rows.map((row) => (row as { readonly fields: Readonly<Record<string, string>> }).fields);
  const columns = Object.keys(records[0] ?? {}).filter((column) => !column.startsWith('_'));
  const table =
    records.length === 0 ? [] : [columns, ...records.map((record) => columns.map((column) => record[column] ?? ''))];
  return {
    status: 200,
    headers: {
      'content-type': `text/${format}`,
      'content-transfer-encoding': 'Binary',
      'content-disposition': `attachment; filename="${name}.${format}"`,
    },
    body: format === 'csv' ? toCsv(table, mark) : toHtml(table),
  };
}

function toCsv(table: readonly (readonly string[])[], mark: boolean): string {
  return (mark ? '\uFEFF' : '') + table.map((row) => `${row.map(csvCell).join(',')}\n`).join('');
}

function toHtml(table: readonly (readonly string[])[]): string {
  const rows = table.map((row) => `<tr>${row.map((text) => `<td>${escapeHtml(text)}</td>`).join('')}</tr>`);
  return `<!doctype html><table>${rows.join('')}</table>`;
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
