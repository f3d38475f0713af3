// `npm start`: the whole service on one machine. See README.md.
import { createWriteStream, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MINUTE_MS, SECOND_MS } from '../../functions/core/time.ts';
import { readConfigurationTexts } from '../cli/configuration/overlay.ts';
import { EXIT, exitCodeOf, failureText } from '../cli/exit.ts';
import { LOCAL_DIRECTORY, LOCAL_STAGE } from '../cli/target.ts';
import { createTerminal } from '../cli/terminal.ts';
import { parseArguments, type StartOptions } from './arguments.ts';
import { wantedConsents } from './consents.ts';
import { demoConfiguration, DEMO_SECRETS } from './demo.ts';
import { type Doubles, startDoubles } from './doubles.ts';
import { checkIsOurs, forget, FUNCTIONS_LOG, FUNCTIONS_LOG_BEFORE } from './forget.ts';
import type { HostEvent } from './lambda/log.ts';
import { HOST_STOPPED } from './lambda/pool.ts';
import { lockDirectory } from './lock.ts';
import { runOnce } from './once.ts';
import { readSecretsFile } from './secrets-file.ts';
import { type ConfigurationSource, type LocalService, readSource, startService } from './service.ts';
import { type Interruption, INTERRUPTED, watchSignals } from './signals.ts';
import { subscribe, type Subscriber } from './subscriber.ts';
import { onceJson, onceTables } from './summary.ts';

/** When `--once` gives up, the start included. It takes half a minute; a busy machine takes its time. */
const ONCE_LIMIT_MS = 180_000;
/** The same with real providers: people look for their passwords, and reports are asked for at the provider's pace. */
const OWN_LIMIT_MS = 10 * MINUTE_MS;
/** `--once` ticks this often instead of every minute. */
const ONCE_TICK_SECONDS = 1;
/** The doubles' access tokens, with `--once`: they run out while it runs. */
const ONCE_ACCESS_LIFE_SECONDS = 15;
const ACCESS_LIFE_SECONDS = 180;
const TICK_SECONDS = 5;

