import { eventId, type OutboxRow, type ServiceEvent } from '../events.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { AlertJob } from '../jobs.ts';
import { fitEvent } from '../publishing/fit-event.ts';
import type { AlertHead } from './head.ts';
import type { Alert, Severity } from './source.ts';
import type { Transition } from './transition.ts';

/** Room that an event may take in the outbox, so that forty of them fit into a transaction of 4 MB. */
export const EVENT_LIMIT_BYTES = 96 * 1024;

const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info'];

/** Lower is worse. */
export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

/** Where events of one stage come from. */
export interface EventOrigin {
  readonly stage: string;
}

type Describe = Omit<ServiceEvent, 'source' | 'connection' | 'provider'>;

function ofJob(origin: EventOrigin, job: AlertJob, event: Describe): ServiceEvent {
  const source = `/steward/${origin.stage}/${job.connection}`;
  return fitEvent({ ...event, source, connection: job.connection, provider: job.provider }, EVENT_LIMIT_BYTES);
}

/** One version of an alert, as the row that publishes it. Its id depends on connection, alert and version alone. */
export function alertRow(origin: EventOrigin, job: AlertJob, transition: Transition, now: Date): OutboxRow {
  const { alert, head, previous, kind } = transition;
  const subject = `${job.name}/${alert.id}`;
  const verb = kind === 'opened' && previous !== undefined ? 'opened again' : kind;
  const event = ofJob(origin, job, {
    id: eventId(job.connection, subject, head.version),
    type: `steward.alert.${kind}`,
    subject,
    time: now,
    severity: alert.severity,
    state: alert.state,
    resource: alert.resource,
    summary: `[${alert.severity}] ${alert.title} (${alert.resource}): ${verb}, ${alert.state}`,
    data: {
      job: job.name,
      version: head.version,
      alert: alertData(alert),
      ...(previous === undefined ? {} : { previous: previousData(previous) }),
    },
  });
  const { changedAt } = transition;
  const timing = changedAt === undefined ? {} : { timing: { job: job.name, changedAt } };
  return { event, topic: job.topic, order: head.version, ...timing };
}

function alertData(alert: Alert): JsonObject {
  const { id, severity, state, title, resource, significant, details } = alert;
  return {
    id,
    severity,
    state,
    title,
    resource,
    ...(alert.raisedAt === undefined ? {} : { raisedAt: alert.raisedAt.toISOString() }),
    ...(alert.changedAt === undefined ? {} : { changedAt: alert.changedAt.toISOString() }),
    significant,
    details,
  };
}

function previousData(previous: AlertHead): JsonObject {
  return { version: previous.version, state: previous.state, severity: previous.severity };
}

/** Counts of what a digest speaks for. */
export function countTransitions(transitions: readonly Transition[]): JsonObject {
  const counts: Record<string, number> = { opened: 0, changed: 0, resolved: 0 };
  const bySeverity: Record<string, number> = {};
  for (const { kind, alert } of transitions) {
    counts[kind] = (counts[kind] ?? 0) + 1;
    bySeverity[alert.severity] = (bySeverity[alert.severity] ?? 0) + 1;
  }
  return { ...counts, bySeverity };
}

/** How many alerts a digest names; the rest is in its counts. */
const DIGEST_SAMPLES = 20;

export interface DigestDescription {
  /** Makes the id: the same digest written twice is the same event. */
  readonly key: string;
  readonly reason: 'storm' | 'maintenance';
  readonly explanation: string;
  readonly from: Date;
  readonly to: Date;
  readonly versions: number;
  readonly counts: JsonObject;
  readonly sample: readonly { readonly id: string; readonly title: string; readonly severity: Severity }[];
}

/** The one event that takes the place of many. */
export function digestRow(origin: EventOrigin, job: AlertJob, digest: DigestDescription, now: Date): OutboxRow {
  const worst = digest.sample.reduce<Severity>(
    (found, { severity }) => (severityRank(severity) < severityRank(found) ? severity : found),
    'info',
  );
  const event = ofJob(origin, job, {
    id: eventId(job.connection, job.name, 'digest', digest.key),
    type: 'steward.alert.digest',
    subject: job.name,
    time: now,
    severity: worst,
    summary: `${job.name}: ${digest.explanation}`,
    data: {
      job: job.name,
      reason: digest.reason,
      from: digest.from.toISOString(),
      to: digest.to.toISOString(),
      versions: digest.versions,
      counts: digest.counts,
      sample: digest.sample.slice(0, DIGEST_SAMPLES).map(({ id, title, severity }) => ({ id, title, severity })),
    },
  });
  return { event, topic: job.topic, order: now.getTime() };
}

export interface BlindDescription {
  readonly key: string;
  readonly reason: 'gap' | 'checkpoint-lost' | 'shrunken-answer' | 'unreadable-items';
  readonly from: Date;
  readonly to: Date;
  readonly explanation: string;
  readonly found: JsonValue;
}

/** Says what a poll could not see, from when to when, and what it found afterwards. */
export function blindRow(origin: EventOrigin, job: AlertJob, blind: BlindDescription, now: Date): OutboxRow {
  const event = ofJob(origin, job, {
    id: eventId(job.connection, job.name, 'blind', blind.reason, blind.key),
    type: 'steward.connection.blind',
    subject: `connection/${job.connection}`,
    time: now,
    summary: `${job.connection}: ${job.name} ${blind.explanation}`,
    data: {
      job: job.name,
      reason: blind.reason,
      from: blind.from.toISOString(),
      to: blind.to.toISOString(),
      found: blind.found,
    },
  });
  return { event, topic: 'events', order: now.getTime() };
}
