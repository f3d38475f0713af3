import type { Manifest } from './manifest.ts';
import type { Comparable } from './plan.ts';
import { bars, delta, escapeHtml, facts, moment, number, SUMMARY_STYLE } from './summary-html.ts';

/** Groups shown; the rest is counted in the manifest. */
const GROUPS_SHOWN = 12;

/**
 * The page beside the data, for people: what it covers, how complete it is, what changed. One file, no scripts, no
 * external address, light and dark, fit for a phone and for paper. A function of its arguments alone.
 */
export function renderSummary(manifest: Omit<Manifest, 'summary'>, compare: Comparable | null): string {
  const { job, connection, window } = manifest;
  const title = `${job} · ${window.from.slice(0, 10)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${SUMMARY_STYLE}</style>
</head>
<body>
<main>
<header>
<p class="where">${escapeHtml(connection)}</p>
<h1>${escapeHtml(job)}</h1>
<p>${period(manifest)}</p>${filled(manifest)}
</header>
${headline(manifest, compare)}
${groups(manifest, compare)}
${schemaChanges(manifest)}
<h2>Where it comes from</h2>
${facts(origin(manifest))}
<h2>Files</h2>
${files(manifest)}
<footer><p>Number ${manifest.sequence} of its chain. The manifest beside this page names every file with its SHA-256 and is signed; <code>steward verify</code> checks both.</p></footer>
</main>
</body>
</html>
`;
}

function period({ window, sourceKind, observedAt }: Omit<Manifest, 'summary'>): string {
  const span = `${time(window.from)} to ${time(window.to)}`;
  if (sourceKind === 'incremental') return `Everything from ${span}, up to but not including the end.`;
  return `As seen from ${time(observedAt.from)} to ${time(observedAt.to)}, for the period ${span}.`;
}

function filled({ fills }: Omit<Manifest, 'summary'>): string {
  if (fills === undefined) return '';
  return `\n<p class="note">Fills a gap: the window had been given up, which number ${fills.sequence} of the chain says.</p>`;
}

function time(iso: string): string {
  return `<time datetime="${iso}">${moment(iso)}</time>`;
}

const COMPLETENESS: Readonly<Record<Manifest['completeness'], string>> = {
  reconciled: 'Complete: as many rows as the source counts',
  'short-page': 'Complete as far as can be told: the last page was short',
  'second-pass': 'Complete as far as can be told: a second pass found nothing more',
  unproven: 'Completeness not proven: the source gives no total',
};

function headline({ rows, completeness, changes, duplicates }: Omit<Manifest, 'summary'>, compare: Comparable | null) {
  const tiles = [tile(number(rows), rows === 1 ? 'row' : 'rows', compare ? delta(rows - compare.rows) : '')];
  if (changes) {
    tiles.push(tile(number(changes.appeared), 'appeared', 'since the last export'));
    tiles.push(tile(number(changes.disappeared), 'disappeared', 'since the last export'));
  }
  if (duplicates !== null && duplicates > 0) tiles.push(tile(number(duplicates), 'came twice', 'same key'));
  const mark = completeness === 'unproven' ? 'open' : 'good';
  return `<section class="tiles">${tiles.join('')}</section>\n<p class="verdict ${mark}">${COMPLETENESS[completeness]}.</p>`;
}

function tile(value: string, label: string, note: string): string {
  return `<div><strong>${value}</strong><span>${label}</span>${note === '' ? '' : `<small>${note}</small>`}</div>`;
}

function groups({ groups: grouped }: Omit<Manifest, 'summary'>, compare: Comparable | null): string {
  if (grouped === null) return '';
  const sorted = Object.entries(grouped.counts).toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  if (sorted.length === 0) return '';
  const before = compare?.groups ?? undefined;
  const shown = sorted.slice(0, GROUPS_SHOWN).map(([label, count]) => ({ label, count, before: before?.[label] }));
  const rest = sorted.length - shown.length;
  const more = rest > 0 ? `<p class="note">And ${number(rest)} more in the manifest.</p>` : '';
  return `<h2>By ${escapeHtml(grouped.column)}</h2>\n${bars(shown)}${more}`;
}

function schemaChanges({ schemaChanges: changes }: Omit<Manifest, 'summary'>): string {
  if (changes.length === 0) return '';
  const items = changes.map(({ kind, column }) => `<li>${kind}: <code>${escapeHtml(column)}</code></li>`);
  return `<h2>Columns that changed</h2>\n<ul>${items.join('')}</ul>`;
}

function origin(manifest: Omit<Manifest, 'summary'>): readonly (readonly [string, string])[] {
  const { provider, source, sourceKind, sourceTotal, authorization, requests, observedAt } = manifest;
  return [
    ['Provider', provider],
    ['Source', `${source} (${sourceKind})`],
    ['Read', `${moment(observedAt.from)} to ${moment(observedAt.to)}`],
    ['Source’s own count', sourceTotal === null ? 'none given' : number(sourceTotal)],
    ['Authorised by', authorization.by ?? 'client credentials'],
    ['Scopes', authorization.scopes?.join(' ') ?? 'not stated'],
    ['Requests made', number(requests)],
  ];
}

function files({ parts }: Omit<Manifest, 'summary'>): string {
  const data = parts.filter(({ format }) => format !== 'keys');
  const rows = data.slice(0, 50).map(({ key, rows: count, bytes }) => {
    const name = key.slice(key.lastIndexOf('/') + 1);
    return `<tr><td>${escapeHtml(name)}</td><td>${number(count)}</td><td>${number(bytes)}</td></tr>`;
  });
  const more = data.length > 50 ? `<p class="note">And ${number(data.length - 50)} more in the manifest.</p>` : '';
  const head = '<thead><tr><th>File</th><th>Rows</th><th>Bytes</th></tr></thead>';
  return `<div class="scroll"><table>${head}<tbody>${rows.join('')}</tbody></table></div>${more}`;
}
