import type { OpenApiFor } from '../api.ts';
import type { Log, Metrics } from '../log.ts';
import type { Provider } from '../provider.ts';
import type { JobStore } from '../schedules/job-store.ts';
import type { WindowAction, WindowStore } from '../schedules/window-store.ts';
import type { Clock, Deadline } from '../time.ts';
import type { Archive } from './archive.ts';
import type { Encoders } from './encoding.ts';
import type { Signer } from './signer.ts';

/** What `report-export` is invoked with: one attempt at one window. Instants are ISO 8601. */
export interface ExportInput {
  readonly job: string;
  readonly from: string;
  readonly to: string;
  readonly attempt: number;
  /** `gap`: nothing is read, the window's gap record is written. `fill`: the window has one, and is exported after all. */
  readonly action: WindowAction;
  readonly reason?: string;
}

/** How an attempt ended. `superseded`: it was no longer the running one, and wrote nothing more. */
export interface ExportOutcome {
  readonly state: 'exported' | 'gap' | 'failed' | 'incomplete' | 'superseded';
  readonly manifestKey?: string;
  readonly rows?: number;
  /** For the log, which figures are counted in. */
  readonly bytes?: number;
  readonly requests?: number;
  readonly provider?: string;
  readonly code?: string;
}

/**
 * A run that survives crashes: what a step returned is kept as JSON and never run again, what had not returned is run
 * anew. The code between steps is run again each time, so it depends on nothing but steps' results.
 */
export interface Durable {
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** The invocation ends here and another one goes on after `ms`. */
  wait(name: string, ms: number): Promise<void>;
  /** What is left of the present invocation. */
  readonly deadline: Deadline;
  /**
   * Whether an error is the runtime's own: a checkpoint that could not be kept. It ends this invocation and not the
   * attempt, and whoever catches it throws it on: the runtime invokes again.
   */
  isInterruption?(error: unknown): boolean;
  /** Whether it ends the execution for good: nobody goes on with it, and its name is spent. */
  endsExecution?(error: unknown): boolean;
}

export interface ExportDependencies {
  readonly stage: string;
  readonly codeVersion: string;
  readonly jobs: JobStore;
  readonly windows: WindowStore;
  readonly archive: Archive;
  readonly signer: Signer;
  readonly encoders: Encoders;
  readonly openApi: OpenApiFor;
  readonly providers: Readonly<Record<string, Provider>>;
  readonly clock: Clock;
  /** Sleeps inside the invocation: the few seconds between two calls that a budget asks for. */
  readonly pause: (ms: number) => Promise<void>;
  readonly nudge: (shard: string) => Promise<void>;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Size of a part before compression. Default 8 MiB. */
  readonly partBytes?: number;
}

/** A step that could not go on, as data: a thrown error would not survive the journal. */
export interface Stopped {
  readonly status: 'stopped';
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  /** The provider's own wait, or ours. */
  readonly waitMs?: number;
  /** Pages of a part that were read and are thrown away, and the requests made for it. */
  readonly pages?: number;
  readonly requests?: number;
}
