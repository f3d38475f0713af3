import { canonicalJson } from '../json.ts';
import { cutText } from '../publishing/fit-event.ts';
import { severityRank } from './alert-event.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { AlertHead } from './head.ts';
import type { Alert } from './source.ts';

/** A head is read on every pass, so it keeps to a few capacity units. */
const HEAD_TEXT_BYTES = 512;
const HEAD_SIGNIFICANT_BYTES = 4096;

export type TransitionKind = 'opened' | 'changed' | 'resolved';

/** What one look at an alert adds to what was recorded of it. */
export interface Transition {
  readonly kind: TransitionKind;
  readonly alert: Alert;
  readonly previous?: AlertHead;
  readonly head: AlertHead;
  /** When it happened, where the provider says so. */
  readonly changedAt?: Date;
}

export interface Look {
  /** Begin of the pass that looked, in epoch milliseconds. */
  readonly pass: number;
  /** What was over before this is no news when it is first seen. */
  readonly bornAt: Date;
}

/**
 * Compares what a pass saw of an alert with its head. Pure.
 *
 * `undefined` when there is no news: nothing that matters differs, a newer pass has already recorded the alert, or it
 * was over before the job began to look.
 */
export function transitionOf(previous: AlertHead | undefined, seen: Alert, look: Look): Transition | undefined {
  const alert = asBadAsBefore(previous, seen);
  const fingerprint = fingerprintOf(alert);
  const resolved = alert.state === 'resolved';
  if (previous === undefined) {
    const stamp = alert.changedAt ?? alert.raisedAt;
    if (resolved && (stamp === undefined || stamp < look.bornAt)) return undefined;
  } else if (previous.fingerprint === fingerprint || previous.pass >= look.pass) {
    return undefined;
  }
  const wasOpen = previous !== undefined && previous.state !== 'resolved';
  const openedAt = wasOpen && previous.openedAt ? previous.openedAt : new Date(look.pass);
  const head: AlertHead = {
    id: alert.id,
    version: (previous?.version ?? 0) + 1,
    fingerprint,
    pass: look.pass,
    state: alert.state,
    severity: alert.severity,
    title: cutText(alert.title, HEAD_TEXT_BYTES),
    resource: cutText(alert.resource, HEAD_TEXT_BYTES),
    significant: Buffer.byteLength(canonicalJson(alert.significant)) > HEAD_SIGNIFICANT_BYTES ? {} : alert.significant,
    ...(alert.raisedAt === undefined ? {} : { raisedAt: alert.raisedAt }),
    ...(alert.changedAt === undefined ? {} : { changedAt: alert.changedAt }),
    ...(resolved ? {} : { openedAt }),
  };
  return {
    kind: kindOf(wasOpen, previous, resolved),
    alert,
    head,
    ...(previous ? { previous } : {}),
    ...happenedAt(previous, alert, look),
  };
}

/**
 * Who filters on what was critical is told that it is over; and how bad something was is no news of what is over already.
 * OpsRamp tells it of a single alert, and not in a list.
 */
function asBadAsBefore(previous: AlertHead | undefined, alert: Alert): Alert {
  if (previous === undefined || alert.state !== 'resolved') return alert;
  const isWorse = previous.state !== 'resolved' && severityRank(alert.severity) < severityRank(previous.severity);
  return isWorse ? alert : { ...alert, severity: previous.severity };
}

/** What stood before the job began to look, and a stamp that did not move with the change, say nothing. */
function happenedAt(
  previous: AlertHead | undefined,
  { changedAt }: Alert,
  { bornAt }: Look,
): Pick<Transition, 'changedAt'> {
  if (changedAt === undefined || changedAt < bornAt) return {};
  if (previous !== undefined && (previous.changedAt === undefined || changedAt <= previous.changedAt)) return {};
  return { changedAt };
}

function kindOf(wasOpen: boolean, previous: AlertHead | undefined, resolved: boolean): TransitionKind {
  if (!resolved) return wasOpen ? 'changed' : 'opened';
  return wasOpen || previous === undefined ? 'resolved' : 'changed';
}

/** An alert that the provider no longer shows, as it is published: what it was, resolved. */
export function vanished(head: AlertHead): Alert {
  return {
    id: head.id,
    severity: head.severity,
    state: 'resolved',
    title: head.title,
    resource: head.resource,
    significant: head.significant,
    details: { reason: 'no longer reported by the provider' },
    ...(head.raisedAt === undefined ? {} : { raisedAt: head.raisedAt }),
  };
}
