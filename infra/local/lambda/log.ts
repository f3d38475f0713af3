import type { Execution } from './durable/execution.ts';
import type { FunctionErrorBody } from './runtime-api.ts';

/** What the host tells about: lines that functions write (metrics among them), and what Lambda itself would report. */
export type HostEvent =
  | { readonly kind: 'line'; readonly function: string; readonly environmentId: string; readonly line: string }
  | {
      readonly kind: 'invocation-ended';
      readonly function: string;
      readonly environmentId: string;
      readonly requestId: string;
      readonly cold: boolean;
      readonly durationMs: number;
      /** Whether anybody waited for the answer; the failure of an event goes to the dead-letter queue. */
      readonly type: 'RequestResponse' | 'Event';
      readonly error?: FunctionErrorBody;
    }
  | { readonly kind: 'execution-ended'; readonly function: string; readonly execution: Readonly<Execution> }
  | {
      readonly kind: 'execution-interrupted';
      readonly function: string;
      readonly execution: Readonly<Execution>;
      readonly error: FunctionErrorBody;
    };

export type HostLog = (event: HostEvent) => void;

/** The metrics of a line in the embedded metric format, by name; undefined for any other line. */
export function metricsOf(line: string): Readonly<Record<string, number>> | undefined {
  if (!line.includes('"_aws"')) return undefined;
  try {
    const record = JSON.parse(line) as {
      _aws?: { CloudWatchMetrics?: { Metrics?: { Name: string }[] }[] };
      [name: string]: unknown;
    };
    const names = (record._aws?.CloudWatchMetrics ?? []).flatMap((set) => set.Metrics ?? []).map(({ Name }) => Name);
    return Object.fromEntries(
      names.map((name) => {
        const value = record[name];
        return [name, Array.isArray(value) ? Number(value.at(-1)) : Number(value)];
      }),
    );
  } catch {
    return undefined;
  }
}
