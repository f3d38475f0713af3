import type { OutboxRow } from '../events.ts';
import type { JsonObject } from '../json.ts';
import type { AlertState, Severity } from './source.ts';

/** The last recorded version of one alert: what the next pass compares with. One item per job and alert. */
export interface AlertHead {
  /** The provider's id of the alert. */
  readonly id: string;
  /** Counts recorded states, from 1: an alert comes back to states that it had before. */
  readonly version: number;
  readonly fingerprint: string;
  /** When the pass that wrote it began, in epoch milliseconds: an older pass never writes over a newer one. */
  readonly pass: number;
  readonly state: AlertState;
  readonly severity: Severity;
  readonly title: string;
  readonly resource: string;
  readonly raisedAt?: Date;
  /** The provider's stamp of its last change: one that has not moved tells nothing about when the next one happened. */
  readonly changedAt?: Date;
  /** When we first recorded it as not resolved; gone again when it is resolved. */
  readonly openedAt?: Date;
  /** Kept so that an alert that vanishes can be resolved with what it was. */
  readonly significant: JsonObject;
}

/** A head on its way into the store, with the event that says so. */
export interface AlertChange {
  readonly head: AlertHead;
  /** The version that was read; 0 when there was none. */
  readonly previousVersion: number;
  /** Absent for a baseline that is taken in silence. */
  readonly row?: OutboxRow;
  /** Straight to the log of published events, replayable, because a digest speaks for it. */
  readonly digested: boolean;
}
