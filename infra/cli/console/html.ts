const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text inside HTML: names and summaries may come from a provider and are never markup. */
export function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** A part of the page, named by its heading. */
export function section(id: string, title: string, note: string, body: string): string {
  return `<section class="${id}" aria-labelledby="h-${id}"><div class="head"><h2 id="h-${id}">${title}</h2><p class="soft">${note}</p></div>${body}</section>`;
}

export function empty(text: string): string {
  return `<p class="soft">${text}</p>`;
}

/** A state as a word in a colour; never by the colour alone. */
export function tag(text: string, tone: string): string {
  return `<span class="tag ${tone}">${escape(text)}</span>`;
}

/** A share of a whole. The width is an SVG's, so that the page needs no inline style. The words stand beside it. */
export function bar(share: number, tone: string): string {
  const width = (Math.max(0, Math.min(1, share)) * 100).toFixed(1);
  return `<svg class="bar ${tone}" aria-hidden="true" width="100%" height="8" preserveAspectRatio="none" viewBox="0 0 100 1"><rect class="track" width="100" height="1"/><rect class="fill" width="${width}" height="1"/></svg>`;
}

export function time(date: Date, text: string): string {
  return `<time datetime="${date.toISOString()}">${escape(text)}</time>`;
}

/** A column of a table: its heading, its class, its cell (markup). */
export interface Column<T> {
  readonly title: string;
  readonly kind?: 'n';
  readonly cell: (row: T) => string;
}

/**
 * A table that becomes a list of cards on a phone. The roles say again what they are, because a table whose `display` is
 * not a table's loses them in some browsers.
 */
export function rows<T>(label: string, columns: readonly Column<T>[], items: readonly T[]): string {
  const head = columns.map(
    ({ title, kind = '' }) => `<th role="columnheader" scope="col" class="${kind}">${title}</th>`,
  );
  const lines = items.map((item) => {
    const cells = columns.map(
      ({ title, kind = '', cell }) =>
        `<td role="cell" class="${kind}" data-label="${title}"><div>${cell(item)}</div></td>`,
    );
    return `<tr role="row">${cells.join('')}</tr>`;
  });
  return `<table role="table" aria-label="${label}"><thead role="rowgroup"><tr role="row">${head.join('')}</tr></thead><tbody role="rowgroup">${lines.join('')}</tbody></table>`;
}
