import type { EventView, Overview } from '../overview.ts';
import { count, instant, latency, relative } from '../words.ts';
import { empty, escape, section, tag, time } from './html.ts';

const SHOWN = 20;
/** Instants in a summary, which machines wrote; the page shows them to the minute. */
const INSTANTS = /(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(?:\.\d+)?Z/g;
const TONES: Readonly<Record<string, string>> = {
  critical: 'bad',
  high: 'bad',
  medium: 'warn',
  low: 'quiet',
  info: 'quiet',
};

/** What was published, the newest first, each with how long it took from the change to the publish call. */
export function eventsSection({ events, at }: Overview): string {
  const shown = events.slice(0, SHOWN);
  const more = events.length - shown.length;
  const items = shown.map((event) => `<li>${eventItem(event, at)}</li>`).join('');
  const body =
    items === ''
      ? empty('Nothing was published yet.')
      : `<ol class="feed">${items}</ol>${more > 0 ? empty(`And ${count(more)} more: <code>steward alerts tail --since 86400</code>`) : ''}`;
  return section('events', 'Alerts and events', `${count(events.length)} in the last day, newest first`, body);
}

function eventItem(event: EventView, at: Date): string {
  const { severity, publishedAt, type, connection = '' } = event;
  // The severity stands beside it, as a word of its own.
  const summary = severity === undefined ? event.summary : event.summary.replace(`[${severity}] `, '');
  const took = publishedAt === undefined ? 'waits' : `in ${latency(publishedAt.getTime() - event.time.getTime())}`;
  const mark =
    severity === undefined ? tag(type.split('.')[1] ?? type, 'quiet') : tag(severity, TONES[severity] ?? 'warn');
  const when = publishedAt ?? event.time;
  return `<div class="mark">${mark}</div><div class="what"><p>${escape(summary.replaceAll(INSTANTS, '$1 $2'))}</p><p class="soft">${escape(type.replace('steward.', ''))}${connection === '' ? '' : ` · ${escape(connection)}`}</p></div><div class="when"><span title="${instant(when)}">${time(when, relative(when, at))}</span><span class="soft">${took}</span></div>`;
}
