import { addLatencies, type LatencyDigest } from './latency.ts';

/** What is known about a job's runs so far: what `status` and the console show. */
export interface RunFigures {
  /** Runs that ended, well or not. */
  readonly runs: number;
  /** Failures in a row; 0 after a run that went well. For back-off. */
  readonly failures: number;
  /** Rows exported or alert versions recorded, over all runs. */
  readonly items: number;
  readonly lastRunAt?: Date;
  readonly lastSuccessAt?: Date;
  /** The last failure; it stays when a later run goes well, `failures` says whether it still holds. */
  readonly lastError?: { readonly code: string; readonly message: string; readonly at: Date };
  /** From a window's end to its manifest. An alert's ends at SNS: see `LatencyStore`. */
  readonly latency?: LatencyDigest;
}

export const NO_RUNS: RunFigures = { runs: 0, failures: 0, items: 0 };

/** How one run went. */
export interface RunResult {
  readonly at: Date;
  readonly items: number;
  readonly latenciesMs?: readonly number[];
  /** Absent when it went well. `message` must be fit for people and logs: no token, URL or body. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** The figures with one more run in them. Pure. */
export function recordRun(figures: RunFigures, result: RunResult): RunFigures {
  const latency = result.latenciesMs?.length ? addLatencies(figures.latency, result.latenciesMs) : figures.latency;
  const counted = {
    ...figures,
    runs: figures.runs + 1,
    items: figures.items + result.items,
    lastRunAt: result.at,
    ...(latency === undefined ? {} : { latency }),
  };
  return result.error === undefined
    ? { ...counted, failures: 0, lastSuccessAt: result.at }
    : { ...counted, failures: figures.failures + 1, lastError: { ...result.error, at: result.at } };
}
