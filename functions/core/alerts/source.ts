import type { JsonObject, JsonValue } from '../json.ts';
import type { CallApi, ProviderContext } from '../provider.ts';

export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info';

export type AlertState = 'open' | 'acknowledged' | 'suppressed' | 'resolved';

/** One alert as the provider shows it now. */
export interface Alert {
  /** The provider's id, unique within the connection and source. */
  readonly id: string;
  readonly severity: Severity;
  readonly state: AlertState;
  readonly title: string;
  /** What it is about: a host, a device, a CVE on an organisation. */
  readonly resource: string;
  readonly raisedAt?: Date;
  /** When the provider says it last changed; for latency, never for change detection. */
  readonly changedAt?: Date;
  /** The fields that matter, by the provider's one list; their canonical JSON is the fingerprint. */
  readonly significant: JsonObject;
  /** More for the reader of the message: description, affected endpoints, ticket. */
  readonly details: JsonObject;
}

export interface AlertSourceContext extends ProviderContext {
  readonly options: JsonObject;
  readonly now: Date;
}

/** Which changes a pass asks for. */
export interface AlertSpan {
  readonly from: Date;
  readonly to: Date;
}

export interface AlertPage {
  readonly alerts: readonly Alert[];
  /** Items that could not be read as alerts: their ids where they have one, never their content. */
  readonly unreadable?: readonly string[];
  readonly next?: JsonValue;
  /** The source's own count at this page, so that a pass can tell that it shifted. */
  readonly total?: number;
}

/**
 * Where alerts come from.
 *
 * A `feed` is asked for what changed in a span and for single alerts by id. A `snapshot` has no history: each pass
 * reads all that stands, and what is missing from it is resolved.
 */
export interface AlertSource {
  readonly title: string;
  readonly mode: 'feed' | 'snapshot';
  /** How far behind the provider's index may be; the checkpoint never passes now − lag. */
  readonly lagMs: number;
  parseOptions(input: unknown): JsonObject;
  /** One page, ascending by change where the source is a feed. */
  readPage(
    call: CallApi,
    context: AlertSourceContext,
    span: AlertSpan,
    cursor: JsonValue | undefined,
  ): Promise<AlertPage>;
  /** Feed only: everything that is open now, page by page, for the hourly reconciliation. */
  readOpenPage?(call: CallApi, context: AlertSourceContext, cursor: JsonValue | undefined): Promise<AlertPage>;
  /** Feed only: one alert by id; `undefined` when the provider no longer has it. */
  readOne?(call: CallApi, context: AlertSourceContext, id: string): Promise<Alert | undefined>;
  /** Adds what a list lacks (description, affected endpoints). Called for new versions only. */
  enrich?(call: CallApi, context: AlertSourceContext, alert: Alert): Promise<Alert>;
}
