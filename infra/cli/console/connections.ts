import { attentionOf } from '../attention.ts';
import type { ConnectionView, Overview } from '../overview.ts';
import { relative, span } from '../words.ts';
import { bar, empty, escape, section, tag } from './html.ts';

const TONES: Readonly<Record<ConnectionView['status'], string>> = {
  connected: 'good',
  pending: 'warn',
  paused: 'warn',
  suspect: 'warn',
  disconnected: 'quiet',
  'reauthorization-required': 'bad',
  'access-denied': 'bad',
};
const ORDER = ['bad', 'warn', 'good', 'quiet'];

/** Connections as cards with their clocks, those in trouble first. */
export function connectionsSection(overview: Overview): string {
  const { connections, at } = overview;
  const next = new Map(attentionOf(overview).map(({ about, next: command }) => [about, command]));
  const sorted = connections.toSorted((a, b) => ORDER.indexOf(TONES[a.status]) - ORDER.indexOf(TONES[b.status]));
  const cards = sorted.map((connection) => `<li>${card(connection, at, next.get(connection.name))}</li>`).join('');
  const healthy = connections.filter(({ status }) => status === 'connected').length;
  return section(
    'connections',
    'Connections',
    `${healthy} of ${connections.length} connected`,
    cards === '' ? empty('None yet: <code>steward apply</code> makes them.') : `<ul class="cards">${cards}</ul>`,
  );
}

function card(connection: ConnectionView, at: Date, next: string | undefined): string {
  const { name, title, status, accessIssuedAt, accessExpiresAt, refreshExpiresAt, generation, lastError } = connection;
  const clocks = [
    clock('Access token', accessIssuedAt, accessExpiresAt, at),
    clock('Refresh token, assumed', connection.lastRefreshAt, refreshExpiresAt, at),
  ].join('');
  const details = [
    ['Refreshed', generation === 0 ? undefined : `${relative(connection.lastRefreshAt, at)}, generation ${generation}`],
    ['Next refresh', status === 'connected' ? relative(connection.nextRefreshAt, at) : undefined],
    ['Account', connection.providerAccount],
    ['Authorised by', connection.authorizedBy],
    ['Last error', lastError === undefined ? undefined : `${lastError.message} (${relative(lastError.at, at)})`],
  ].flatMap(([term, value]) => (value === undefined ? [] : [`<dt>${term}</dt><dd>${escape(value)}</dd>`]));
  const tone = TONES[status];
  const command = next === undefined ? '' : `<p class="next">Next: <code>${escape(next)}</code></p>`;
  return `<article class="card ${tone}"><header><h3>${escape(name)}</h3>${tag(status, tone)}</header><p class="soft">${escape(title)}</p>${clocks}${command}${details.length === 0 ? '' : `<dl>${details.join('')}</dl>`}</article>`;
}

/** How much of a token's life is left, as a bar and in words. */
function clock(label: string, issuedAt: Date | undefined, expiresAt: Date | undefined, at: Date): string {
  if (expiresAt === undefined) return '';
  const left = expiresAt.getTime() - at.getTime();
  const life = expiresAt.getTime() - (issuedAt ?? at).getTime();
  const share = life <= 0 ? 0 : left / life;
  const tone = left <= 0 ? 'bad' : share < 0.15 ? 'warn' : 'good';
  const words = left <= 0 ? `ran out ${span(left)} ago` : `${span(left)} left`;
  return `<div class="clock"><div class="line"><span>${label}</span><strong>${words}</strong></div>${bar(share, tone)}</div>`;
}
