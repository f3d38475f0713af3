import { type Attention, attentionOf } from '../attention.ts';
import type { Overview } from '../overview.ts';
import { count } from '../words.ts';
import { escape } from './html.ts';

const SHOWN = 12;

/** What needs somebody, with the command that comes next; or that nothing does. */
export function attentionSection(overview: Overview): string {
  const items = attentionOf(overview);
  if (items.length === 0)
    return '<section class="attention calm" aria-labelledby="h-attention"><h2 id="h-attention">Nothing needs you</h2></section>';
  const lines = items.slice(0, SHOWN).map(({ tone, about, what, next }) => {
    const command = next === undefined ? '' : `<code>${escape(next)}</code>`;
    return `<li class="${tone}"><p><strong>${escape(about)}</strong> ${escape(what)}</p>${command}</li>`;
  });
  const more = items.length > SHOWN ? `<p class="soft">And ${count(items.length - SHOWN)} more.</p>` : '';
  const tone = items.some((item) => item.tone === 'bad') ? '' : ' watch';
  return `<section class="attention${tone}" aria-labelledby="h-attention"><h2 id="h-attention">${headingOf(items)}</h2><ul>${lines.join('')}</ul>${more}</section>`;
}

/** What mends itself needs nobody, and is worth a look all the same. */
function headingOf(items: readonly Attention[]): string {
  const bad = items.filter(({ tone }) => tone === 'bad').length;
  const warn = items.length - bad;
  if (bad === 0) return `Nothing needs you; ${count(warn)} to watch`;
  return `Needs somebody: ${count(bad)}${warn === 0 ? '' : `; ${count(warn)} to watch`}`;
}

/** The whole in five figures. */
export function figures({ connections, exports, events, outbox }: Overview): string {
  const healthy = connections.filter(({ status }) => status === 'connected').length;
  const records = exports.filter(({ record }) => record !== undefined);
  const verified = records.filter(({ record }) => record === 'verified').length;
  const alerts = events.filter(({ type }) => type.startsWith('steward.alert.'));
  const critical = alerts.filter(({ severity }) => severity === 'critical').length;
  const tiles: readonly (readonly [string, string])[] = [
    [`${count(healthy)} of ${count(connections.length)}`, 'connected'],
    [`${count(verified)} of ${count(records.length)}`, 'manifests verify'],
    [count(exports.filter(({ state }) => state === 'running').length), 'exports running'],
    [count(alerts.length), `alert events today, ${count(critical)} critical`],
    [count(outbox.pending), 'wait to be published'],
  ];
  return `<ul class="figures" aria-label="At a glance">${tiles.map(([value, label]) => `<li><strong>${value}</strong> <span>${label}</span></li>`).join('')}</ul>`;
}
