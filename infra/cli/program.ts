import { Argument, Command } from 'commander';
import { EVENT_TYPES } from '../../functions/core/event-schemas.ts';
import type { EventType } from '../../functions/core/events.ts';
import { oneOf, port, repeated, seconds } from './arguments.ts';
import { applyCommand } from './commands/apply.ts';
import { replayCommand, tailCommand } from './commands/alerts.ts';
import { connectCommand } from './commands/connect.ts';
import { disconnectCommand, pauseCommand } from './commands/connections.ts';
import { consoleCommand } from './commands/console.ts';
import { type CommandContext, type GlobalOptions, openContext } from './commands/context.ts';
import { credentialsSetCommand } from './commands/credentials.ts';
import { doctorCommand } from './commands/doctor.ts';
import { exportCommand } from './commands/export.ts';
import { hookCommand } from './commands/hook.ts';
import { noteCommand } from './commands/note.ts';
import { restoreCommand } from './commands/restore.ts';
import { schemaCommand } from './commands/schema.ts';
import { statusCommand } from './commands/status.ts';
import { verifyArchiveCommand, type VerifyArchiveOptions } from './commands/verify.ts';
import { completionScript, type Shell, SHELLS } from './completion.ts';
import { addHelp } from './help.ts';
import { LOCAL_DIRECTORY } from './target.ts';
import { createTerminal } from './terminal.ts';

/** Takes the exit code of the command that ran. */
type Done = (exitCode: number) => void;
type Action<Args extends unknown[]> = (context: CommandContext, ...args: Args) => Promise<number>;
/** Opens what a command works on, and hands on its exit code. */
type Run = <Args extends unknown[]>(action: Action<Args>) => (...args: [...Args, Command]) => Promise<void>;

/** The command line of `steward`. Parsing it runs the command that it names. */
export function createProgram(done: Done): Command {
  const run: Run =
    <Args extends unknown[]>(action: Action<Args>) =>
    async (...args: [...Args, Command]) => {
      const command = args.at(-1) as Command;
      const context = await openContext(command.optsWithGlobals<GlobalOptions>());
      done(await action(context, ...(args.slice(0, -1) as Args)));
    };
  const program = new Command('steward')
    .description('Keeps SaaS connections authorised and turns them into compliance exports and alerts.')
    .option('--stage <name>', 'a deployed stage, or one of its stacks; the local service without it')
    .option('--directory <folder>', 'folder of the local service', LOCAL_DIRECTORY)
    .option('--json', 'results as JSON on standard output, nothing else there')
    .showSuggestionAfterError(true)
    .configureOutput({ outputError: () => undefined })
    .exitOverride();
  addConfiguration(program, run);
  addConnections(program, run);
  addArchive(program, run, done);
  addAlerts(program, run, done);
  addUpkeep(program, run);
  program
    .command('completion')
    .description('print what a shell reads to complete steward')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action((shell: Shell) => void process.stdout.write(completionScript(shell, program)));
  addHelp(program);
  return program;
}

function addConfiguration(program: Command, run: Run): void {
  program
    .command('apply')
    .description('bring connections and jobs in line with steward.yaml')
    .option('-f, --file <file>', 'the configuration', 'steward.yaml')
    .option('--dry-run', 'only show the difference')
    .option('-y, --yes', 'do not ask')
    .option('--allow-loopback', 'endpoints may be on this machine')
    .action(run(applyCommand));
  program
    .command('credentials')
    .description('client credentials in Secrets Manager')
    .command('set')
    .description('store a client id and secret; asks for both without showing them')
    .argument('<secret>', 'name, or name#key for one of many clients')
    .option('--client-id <id>', 'instead of asking')
    .option('--stdin', 'read the client secret from standard input')
    .action(run(credentialsSetCommand));
}

