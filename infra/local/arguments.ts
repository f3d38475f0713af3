import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { UsageError } from '../../functions/core/errors.ts';
import { LOCAL_DIRECTORY } from '../cli/target.ts';

/** What `npm start` was asked for. */
export interface StartOptions {
  readonly once: boolean;
  readonly json: boolean;
  /** Seconds that `--once` may take; the default depends on who consents. */
  readonly limit?: number;
  readonly port: number;
  readonly reset: boolean;
  readonly directory: string;
  readonly config?: string;
  readonly secrets?: string;
  readonly allowLoopback: boolean;
  readonly scale: number;
}

export const DEFAULT_PORT = 4780;

const EXAMPLES = `
Examples:
  npm start                                  run on the doubles of the three providers, with the console
  npm start -- --once                        the whole job once, then a table; exits 0 when all went well
  npm start -- --once --json                 the same; the last line of standard output is one JSON object
  npm start -- --config steward.yaml --secrets secrets.json
                                             the same service against the real providers
Exit codes: 0 well; 1 something that was to happen did not; 2 the call or the configuration is wrong.`;

/**
 * Reads the command line. `--help` prints and is `undefined`.
 *
 * @throws UsageError saying what is wrong with it
 */
export function parseArguments(argv: readonly string[]): StartOptions | undefined {
  const program = new Command('npm start --')
    .description('Runs Steward on this machine: the deployed functions, AWS on loopback, and doubles of the providers.')
    .option('--once', 'run one whole cycle, print what came of it, and end', false)
    .option('--json', 'with --once: the last line is one JSON object', false)
    .option(
      '--limit <seconds>',
      'with --once: how long it may take; 55, or with --config 600 for people and 600 for the rest',
      wholeNumber(1, 86_400),
    )
    .option('--port <n>', 'of the HTTP API and the console', wholeNumber(0, 65_532), DEFAULT_PORT)
    .option('--directory <folder>', 'where everything is kept', LOCAL_DIRECTORY)
    .option('--reset', 'forget everything that is kept there first', false)
    .option('--config <file>', 'a steward.yaml of your own, instead of the doubles')
    .option('--secrets <file>', 'client credentials for --config; only its owner may read it')
    .option('--allow-loopback', 'with --config: endpoints may be on this machine', false)
    .option('--scale <n>', 'size of the doubles’ data; 1 is a small firm', positive, 1)
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  try {
    program.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return undefined;
    throw new UsageError(`${error.message.replace(/^error: /, '')}. See npm start -- --help`);
  }
  const options = program.opts<StartOptions>();
  checkCombination(options);
  return options;
}

function checkCombination({ config, secrets, allowLoopback, once, json, limit }: StartOptions): void {
  if (config === undefined && secrets !== undefined)
    throw new UsageError('--secrets needs --config: the doubles bring their own');
  if (config === undefined && allowLoopback)
    throw new UsageError('--allow-loopback needs --config: the doubles are on loopback anyway');
  if (limit !== undefined && !once) throw new UsageError('--limit needs --once: a service that keeps running has none');
  if (json && !once) throw new UsageError('--json needs --once: a service that keeps running has no last line');
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 10_000) return value;
  throw new InvalidArgumentError('It must be a number above 0.');
}
