import type { EventOrigin } from '../alerts/alert-event.ts';
import { eventId, type EventType, type OutboxRow } from '../events.ts';
import type { JsonObject } from '../json.ts';
import type { HookKeeping, HookRecovery } from '../provider.ts';
import type { HookAbsence, WantedHook } from './hook.ts';

/** Says what was found switched off, what the poll finds of it all the same, and what nobody will find again. */
export function disabledRow(
  origin: EventOrigin,
  hook: WantedHook,
  off: HookAbsence,
  recovery: HookRecovery,
): OutboxRow {
  const since = off.since.toISOString();
  return rowOf(origin, hook, off, {
    type: 'steward.hook.disabled',
    time: off.at,
    summary:
      `${hook.connection}: the provider switched off webhook ${hook.name} (${off.events.join(', ')}), not before ${since}; ` +
      `it is being switched on again${inWords(hook, recovery)}`,
    data: { events: off.events, since, ...recovered(recovery) },
  });
}

export interface Restoration {
  readonly off: HookAbsence;
  readonly keeping: HookKeeping;
  readonly recovery: HookRecovery;
  readonly now: Date;
}

/** Says that it is on again, how, and what was polled for the time that it was off. */
export function restoredRow(
  origin: EventOrigin,
  hook: WantedHook,
  { off, keeping, recovery, now }: Restoration,
): OutboxRow {
  const span = { from: off.since.toISOString(), to: now.toISOString() };
  return rowOf(origin, hook, off, {
    type: 'steward.hook.restored',
    time: now,
    summary: `${hook.connection}: webhook ${hook.name} is on again${inWords(hook, recovery)}`,
    data: {
      events: off.events,
      since: span.from,
      disabledAt: off.at.toISOString(),
      reenabled: keeping.reenabled,
      registered: keeping.registered,
      polled: span,
      ...recovered(recovery),
    },
  });
}

function recovered({ polled, lost }: HookRecovery): JsonObject {
  return { recoverable: polled, unrecoverable: lost.map(({ event, why }) => ({ event, why })) };
}

function inWords({ job }: WantedHook, { polled, lost }: HookRecovery): string {
  const found = polled.length === 0 ? [] : [`the poll of ${job} finds what it missed of ${polled.join(', ')}`];
  const gone = lost.map(({ event, why }) => `what it missed of ${event} is lost, because ${why}`);
  return [...found, ...gone].map((text) => `; ${text}`).join('');
}

/** One absence has one id of each type, however often a keeper tries. */
function rowOf(
  { stage }: EventOrigin,
  { connection, provider, name, job }: WantedHook,
  off: HookAbsence,
  event: { readonly type: EventType; readonly time: Date; readonly summary: string; readonly data: JsonObject },
): OutboxRow {
  return {
    topic: 'events',
    order: event.time.getTime(),
    event: {
      ...event,
      id: eventId(event.type, connection, name, off.at.getTime()),
      source: `/steward/${stage}/${connection}`,
      subject: `connection/${connection}`,
      connection,
      provider,
      data: { connection, hook: name, job, ...event.data },
    },
  };
}
