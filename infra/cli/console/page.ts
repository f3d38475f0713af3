import { createHash } from 'node:crypto';
import type { BudgetView, ConnectionView, EventView, ExportView, JobView, Overview } from '../overview.ts';
import { count, instant, relative, size, span } from '../words.ts';
import { STYLE } from './style.ts';

/** Replaces the page's content with what the server sends; without it the page is whole and renews itself. */
const SCRIPT = `const main=document.querySelector('main');new EventSource('/console/stream').onmessage=e=>{const open=document.activeElement?.id;main.innerHTML=JSON.parse(e.data);if(open)document.getElementById(open)?.focus()}`;

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing but this page's own style and script, and its own stream. */
export const CONSOLE_CSP = `default-src 'none'; style-src ${hash(STYLE)}; script-src ${hash(SCRIPT)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** The whole page. */
export function consolePage(overview: Overview): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Steward · ${escape(overview.stage)}</title><noscript><meta http-equiv="refresh" content="10"></noscript><style>${STYLE}</style></head><body><a class="skip" href="#main">To the content</a><header><h1>Steward</h1><small>stage ${escape(overview.stage)}</small></header><main id="main">${consoleBody(overview)}</main><script>${SCRIPT}</script></body></html>`;
}

/** What changes from look to look: the content of `main`. */
export function consoleBody(overview: Overview): string {
  return [
    connectionsSection(overview),
    exportsSection(overview),
    eventsSection(overview),
    jobsSection(overview),
    budgetsSection(overview),
  ].join('');
}

function section(title: string, note: string, kind: string, body: string): string {
  return `<section class="${kind}"><h2>${title}<small>${note}</small></h2>${body}</section>`;
}

const STATUS_TONES: Readonly<Record<string, string>> = {
  connected: 'good',
  exported: 'good',
  pending: 'warn',
  paused: 'warn',
  suspect: 'warn',
  gap: 'warn',
  running: 'warn',
};

function tag(text: string, tone = STATUS_TONES[text] ?? 'bad'): string {
  return `<span class="tag ${tone}">${escape(text)}</span>`;
}

function connectionsSection({ connections, at, outbox }: Overview): string {
  const healthy = connections.filter(({ status }) => status === 'connected').length;
  const waiting =
    outbox.pending === 0 ? 'nothing waits to be published' : `${count(outbox.pending)} events wait to be published`;
  const note = `${healthy} of ${connections.length} connected · ${waiting} · ${instant(at)}`;
  const cards = connections.map((connection) => connectionCard(connection, at)).join('');
  return section(
    'Connections',
    note,
    '',
    cards === '' ? '<p class="empty">None yet: steward apply makes them.</p>' : `<div class="cards">${cards}</div>`,
  );
}

function connectionCard(connection: ConnectionView, at: Date): string {
  const { accessIssuedAt, accessExpiresAt, refreshExpiresAt, lastError } = connection;
  const details = [
    ['last refresh', relative(connection.lastRefreshAt, at)],
    ['next refresh', relative(connection.nextRefreshAt, at)],
    ['refresh token', refreshExpiresAt === undefined ? undefined : `${relative(refreshExpiresAt, at)} (assumed)`],
    ['account', connection.providerAccount],
    ['authorised by', connection.authorizedBy],
    ['last error', lastError === undefined ? undefined : `${lastError.message} (${relative(lastError.at, at)})`],
  ].flatMap(([term, value]) => (value === undefined ? [] : [`<dt>${term}</dt><dd>${escape(value)}</dd>`]));
  return `<article class="card"><h3>${escape(connection.name)} ${tag(connection.status)}</h3><span class="soft">${escape(connection.provider)} · generation ${connection.generation}</span>${clock(accessIssuedAt, accessExpiresAt, at)}<dl>${details.join('')}</dl></article>`;
}

/** How much of the access token's life is left, as a bar and in words. */
function clock(issuedAt: Date | undefined, expiresAt: Date | undefined, at: Date): string {
  if (expiresAt === undefined) return '<p class="empty">No access token</p>';
  const left = expiresAt.getTime() - at.getTime();
  const life = expiresAt.getTime() - (issuedAt ?? at).getTime();
  const share = life <= 0 ? 0 : Math.max(0, Math.min(1, left / life));
  const tone = left <= 0 ? 'out' : share < 0.15 ? 'low' : '';
  const words = left <= 0 ? `access token ran out ${span(left)} ago` : `access token: ${span(left)} left`;
  return `${bar(share, tone, words)}<span class="soft">${words}</span>`;
}

/** A bar without inline style, so that the page needs no exception for one: the width is an SVG's. */
function bar(share: number, tone: string, label: string): string {
  const colour = tone === 'out' ? 'var(--bad)' : tone === 'low' ? 'var(--warn)' : 'var(--accent)';
  return `<svg class="bar" role="img" aria-label="${escape(label)}" width="100%" height="7" preserveAspectRatio="none" viewBox="0 0 100 1"><rect width="100" height="1" fill="var(--track)"/><rect width="${(share * 100).toFixed(1)}" height="1" fill="${colour}"/></svg>`;
}

