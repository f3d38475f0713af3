import type { Manifest } from './manifest.ts';
import type { Comparable } from './plan.ts';
import { delta, number } from './summary-html.ts';

const COMPLETENESS: Readonly<Record<Manifest['completeness'], string>> = {
  reconciled: 'Complete: as many rows as the source counts',
  'short-page': 'Complete as far as can be told: the last page was short',
  'second-pass': 'Complete as far as can be told: a second pass found nothing more',
  unproven: 'Completeness not proven: the source gives no total',
};

/** How much there is, what changed, and how complete it is: what is read first. */
export function headline(
  { rows, completeness, changes, duplicates }: Omit<Manifest, 'summary'>,
  compare: Comparable | null,
): string {
  const tiles = [tile(number(rows), rows === 1 ? 'row' : 'rows', compare ? delta(rows - compare.rows) : '')];
  if (changes) {
    tiles.push(tile(number(changes.appeared), 'appeared', 'since the last export'));
    tiles.push(tile(number(changes.disappeared), 'disappeared', 'since the last export'));
  }
  const twice = duplicates ?? 0;
  if (twice > 0) tiles.push(tile(number(twice), 'came twice', 'same key'));
  const mark = completeness === 'unproven' ? 'open' : 'good';
  return `<section class="tiles">${tiles.join('')}</section>\n<p class="verdict ${mark}">${COMPLETENESS[completeness]}.</p>`;
}

function tile(value: string, label: string, note: string): string {
  return `<div><strong>${value}</strong><span>${label}</span>${note === '' ? '' : `<small>${note}</small>`}</div>`;
}