async function main(argv: readonly string[]): Promise<number> {
  const options = parseArguments(argv);
  if (options === undefined) return EXIT.done;
  const began = performance.now();
  const interruption = watchSignals();
  const say = (what: string) =>
    process.stderr.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s  ${what}\n`);
  // Everything that may be wrong with the call is found out before anything is written or forgotten.
  const own = options.config === undefined ? undefined : ownConfiguration(options);
  if (own !== undefined) readSource(own);
  if (options.reset) checkIsOurs(options.directory);
  const unlock = lockDirectory(options.directory);
  try {
    if (options.reset) forget(options.directory);
    if (own !== undefined) return await run({ options, configuration: own, interruption, say, began });
    const doubles = await openDoubles(options, say);
    try {
      const configuration = demoSource(options, doubles);
      return await run({ options, configuration, doubles, interruption, say, began });
    } finally {
      await doubles.stop();
    }
  } finally {
    unlock();
  }
}

/** What a run has from the command line. */
interface Run {
  readonly options: StartOptions;
  readonly configuration: ConfigurationSource;
  /** Absent with `--config`. */
  readonly doubles?: Doubles;
  readonly interruption: Interruption;
  readonly say: (what: string) => void;
  /** On the clock of `performance.now()`. */
  readonly began: number;
}

function run(given: Run): Promise<number> {
  return given.options.once ? once(given) : keepRunning(given);
}

function openDoubles(
  { port, once: isOnce, scale, directory }: StartOptions,
  onNotice: (message: string) => void,
): Promise<Doubles> {
  return startDoubles({
    port: isOnce || port === 0 ? 0 : port + 1,
    anchor: new Date(),
    directory,
    scale,
    accessLifeSeconds: isOnce ? ONCE_ACCESS_LIFE_SECONDS : ACCESS_LIFE_SECONDS,
    onNotice,
  });
}

function demoSource({ directory }: StartOptions, { urls, anchor }: Doubles): ConfigurationSource {
  const text = demoConfiguration(urls, anchor);
  const fileName = join(directory, 'steward.yaml');
  writeFileSync(fileName, text);
  return { fileName, text, secrets: DEMO_SECRETS, allowLoopback: true };
}

function ownConfiguration({ config = '', secrets, allowLoopback }: StartOptions): ConfigurationSource {
  return {
    ...readConfigurationTexts(config, LOCAL_STAGE, '--config'),
    secrets: secrets === undefined ? {} : readSecretsFile(secrets),
    allowLoopback,
  };
}

async function once({ options, configuration, doubles, interruption, say, began }: Run): Promise<number> {
  let queues: { readonly everything: Subscriber; readonly criticalOnly: Subscriber } | undefined;
  const service = await startService({
    ...options,
    isLocked: true,
    port: 0,
    tickSeconds: ONCE_TICK_SECONDS,
    configuration,
    onStep: say,
    onHostEvent: hostLog(options.directory),
    onCloud: (cloud) => {
      queues = {
        everything: subscribe(cloud, 'alerts'),
        criticalOnly: subscribe(cloud, 'alerts', { severity: ['critical'] }),
      };
    },
  });
  interruption.started();
  try {
    if (queues === undefined) throw new Error('The subscribers were not made');
    const limitMs =
      options.limit !== undefined
        ? options.limit * SECOND_MS
        : doubles === undefined
          ? OWN_LIMIT_MS
          : ONCE_LIMIT_MS - (performance.now() - began);
    const ended = runOnce({ service, ...(doubles === undefined ? {} : { doubles }), ...queues, onStep: say, limitMs });
    const result = await Promise.race([ended, interruption.asked]);
    if (result === 'interrupted') {
      say('stopping before the end; what was done is kept');
      return INTERRUPTED;
    }
    console.log(`\n${onceTables(result, createTerminal(options.json))}`);
    const durationMs = Math.round(performance.now() - began);
    console.log(`\nExports lie in ${join(options.directory, 'archive')}. It took ${(durationMs / 1000).toFixed(1)} s.`);
    if (options.json) console.log(onceJson(result, durationMs));
    return result.missing.length === 0 ? EXIT.done : EXIT.failed;
  } finally {
    await service.stop();
  }
}

async function keepRunning({ options, configuration, doubles, interruption, say }: Run): Promise<number> {
  const service: LocalService = await startService({
    ...options,
    isLocked: true,
    ...(doubles === undefined ? {} : { tickSeconds: TICK_SECONDS }),
    configuration,
    onStep: say,
    onHostEvent: hostLog(options.directory),
  });
  console.log(`\nConsole          ${service.url}/`);
  console.log(`Archive          ${join(options.directory, 'archive')}`);
  const { fileName, overlay } = configuration;
  console.log(`Configuration    ${overlay === undefined ? fileName : `${fileName}, ${overlay.fileName}`}`);
  console.log(`Functions' log   ${join(options.directory, FUNCTIONS_LOG)}`);
  const folder = options.directory === LOCAL_DIRECTORY ? '' : `--directory ${options.directory} `;
  console.log(`Commands         npm run steward -- ${folder}--help`);
  console.log('Ctrl-C ends it; what it knows is kept.\n');
  for (const { name, link, redirectUri } of doubles === undefined ? await wantedConsents(service.services) : []) {
    console.log(`${name} waits for somebody's consent, at ${link}`);
    console.log(`  the provider has to know the redirect URI ${redirectUri}\n`);
  }
  interruption.started();
  await interruption.asked;
  say('stopping');
  await service.stop();
  return EXIT.done;
}

/**
 * Shows what goes wrong, and keeps the functions' own lines in a file: what CloudWatch Logs are in an account. Those of
 * the run before stay beside it: why that one ended is in them.
 */
function hostLog(directory: string): (event: HostEvent) => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const name = join(directory, FUNCTIONS_LOG);
  if (existsSync(name)) renameSync(name, join(directory, FUNCTIONS_LOG_BEFORE));
  const file = createWriteStream(name, { mode: 0o600 });
  return (event) => {
    if (event.kind === 'line') file.write(`${event.function} ${event.line}\n`);
    if (event.kind !== 'invocation-ended' || event.error === undefined) return;
    const { errorType, errorMessage } = event.error;
    file.write(`${event.function} ${JSON.stringify(event.error)}\n`);
    if (errorType === HOST_STOPPED.errorType) return;
    process.stderr.write(`  ${event.function}: ${errorType}: ${errorMessage}\n`);
  };
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${failureText(error)}\n`);
  process.exitCode = exitCodeOf(error);
}
