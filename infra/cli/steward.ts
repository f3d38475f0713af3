#!/usr/bin/env node
// `steward`: the operator's command. `npm run steward -- <command>` runs it from a clone.
import { CommanderError } from 'commander';
import { UsageError } from '../../functions/core/errors.ts';
import { EXIT, exitCodeOf, failureJson, failureText } from './exit.ts';
import { createProgram } from './program.ts';

// `steward status | head`: who reads has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.done);
});

try {
  let exitCode: number = EXIT.done;
  await createProgram((code) => (exitCode = code)).parseAsync(process.argv);
  process.exitCode = exitCode;
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  if (!(error instanceof CommanderError)) return say(error);
  if (error.exitCode === 0) return EXIT.done;
  // A group of commands that is called by itself has shown its help already.
  if (error.code === 'commander.help') return EXIT.usage;
  return say(new UsageError(`${error.message.replace(/^error: /, '')}\nSee steward --help.`));
}

function say(error: unknown): number {
  const isJson = process.argv.includes('--json');
  process.stderr.write(`${isJson ? failureJson(error) : failureText(error)}\n`);
  return exitCodeOf(error);
}
