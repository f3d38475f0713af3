import type { Manifest } from './manifest.ts';
import type { NamedChanges } from './named-changes.ts';
import type { Comparable } from './plan.ts';
import { headline } from './summary-headline.ts';
import { bars, escapeHtml, facts, localMoment, moment, number, SUMMARY_STYLE, table } from './summary-html.ts';
import { bySeverity, toneOf, wordsOf } from './summary-words.ts';

/** Groups and files shown; the rest is counted, and in the manifest. */
const GROUPS_SHOWN = 12;
const FILES_SHOWN = 50;

type Content = Omit<Manifest, 'summary'>;

/**
 * The page beside the data, for people: what it covers, how complete it is, what changed. One file, no scripts, no
 * external address, light and dark, fit for a phone and for paper. A function of its arguments alone.
 */
export function renderSummary(manifest: Content, compare: Comparable | null, named?: NamedChanges): string {
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
<p>${period(manifest)}</p>${local(manifest)}${neighbours(manifest)}
</header>
${headline(manifest, compare)}
${groups(manifest, compare)}
${rowChanges(manifest, named)}
${schemaChanges(manifest)}
<h2>Where it comes from</h2>
${facts(origin(manifest))}
${details('What was asked for', manifest.options)}
${details('What the source said', manifest.facts)}
<h2>Files</h2>
${files(manifest)}
<footer><p>Number ${manifest.sequence} of its chain${previous(manifest)}. The manifest beside this page names every file with its SHA-256, this page too, and is signed; <code>steward verify</code> checks all of it.</p></footer>
</main>
</body>
</html>
`;
}

function period({ window, sourceKind, observedAt }: Content): string {
  const span = `${time(window.from)} to ${time(window.to)}`;
  if (sourceKind === 'incremental') return `Everything from ${span}, up to but not including the end.`;
  return `As seen from ${time(observedAt.from)} to ${time(observedAt.to)}, for the period ${span}.`;
}

function local({ window: { from, to, zone } }: Content): string {
  if (zone === 'UTC') return '';
  const span = `${localMoment(from, zone)} to ${localMoment(to, zone)}`;
  return `\n<p class="note">In ${escapeHtml(zone)}: ${span}.</p>`;
}

function neighbours({ fills, previous: before }: Content): string {
  const note = (text: string) => `\n<p class="verdict open">${text}</p>`;
  if (fills !== undefined) {
    return note(`Fills a gap: number ${fills.sequence} of the chain says that it had been given up.`);
  }
  const afterGap = before?.key.endsWith('/gap.json') === true;
  return afterGap ? note('The record before this one is a gap: its window was given up, and it says why.') : '';
}

function time(iso: string): string {
  return `<time datetime="${iso}">${moment(iso)}</time>`;
}

function groups({ groups: grouped, rows }: Content, compare: Comparable | null): string {
  if (grouped === null) return '';
  const sorted = bySeverity(Object.entries(grouped.counts));
  if (sorted.length === 0) return '';
  const before = compare?.groups ?? undefined;
  const shown = sorted
    .slice(0, GROUPS_SHOWN)
    .map(([label, count]) => ({ label, count, of: rows, before: before?.[label], tone: toneOf(label) }));
  return `<h2>By ${escapeHtml(grouped.column)}</h2>\n${bars(shown)}${andMore(sorted.length - shown.length)}`;
}

function andMore(rest: number): string {
  return rest > 0 ? `<p class="note">And ${number(rest)} more in the manifest.</p>` : '';
}

/** An export in Parquet alone: reading it takes a library as large as all of this. */
const UNNAMED = 'not named here: that takes a copy of the rows as CSV or JSON Lines';

function rowChanges({ changes }: Content, named: NamedChanges | undefined): string {
  if (changes === null || named === undefined) return '';
  const part = (title: string, rows: NamedChanges['appeared'], count: number) => {
    if (count === 0) return '';
    if (rows.length === 0) return `<h2>${title}</h2>\n<p class="note">${number(count)}, ${UNNAMED}.</p>`;
    const rest = count - rows.length;
    const more = rest > 0 ? `<p class="note">And ${number(rest)} more in the data.</p>` : '';
    return `<h2>${title}</h2>\n${table(named.columns, rows)}${more}`;
  };
  return [
    part('What appeared', named.appeared, changes.appeared),
    part('What disappeared', named.disappeared, changes.disappeared),
  ].join('\n');
}

function schemaChanges({ schemaChanges: changes }: Content): string {
  if (changes.length === 0) return '';
  const items = changes.map(({ kind, column }) => `<li>${kind}: <code>${escapeHtml(column)}</code></li>`);
  return `<h2>Columns that changed</h2>\n<ul>${items.join('')}</ul>`;
}

function origin(manifest: Content): readonly (readonly [string, string])[] {
  const { provider, source, sourceKind, sourceTotal, authorization, requests, observedAt, window, codeVersion } =
    manifest;
  const { by, at, scopes, account } = authorization;
  return [
    ['Provider', provider],
    ...(account === null ? [] : [['Account', account] as const]),
    ['Source', `${source} (${sourceKind})`],
    ['Schedule', `${window.cron} ${window.zone}`],
    ['Read', `${moment(observedAt.from)} to ${moment(observedAt.to)}`],
    ['Source’s own count', sourceTotal === null ? 'none given' : number(sourceTotal)],
    ['Authorised by', `${by ?? 'client credentials'}${at === null ? '' : `, ${moment(at)}`}`],
    ['Scopes', scopes?.join(' ') ?? 'not stated'],
    ['Requests made', number(requests)],
    ['Code version', codeVersion],
  ];
}

function details(title: string, said: Content['facts']): string {
  const entries = wordsOf(said);
  return entries.length === 0 ? '' : `<h2>${title}</h2>\n${facts(entries)}`;
}

function files({ parts }: Content): string {
  const data = parts.filter(({ format }) => format !== 'keys');
  const rows = data.slice(0, FILES_SHOWN).map(({ key, rows: count, bytes, sha256 }) => {
    const name = escapeHtml(key.slice(key.lastIndexOf('/') + 1));
    return `<tr><td>${name}<br><code class="hash">${sha256}</code></td><td>${number(count)}</td><td>${number(bytes)}</td></tr>`;
  });
  const head = '<thead><tr><th>File and its SHA-256</th><th>Rows</th><th>Bytes</th></tr></thead>';
  const list = `<div class="scroll"><table class="files">${head}<tbody>${rows.join('')}</tbody></table></div>`;
  return `${list}${andMore(data.length - rows.length)}`;
}

function previous({ previous: before }: Content): string {
  return before === null ? '' : `, after the record with SHA-256 <code class="hash">${before.sha256}</code>`;
}
