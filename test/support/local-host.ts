import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBundle } from '../../infra/build.ts';
import { type LocalCloud, startLocalCloud } from '../../infra/local/cloud.ts';
import { type HostedFunction, type LambdaHost, startLambdaHost } from '../../infra/local/lambda/host.ts';
import type { HostEvent } from '../../infra/local/lambda/log.ts';

/** A folder of its own for one test, and the function that removes it. */
export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'steward-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Bundles handlers of `test/fixtures/handlers` as ours are bundled, into a folder. */
export async function buildHandlers<const N extends string>(
  directory: string,
  names: readonly N[],
): Promise<Record<N, string>> {
  const built = await Promise.all(
    names.map(async (name) => {
      const entry = fileURLToPath(new URL(`../fixtures/handlers/${name}.ts`, import.meta.url));
      const bundle = await buildBundle({ name, entry, directory: join(directory, name) });
      return [name, bundle.directory] as const;
    }),
  );
  return Object.fromEntries(built) as Record<N, string>;
}

/** A hosted function with small defaults. */
export function hosted(name: string, taskRoot: string, more: Partial<HostedFunction> = {}): HostedFunction {
  return { name, taskRoot, timeoutSeconds: 5, memoryMb: 128, environment: {}, ...more };
}

export interface TestHost {
  readonly cloud: LocalCloud;
  readonly host: LambdaHost;
  readonly events: HostEvent[];
  stop(): Promise<void>;
}

/** A cloud and a host in a folder. Starting them again in the same folder is a restart. */
export async function startTestHost(
  directory: string,
  functions: readonly HostedFunction[],
  more: { readonly maxEnvironments?: number; readonly durablePageSize?: number } = {},
): Promise<TestHost> {
  const events: HostEvent[] = [];
  const cloud = await startLocalCloud({ directory });
  const host = await startLambdaHost({
    cloud,
    functions,
    durableRetryDelayMs: 20,
    onLog: (event) => events.push(event),
    ...more,
  });
  return {
    cloud,
    host,
    events,
    async stop() {
      await host.stop();
      await cloud.stop();
    },
  };
}
