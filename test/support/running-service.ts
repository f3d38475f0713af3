import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { demoConfiguration, DEMO_SECRETS } from '../../infra/local/demo.ts';
import { type Doubles, startDoubles } from '../../infra/local/doubles.ts';
import { type LocalService, type ServiceOptions, startService } from '../../infra/local/service.ts';

/** The whole service on the doubles of the providers, in a folder of its own, as `npm start` runs it. */
export interface RunningService {
  readonly service: LocalService;
  readonly doubles: Doubles;
  readonly directory: string;
  /** The configuration that it runs. */
  readonly configuration: string;
  stop(): Promise<void>;
}

/** What a test wants to see of it besides. */
export interface WatchedRun extends Partial<Pick<ServiceOptions, 'onCloud' | 'onHostEvent'>> {
  /** Of Actionstep's double; short, so that refreshes come. Default 600. */
  readonly accessLifeSeconds?: number;
}

/** Once per test file: it takes some seconds. */
export async function startRunning(watched: WatchedRun = {}): Promise<RunningService> {
  const directory = mkdtempSync(join(tmpdir(), 'steward-running-'));
  const anchor = new Date();
  const doubles = await startDoubles({
    port: 0,
    anchor,
    scale: 0.2,
    accessLifeSeconds: watched.accessLifeSeconds ?? 600,
  });
  const text = demoConfiguration(doubles.urls, anchor);
  try {
    const service = await startService({
      directory,
      port: 0,
      tickSeconds: 1,
      configuration: { fileName: 'steward.yaml', text, secrets: DEMO_SECRETS, allowLoopback: true },
      onStep: () => undefined,
      onHostEvent: (event) => watched.onHostEvent?.(event),
      onCloud: (cloud) => watched.onCloud?.(cloud),
    });
    const stop = async () => {
      await service.stop();
      await doubles.stop();
      rmSync(directory, { recursive: true, force: true });
    };
    return { service, doubles, directory, configuration: text, stop };
  } catch (error) {
    await doubles.stop();
    throw error;
  }
}

/** Looks until something holds. @throws Error naming it after `forMs` */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  forMs = 25_000,
): Promise<T> {
  const deadline = performance.now() + forMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`Not within ${forMs} ms: ${what}`);
    await wait(200);
  }
}
