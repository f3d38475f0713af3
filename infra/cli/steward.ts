#!/usr/bin/env node
// `steward`: the operator's command. `npm run steward -- <command>` runs it from a clone.
import { Argument, Command, CommanderError, InvalidArgumentError } from 'commander';
import { UsageError } from '../../functions/core/errors.ts';
import { EVENT_TYPES } from '../../functions/core/event-schemas.ts';
import type { EventType } from '../../functions/core/events.ts';
import { applyCommand } from './commands/apply.ts';
import { replayCommand, tailCommand } from './commands/alerts.ts';
import { connectCommand } from './commands/connect.ts';
import { disconnectCommand, pauseCommand } from './commands/connections.ts';
import { consoleCommand } from './commands/console.ts';
import { type CommandContext, type GlobalOptions, openContext } from './commands/context.ts';
import { credentialsSetCommand } from './commands/credentials.ts';
import { doctorCommand } from './commands/doctor.ts';
import { exportCommand } from './commands/export.ts';
import { noteCommand } from './commands/note.ts';
import { restoreCommand } from './commands/restore.ts';
import { schemaCommand } from './commands/schema.ts';
import { statusCommand } from './commands/status.ts';
import { verifyArchiveCommand, type VerifyArchiveOptions } from './commands/verify.ts';
import { completionScript, type Shell, SHELLS } from './completion.ts';
import { EXIT, exitCodeOf, failureText } from './exit.ts';
import { createTerminal } from './terminal.ts';

const EXAMPLES = `
Examples:
  steward credentials set action1#acme       store a client's id and secret, without showing them
  steward apply                              show what steward.yaml would change, ask, and change it
  steward connect harbour-law --open         let a person consent, and wait for it
  steward status                             everything at a glance; exit code 1 when something needs somebody
  steward export matters                     export what is new, now
  steward export matters --from 2026-01-01   reach back to a date
  steward export matters --from 2026-05-01 --to 2026-05-08   fill the gaps of that week
  steward verify .steward/archive --key public.pem
  steward alerts tail                        what is being published, live
  steward --stage production status          the same for a deployed stage, with the shell's AWS credentials

Without --stage, commands work on the local service that npm start runs.
Exit codes: 0 done; 1 it did not succeed or something is off; 2 the call or the configuration is wrong, nothing was
changed; 3 AWS or a provider did not answer, try again; 70 a bug.`;

const VERIFY_EXAMPLES = `
Files alone cannot tell that the newest windows were deleted. Whoever keeps a short text from last time, can:

  steward verify s3://archive --key public.pem --heads-out heads.txt                     the first time
  steward verify s3://archive --key public.pem --heads heads.txt --heads-out heads.txt   every time after it
  steward verify archive --key public.pem --head harbour-law/matters=9f86d08188…         one job, from --json's "head"`;

/** What the process answers; set by whichever command runs. */
let exitCode: number = EXIT.done;

function withContext<Args extends unknown[]>(action: (context: CommandContext, ...args: Args) => Promise<number>) {
  return async (...args: [...Args, Command]): Promise<void> => {
    const command = args.at(-1) as Command;
    const context = await openContext(command.optsWithGlobals<GlobalOptions>());
    exitCode = await action(context, ...(args.slice(0, -1) as Args));
  };
}

function port(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 65_535) return value;
  throw new InvalidArgumentError('It must be a port, 1 to 65535.');
}

function seconds(text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('It must be a number of seconds.');
}

const program = new Command('steward')
  .description('Keeps SaaS connections authorised and turns them into compliance exports and alerts.')
  .option('--stage <name>', 'a deployed stage; the local service without it')
  .option('--directory <folder>', 'folder of the local service', '.steward')
  .option('--json', 'results as JSON on standard output, nothing else there')
  .addHelpText('after', EXAMPLES)
  .showSuggestionAfterError(true)
  .configureOutput({ writeErr: () => undefined })
  .exitOverride();

program
  .command('apply')
  .description('bring connections and jobs in line with steward.yaml')
  .option('-f, --file <file>', 'the configuration', 'steward.yaml')
  .option('--dry-run', 'only show the difference')
  .option('-y, --yes', 'do not ask')
  .option('--allow-loopback', 'endpoints may be on this machine')
  .action(withContext(applyCommand));

const credentials = program.command('credentials').description('client credentials in Secrets Manager');
credentials
  .command('set')
  .description('store a client id and secret; asks for both without showing them')
  .argument('<secret>', 'name, or name#key for one of many clients')
  .option('--client-id <id>', 'instead of asking')
  .option('--stdin', 'read the client secret from standard input')
  .action(withContext(credentialsSetCommand));

