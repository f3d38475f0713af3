// `npm start`: the whole service on one machine. See README.md.
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigInvalidError } from '../../functions/core/errors.ts';
import { EXIT, exitCodeOf, failureText } from '../cli/exit.ts';
import { hasColour, painter } from '../cli/table.ts';
import { parseArguments, type StartOptions } from './arguments.ts';
import { demoConfiguration, DEMO_SECRETS } from './demo.ts';
import { type Doubles, startDoubles } from './doubles.ts';
import type { HostEvent } from './lambda/log.ts';
import { runOnce } from './once.ts';
import { readSecretsFile } from './secrets-file.ts';
import { type ConfigurationSource, type LocalService, startService } from './service.ts';
import { subscribe, type Subscriber } from './subscriber.ts';
import { onceJson, onceTables } from './summary.ts';

/** What `--once` may take, the start included. */
const ONCE_LIMIT_MS = 55_000;
/** `--once` ticks this often instead of every minute. */
const ONCE_TICK_SECONDS = 1;
/** The doubles' access tokens, with `--once`: they run out while it runs. */
const ONCE_ACCESS_LIFE_SECONDS = 15;
const ACCESS_LIFE_SECONDS = 180;
const TICK_SECONDS = 5;

async function main(argv: readonly string[]): Promise<number> {
  const options = parseArguments(argv);
  if (options === undefined) return EXIT.done;
  if (options.reset) forget(options.directory);
  const began = performance.now();
  const say = (what: string) =>
    process.stderr.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s  ${what}\n`);
  const doubles = options.config === undefined ? await openDoubles(options) : undefined;
  try {
    const configuration = doubles === undefined ? ownConfiguration(options) : demoSource(options, doubles);
    return options.once
      ? await once(options, configuration, doubles, say, began)
      : await keepRunning(options, configuration, doubles, say);
  } finally {
    await doubles?.stop();
  }
}

/** Removes what was kept, and only a folder that is ours. */
function forget(directory: string): void {
  if (!existsSync(directory)) return;
  if (!existsSync(join(directory, 'lock')) && !existsSync(join(directory, 'kms.json'))) {
    throw new ConfigInvalidError(
      `${directory} is no folder of Steward's: it is not removed. Name the right one with --directory`,
    );
  }
  rmSync(directory, { recursive: true, force: true });
}

function openDoubles({ port, once: isOnce, scale }: StartOptions): Promise<Doubles> {
  return startDoubles({
    port: isOnce || port === 0 ? 0 : port + 1,
    anchor: new Date(),
    scale,
    accessLifeSeconds: isOnce ? ONCE_ACCESS_LIFE_SECONDS : ACCESS_LIFE_SECONDS,
  });
}

function demoSource({ directory }: StartOptions, { urls, anchor }: Doubles): ConfigurationSource {
  const text = demoConfiguration(urls, anchor);
  const fileName = join(directory, 'steward.yaml');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(fileName, text);
  return { fileName, text, secrets: DEMO_SECRETS, allowLoopback: true };
}

function ownConfiguration({ config = '', secrets, allowLoopback }: StartOptions): ConfigurationSource {
  if (!existsSync(config))
    throw new ConfigInvalidError(
      `There is no ${config}: --config names a steward.yaml. infra/cli/examples/steward.yaml is one to begin with`,
    );
  return {
    fileName: config,
    text: readFileSync(config, 'utf8'),
    secrets: secrets === undefined ? {} : readSecretsFile(secrets),
    allowLoopback,
  };
}

async function once(
  options: StartOptions,
  configuration: ConfigurationSource,
  doubles: Doubles | undefined,
  say: (what: string) => void,
  began: number,
): Promise<number> {
  let queues: { readonly everything: Subscriber; readonly criticalOnly: Subscriber } | undefined;
  const service = await startService({
    ...options,
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
  try {
    if (queues === undefined) throw new Error('The subscribers were not made');
    const deadline = new Date(Date.now() + ONCE_LIMIT_MS - (performance.now() - began));
    const result = await runOnce({
      service,
      ...(doubles === undefined ? {} : { doubles }),
      ...queues,
      onStep: say,
      deadline,
    });
    console.log(`\n${onceTables(result, painter(!options.json && hasColour(process.stdout, process.env)))}`);
    const durationMs = Math.round(performance.now() - began);
    console.log(`\nExports lie in ${join(options.directory, 'archive')}. It took ${(durationMs / 1000).toFixed(1)} s.`);
    if (options.json) console.log(onceJson(result, durationMs));
    return result.missing.length === 0 ? EXIT.done : EXIT.failed;
  } finally {
    await service.stop();
  }
}

async function keepRunning(
  options: StartOptions,
  configuration: ConfigurationSource,
  doubles: Doubles | undefined,
  say: (what: string) => void,
): Promise<number> {
  const service: LocalService = await startService({
    ...options,
    ...(doubles === undefined ? {} : { tickSeconds: TICK_SECONDS }),
    configuration,
    onStep: say,
    onHostEvent: hostLog(options.directory),
  });
  console.log(`\nConsole          ${service.url}/`);
  console.log(`Archive          ${join(options.directory, 'archive')}`);
  console.log(`Configuration    ${configuration.fileName}`);
  console.log(`Functions' log   ${join(options.directory, 'functions.log')}`);
  console.log('Commands         npm run steward -- --help');
  console.log('Ctrl-C ends it; what it knows is kept.\n');
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  say('stopping');
  await service.stop();
  return EXIT.done;
}

/** Shows what goes wrong, and keeps the functions' own lines in a file: what CloudWatch Logs are in an account. */
function hostLog(directory: string): (event: HostEvent) => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = createWriteStream(join(directory, 'functions.log'), { mode: 0o600 });
  return (event) => {
    if (event.kind === 'line') file.write(`${event.function} ${event.line}\n`);
    if (event.kind !== 'invocation-ended' || event.error === undefined) return;
    const { errorType, errorMessage } = event.error;
    file.write(`${event.function} ${JSON.stringify(event.error)}\n`);
    process.stderr.write(`  ${event.function}: ${errorType}: ${errorMessage}\n`);
  };
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${failureText(error)}\n`);
  process.exitCode = exitCodeOf(error);
}