function exportsSection({ exports }: Overview): string {
  const rows = exports.slice(0, 30).map(exportRow).join('');
  const head =
    '<tr><th>job</th><th>window</th><th>state</th><th class="n">rows</th><th class="n">source</th><th>complete by</th><th class="n">size</th></tr>';
  const body =
    rows === ''
      ? '<p class="empty">No window is due yet.</p>'
      : `<div class="scroll"><table>${head}${rows}</table></div>`;
  return section(
    'Exports',
    `${count(exports.filter(({ state }) => state === 'exported').length)} in the archive`,
    '',
    body,
  );
}

function exportRow(view: ExportView): string {
  const name =
    view.summary === undefined
      ? escape(view.job)
      : `<a id="s-${escape(view.job)}-${view.from.getTime()}" href="/archive/${encodeURI(view.summary)}">${escape(view.job)}</a>`;
  const total = view.sourceTotal === undefined || view.sourceTotal === null ? '–' : count(view.sourceTotal);
  const reason = view.reason === undefined ? '' : `<br><span class="soft">${escape(view.reason)}</span>`;
  return `<tr><td>${name}<br><span class="soft">${escape(view.provider)} · ${escape(view.source)}</span></td><td>${instant(view.from)}<br>${instant(view.to)}</td><td>${tag(view.state)}${reason}</td><td class="n">${view.rows === undefined ? '–' : count(view.rows)}</td><td class="n">${total}</td><td>${escape(view.completeness ?? '–')}</td><td class="n">${view.bytes === undefined ? '–' : size(view.bytes)}</td></tr>`;
}

const SEVERITY_TONES: Readonly<Record<string, string>> = {
  critical: 'bad',
  high: 'bad',
  medium: 'warn',
  low: 'good',
  info: 'good',
};

function eventsSection({ events, at }: Overview): string {
  const rows = events
    .slice(0, 40)
    .map((event) => eventRow(event, at))
    .join('');
  const body =
    rows === ''
      ? '<p class="empty">Nothing was published yet.</p>'
      : `<div class="scroll"><table><tr><th>when</th><th>what</th><th>severity</th><th class="n">latency</th></tr>${rows}</table></div>`;
  return section('Alerts and events', 'newest first', 'half', body);
}

function eventRow(event: EventView, at: Date): string {
  const severity = event.severity === undefined ? '' : tag(event.severity, SEVERITY_TONES[event.severity] ?? 'warn');
  const latency = event.publishedAt === undefined ? 'waits' : span(event.publishedAt.getTime() - event.time.getTime());
  return `<tr><td>${relative(event.time, at)}</td><td>${escape(event.summary)}<br><span class="soft">${escape(event.type)} · ${escape(event.connection ?? '')}</span></td><td>${severity}</td><td class="n">${latency}</td></tr>`;
}

function jobsSection({ jobs, at }: Overview): string {
  const rows = jobs.map((job) => jobRow(job, at)).join('');
  const body =
    rows === ''
      ? '<p class="empty">No jobs yet.</p>'
      : `<div class="scroll"><table><tr><th>job</th><th>next</th><th>last</th><th class="n">p50</th><th class="n">p99</th></tr>${rows}</table></div>`;
  return section('Next runs', '', 'half', body);
}

function jobRow(job: JobView, at: Date): string {
  const latency = (value: number | undefined) => (value === undefined ? '–' : span(value));
  const error = job.lastError === undefined ? '' : `<br><span class="bad">${escape(job.lastError)}</span>`;
  return `<tr><td>${escape(job.name)}<br><span class="soft">${job.kind} · ${escape(job.connection)}</span></td><td>${job.paused ? 'paused' : relative(job.nextAt, at)}</td><td>${relative(job.lastAt, at)}${error}</td><td class="n">${latency(job.latencyP50Ms)}</td><td class="n">${latency(job.latencyP99Ms)}</td></tr>`;
}

function budgetsSection({ budgets, at }: Overview): string {
  const rows = budgets.map((budget) => budgetRow(budget, at)).join('');
  const body = rows === '' ? '<p class="empty">No request was made yet.</p>' : `<div class="cards">${rows}</div>`;
  return section('Rate budgets', 'drawn in the last minute', '', body);
}

function budgetRow(budget: BudgetView, at: Date): string {
  const blocked =
    budget.blockedUntil !== undefined && budget.blockedUntil > at
      ? ` · blocked, ${relative(budget.blockedUntil, at)}`
      : '';
  const label = `${Math.round(budget.used * 100)} % of ${budget.perMinute} a minute${blocked}`;
  return `<div><strong>${escape(budget.provider)}</strong> <span class="soft">${escape(budget.account)} · ${escape(budget.category)}</span>${bar(budget.used, budget.used > 0.9 ? 'low' : '', label)}<span class="soft">${label}</span></div>`;
}
