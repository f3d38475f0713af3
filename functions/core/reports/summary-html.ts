/** Text inside HTML: what came from a provider is never markup. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** Digits in groups of three, the same on every machine. */
export function number(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 20 }).replaceAll(',', ' ');
}

/** An instant for people, to the second: `2026-01-31 02:00:00 UTC`. The exact one is in the manifest. */
export function moment(iso: string): string {
  return `${iso.slice(0, 19).replace('T', ' ')} UTC`;
}

/** An instant as a clock in a zone shows it: `2026-01-31 13:00:00`. */
export function localMoment(iso: string, zone: string): string {
  return new Date(iso).toLocaleString('sv-SE', { timeZone: zone });
}

/** `+12 since the last export`. */
export function delta(difference: number): string {
  if (difference > 0) return `+${number(difference)} since the last export`;
  return difference < 0 ? `−${number(-difference)} since the last export` : 'as many as last time';
}

export interface Bar {
  readonly label: string;
  readonly count: number;
  /** What it is a part of. */
  readonly of: number;
  /** The same group in the export before. */
  readonly before: number | undefined;
  readonly tone: 'bad' | 'warn' | 'plain';
}

const BAR_HEIGHT = 28;
const BAR_WIDTH = 360;

/** Horizontal bars, the largest group across the whole width; the numbers stand as text beside them. */
export function bars(groups: readonly Bar[]): string {
  const largest = Math.max(1, ...groups.map(({ count }) => count));
  const lines = groups.map(({ label, count, of, before, tone }) => {
    const width = Math.max(2, Math.round((count / largest) * BAR_WIDTH));
    const share = `<small>${number(Math.round((1000 * count) / Math.max(1, of)) / 10)} %</small>`;
    const change = before === undefined ? '' : `<br><small>${delta(count - before)}</small>`;
    const picture =
      `<svg class="${tone}" viewBox="0 0 ${BAR_WIDTH} ${BAR_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">` +
      `<rect width="${width}" height="${BAR_HEIGHT}" rx="3"/></svg>`;
    return `<li><span class="label">${escapeHtml(label)}</span>${picture}<span><b>${number(count)}</b> ${share}${change}</span></li>`;
  });
  return `<ol class="bars">${lines.join('')}</ol>`;
}

/** Names and values. */
export function facts(entries: readonly (readonly [string, string])[]): string {
  const items = entries.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`);
  return `<dl>${items.join('')}</dl>`;
}

/** A table of texts. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (texts: readonly string[], tag: string) =>
    texts.map((text) => `<${tag}>${escapeHtml(text)}</${tag}>`).join('');
  const body = rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('');
  return `<div class="scroll"><table><thead><tr>${cells(columns, 'th')}</tr></thead><tbody>${body}</tbody></table></div>`;
}

export const SUMMARY_STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5b6570;--line:#d9dee3;--paper:#fff;--bar:#2b6cb0;--bad:#b42318;--warn:#b54708;--good:#1a7f4b;--open:#9a6700}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa5b1;--line:#38414a;--paper:#14181c;--bar:#6ea8e0;--bad:#f2857a;--warn:#e9a15b;--good:#5cc58f;--open:#e0b252}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:46rem;margin:0 auto;padding:2rem 1rem}
h1{margin:0 0 .25rem;font-size:1.6rem;overflow-wrap:anywhere}
h2{margin:2rem 0 .5rem;font-size:1.1rem}
.where,.note,small,footer{color:var(--soft)}
.where{margin:0}
.tiles{display:flex;flex-wrap:wrap;gap:1rem;margin-top:1.5rem}
.tiles div{flex:1 1 9rem;padding:.75rem 1rem;border:1px solid var(--line);border-radius:8px}
.tiles strong{display:block;font-size:1.6rem;font-variant-numeric:tabular-nums}
.tiles small{display:block}
.verdict{padding-left:.75rem;border-left:4px solid var(--good)}
.verdict.open{border-color:var(--open)}
.bars{list-style:none;margin:0;padding:0}
.bars li{display:grid;grid-template-columns:minmax(6rem,1fr) 2fr minmax(6rem,1fr);gap:.75rem;align-items:center;padding:.2rem 0}
.bars .label{overflow-wrap:anywhere}
.bars svg{width:100%;height:1rem;fill:var(--bar)}
.bars svg.bad{fill:var(--bad)}
.bars svg.warn{fill:var(--warn)}
.bars li>span:last-child{font-variant-numeric:tabular-nums}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
time{white-space:nowrap}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .75rem .3rem 0;border-bottom:1px solid var(--line)}
.files td+td,.files th+th{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
td,th{vertical-align:top}
.hash{font-size:.7rem;color:var(--soft);overflow-wrap:anywhere}
@media (max-width:30rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}.bars li{grid-template-columns:5.5rem 1fr 6.5rem}}
@page{margin:16mm}
@media print{:root{color-scheme:light;--ink:#000;--paper:#fff;--soft:#444;--line:#bbb;--bar:#333;--bad:#000;--warn:#222}body{font-size:11pt}main{max-width:none;padding:0}h2{break-after:avoid}h2,li,tr,.tiles{break-inside:avoid}.scroll{overflow:visible}rect{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;