program
  .command('connect')
  .description('make a one-time link for a person to consent, and wait for it')
  .argument('<connection>')
  .option('--authorized-by <name>', 'who will consent, for the record')
  .option('--replace-account', 'another account of the provider may take the place of the one before')
  .option('--open', 'open the link in the browser')
  .option('--no-wait', 'only print the link')
  .action(withContext(connectCommand));

program
  .command('disconnect')
  .description('forget a connection’s tokens; configuration and history stay')
  .argument('<connection>')
  .option('-y, --yes', 'do not ask')
  .action(withContext(disconnectCommand));

program
  .command('pause')
  .description('neither refresh nor read a connection')
  .argument('<connection>')
  .action(withContext((context, name: string, _options: object) => pauseCommand(context, name, true)));

program
  .command('resume')
  .description('end a pause')
  .argument('<connection>')
  .action(withContext((context, name: string, _options: object) => pauseCommand(context, name, false)));

program.command('status').description('connections, jobs and exports').action(withContext(statusCommand));

program
  .command('export')
  .description('export a report job now, back to a date, or where there are gaps')
  .argument('<job>')
  .option('--from <date>', 'back-fill from here, or fill the gaps from here on; incremental sources only')
  .option('--to <date>', 'fill no gaps from here on')
  .option('--no-wait', 'only ask for it')
  .action(withContext(exportCommand));

program
  .command('verify')
  .description('check an archive: parts, hashes, rows, chains, signatures, windows; needs no running service')
  .argument('[location]', 'a folder, or s3://bucket[/prefix]', '.steward/archive')
  .option('--key <file>', 'the pinned public key (PEM)')
  .option('--print-key', 'print the stage’s public key, to pin it')
  .option(
    '--head <job=sha256>',
    'a record that has to be in the job’s chain; may be given again',
    (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
  )
  .option('--heads <file>', 'the newest records of last time, which have to be in their chains')
  .option('--heads-out <file>', 'write down the newest records for next time, if everything verifies')
  .addHelpText('after', VERIFY_EXAMPLES)
  .action(async (location: string, options: VerifyArchiveOptions, command: Command) => {
    exitCode = await verifyArchiveCommand(location, { ...options, ...command.optsWithGlobals<GlobalOptions>() });
  });

const alerts = program.command('alerts').description('published alerts and events');
alerts
  .command('tail')
  .description('show what is being published; Ctrl-C ends it')
  .option('--since <seconds>', 'begin so long ago', seconds, 60)
  .option('--for <seconds>', 'end after so long', seconds)
  .action(
    withContext((context, options: { readonly since: number; readonly for?: number }) => {
      const since = new Date(context.services.clock.now().getTime() - options.since * 1000);
      return tailCommand(context, { since, ...(options.for === undefined ? {} : { forMs: options.for * 1000 }) });
    }),
  );
alerts
  .command('replay')
  .description('publish a span again, with the ids that its events had')
  .requiredOption('--from <time>', 'inclusive')
  .option('--to <time>', 'exclusive; now without it')
  .action(withContext(replayCommand));
alerts
  .command('schema')
  .description('what is published: every type, or the JSON Schema of one')
  .addArgument(new Argument('[type]', 'the type; all of them without it').choices(EVENT_TYPES))
  .action((type: EventType | undefined, _options: object, command: Command) => {
    exitCode = schemaCommand(createTerminal(command.optsWithGlobals<GlobalOptions>().json === true), type);
  });

program
  .command('note')
  .description('write a file note into a matter, once')
  .argument('<connection>')
  .argument('<matter>', 'its number')
  .argument('<text>')
  .action(
    withContext((context, connection: string, matter: string, text: string, _options: object) =>
      noteCommand(context, connection, matter, text),
    ),
  );

program
  .command('restore')
  .description('after the tables came out of a backup: hold what rotates until somebody decides')
  .option('--trust <connection...>', 'let these go on: nothing refreshed them after the backup')
  .option('-y, --yes', 'do not ask')
  .action(withContext(restoreCommand));

program
  .command('console')
  .description('serve the console on this machine')
  .option('--port <n>', 'where', port, 4790)
  .action(withContext(consoleCommand));

program
  .command('doctor')
  .description('can everything be reached, and what is missing if not')
  .action(withContext(doctorCommand));

program
  .command('completion')
  .description('print what a shell reads to complete steward: source <(steward completion bash)')
  .addArgument(new Argument('<shell>').choices(SHELLS))
  .action((shell: Shell) => {
    process.stdout.write(completionScript(shell, program));
  });

try {
  await program.parseAsync(process.argv);
  process.exitCode = exitCode;
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.done;
    const failure = new UsageError(`${error.message.replace(/^error: /, '')}\nSee steward --help.`);
    if (error.code !== 'commander.help') process.stderr.write(`${failure.message}\n`);
    else process.stderr.write(program.helpInformation());
    return exitCodeOf(failure);
  }
  process.stderr.write(`${failureText(error)}\n`);
  return exitCodeOf(error);
}