function addConnections(program: Command, run: Run): void {
  program
    .command('connect')
    .description('make a one-time link for a person to consent, and wait for it')
    .argument('<connection>')
    .option('--authorized-by <name>', 'who will consent, for the record')
    .option('--replace-account', 'another account of the provider may take the place of the one before')
    .option('--open', 'open the link in the browser')
    .option('--no-wait', 'only print the link')
    .action(run(connectCommand));
  program
    .command('disconnect')
    .description('forget a connection’s tokens; configuration and history stay')
    .argument('<connection>')
    .option('--erase', 'forget the connection too, when a client has left; no job may run on it')
    .option('-y, --yes', 'do not ask')
    .action(run(disconnectCommand));
  program
    .command('pause')
    .description('run no job on a connection; its grant is kept alive meanwhile')
    .argument('<connection>')
    .action(run((context, name: string, _options: object) => pauseCommand(context, name, true)));
  program
    .command('resume')
    .description('end a pause')
    .argument('<connection>')
    .action(run((context, name: string, _options: object) => pauseCommand(context, name, false)));
  program
    .command('note')
    .description('write a file note into a matter, once')
    .argument('<connection>')
    .argument('<matter>', 'its number')
    .argument('<text>')
    .action(
      run((context, connection: string, matter: string, text: string, _options: object) =>
        noteCommand(context, connection, matter, text),
      ),
    );
}

function addArchive(program: Command, run: Run, done: Done): void {
  program
    .command('export')
    .description('export a report job now, back to a date, or where there are gaps')
    .argument('<job>')
    .option('--from <date>', 'back-fill from here, or fill the gaps from here on; incremental sources only')
    .option('--to <date>', 'fill no gaps from here on')
    .option('--no-wait', 'only ask for it')
    .action(run(exportCommand));
  program
    .command('verify')
    .description('check an archive: parts, hashes, rows, chains, signatures, windows; needs no running service')
    .argument('[location]', 'a folder, or s3://bucket[/prefix]; the archive of the stage when it is left out')
    .option('--key <file>', 'the pinned public key (PEM)')
    .option('--print-key', 'print the stage’s public key, to pin it')
    .option('--head <job=sha256>', 'a record that has to be in the job’s chain; may be given again', repeated)
    .option('--heads <file>', 'the newest records of last time, which have to be in their chains')
    .option('--heads-out <file>', 'write down the newest records for next time, if everything verifies')
    .action(async (location: string | undefined, options: VerifyArchiveOptions, command: Command) => {
      done(await verifyArchiveCommand(location, { ...options, ...command.optsWithGlobals<GlobalOptions>() }));
    });
}

function addAlerts(program: Command, run: Run, done: Done): void {
  const alerts = program.command('alerts').description('published alerts and events');
  alerts
    .command('tail')
    .description('show what is being published; Ctrl-C ends it')
    .option('--since <seconds>', 'begin so long ago', seconds, 60)
    .option('--for <seconds>', 'end after so long', seconds)
    .action(
      run((context, options: { readonly since: number; readonly for?: number }) => {
        const since = new Date(context.services.clock.now().getTime() - options.since * 1000);
        return tailCommand(context, { since, ...(options.for === undefined ? {} : { forMs: options.for * 1000 }) });
      }),
    );
  alerts
    .command('replay')
    .description('publish a span again, with the ids that its events had')
    .requiredOption('--from <time>', 'inclusive')
    .option('--to <time>', 'exclusive; now without it')
    .action(run(replayCommand));
  alerts
    .command('hook')
    .description('make an address for webhooks that a person enters at the provider')
    .argument('<job>', 'the alert job that they hasten')
    .option('--revoke', 'take back every address that was made for it, and make none')
    .action(run(hookCommand));
  alerts
    .command('schema')
    .description('what is published: every type, or the JSON Schema of one')
    .addArgument(new Argument('[type]', 'all of them without it').choices(EVENT_TYPES).argParser(oneOf(EVENT_TYPES)))
    .action((type: EventType | undefined, _options: object, command: Command) => {
      done(schemaCommand(createTerminal(command.optsWithGlobals<GlobalOptions>().json === true), type));
    });
}

function addUpkeep(program: Command, run: Run): void {
  program
    .command('status')
    .description('what needs somebody, then connections, jobs and exports')
    .action(run(statusCommand));
  program
    .command('console')
    .description('serve the console on this machine')
    .option('--port <n>', 'where', port, 4790)
    .action(run(consoleCommand));
  program
    .command('doctor')
    .description('can everything be reached, and what is missing if not')
    .action(run(doctorCommand));
  program
    .command('restore')
    .description('after the tables came out of a backup: hold what rotates until somebody decides')
    .option('--trust <connection...>', 'let these go on: nothing refreshed them after the backup')
    .option('-y, --yes', 'do not ask')
    .action(run(restoreCommand));
}
