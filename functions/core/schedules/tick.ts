/** What EventBridge Scheduler sends to a scheduled function; a nudge is the same without a slot. */
export interface Tick {
  readonly shard: string;
  /** The scheduled time, ISO 8601 (`<aws.scheduler.scheduled-time>`). A tick older than a minute is stale. */
  readonly slot?: string;
}
