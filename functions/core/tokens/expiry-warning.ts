import type { Connection } from '../connections/connection.ts';
import type { ConnectionChange } from '../connections/store.ts';
import type { OutboxRow } from '../events.ts';
import { DAY_MS } from '../time.ts';
import type { ConnectionEvents } from './connection-events.ts';
import { WARNING_DAYS } from './timing.ts';

/**
 * The warning that a failing connection is due, with the change that keeps it from being given twice.
 *
 * Of several thresholds that were passed at once only the nearest end is told: the others are no longer true.
 */
export function expiryWarning(
  connection: Connection,
  events: ConnectionEvents,
  now: Date,
): { readonly change: Pick<ConnectionChange, 'warnedDays'>; readonly rows: readonly OutboxRow[] } {
  const { refresh, warnedDays, name } = connection;
  const left = refresh === undefined ? Infinity : refresh.expiresAt.getTime() - now.getTime();
  const passed = WARNING_DAYS.filter((days) => left <= days * DAY_MS);
  const fresh = passed.filter((days) => !warnedDays.includes(days));
  if (refresh === undefined || left <= 0 || fresh.length === 0) return { change: {}, rows: [] };
  const days = Math.min(...fresh);
  const row = events(connection, 'expiring', now, {
    summary: `${name} will have to be authorized again in ${days === 1 ? 'a day' : `${days} days`} unless a refresh succeeds`,
    about: `${connection.fingerprint ?? ''}:${refresh.issuedAt.getTime()}:${days}`,
    severity: days <= 1 ? 'high' : 'medium',
    data: {
      daysLeft: days,
      expiresAt: refresh.expiresAt.toISOString(),
      assumed: true,
      ...(connection.lastError === undefined ? {} : { lastError: connection.lastError.code }),
    },
  });
  return { change: { warnedDays: [...new Set([...warnedDays, ...passed])] }, rows: [row] };
}
