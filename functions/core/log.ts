/**
 * What may stand beside a log event. Names and numbers only: no request, response, header, query or token is
 * ever a field, so nothing has to be taken out again.
 */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Events are `noun.past-participle`: `token.refreshed`, `alert.published`, `authorization.failed`. */
export type LogEvent = `${string}.${string}`;

/** Structured log: one JSON line per event. */
export interface Log {
  info(event: LogEvent, fields?: LogFields): void;
  warn(event: LogEvent, fields?: LogFields): void;
  error(event: LogEvent, fields?: LogFields): void;
}

/** Units that CloudWatch knows and we use. */
export type MetricUnit = 'Count' | 'Milliseconds' | 'Seconds' | 'Bytes';

/** Metrics in CloudWatch's embedded metric format. Dimensions are function and provider, never a connection or a job. */
export interface Metrics {
  add(name: string, unit: MetricUnit, value: number, dimensions?: { readonly provider?: string }): void;
}
