import type { Command } from 'commander';

/** What each command is called like, and what that does. Held against the commands themselves by a test. */
export const EXAMPLES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  apply: [
    ['steward apply --dry-run', 'only show what steward.yaml would change'],
    ['steward apply', 'show it, ask, change it'],
    ['steward --stage staging apply --yes', 'with steward.staging.yaml over it; nobody is asked'],
  ],
  'credentials set': [
    ['steward credentials set actionstep', 'asks for id and secret without showing them'],
    ['steward credentials set action1#acme', 'one of many clients in one secret'],
    ['steward credentials set opsramp --client-id key --stdin < secret.txt', 'in a script'],
  ],
  connect: [
    ['steward connect harbour-law --open', 'in this browser, and wait for the consent'],
    ['steward connect harbour-law --no-wait --authorized-by "Pat Example"', 'a link to send'],
    ['steward connect harbour-law --replace-account', 'another account takes its place'],
  ],
  disconnect: [
    ['steward disconnect harbour-law', 'asks first'],
    ['steward disconnect harbour-law --erase', 'account and consent, too'],
  ],
  pause: [['steward pause acme-endpoints', 'until steward resume acme-endpoints']],
  resume: [['steward resume acme-endpoints', 'missed windows are made up in order']],
  status: [
    ['steward status', 'what needs somebody first; exit code 1 when something does'],
    ['steward status --json | jq .attention', 'the same for a program'],
    ['steward --stage production status', 'of a deployed stage'],
  ],
  export: [
    ['steward export matters', 'what is new, now'],
    ['steward export matters --from 2026-01-01', 'reach back to a date'],
    ['steward export matters --from 2026-05-01 --to 2026-05-08', 'fill the gaps of that week'],
  ],
  verify: [
    ['steward verify --print-key > public.pem', 'once: the key to pin'],
    ['steward verify .steward/archive --key public.pem', 'a folder, offline'],
    ['steward verify s3://archive --key public.pem --heads-out heads.txt', 'a bucket; note the newest records'],
    ['steward verify s3://archive --key public.pem --heads heads.txt', 'nothing was cut off since then'],
  ],
  'alerts tail': [
    ['steward alerts tail', 'the last minute, and what comes'],
    ['steward alerts tail --since 3600 --for 1 --json', 'the last hour, for a program'],
  ],
  'alerts replay': [
    ['steward alerts replay --from 2026-01-31T02:00:00Z', 'everything since then again'],
    ['steward alerts replay --from 2026-01-31T02:00:00Z --to 2026-01-31T03:00:00Z', 'one hour'],
  ],
  'alerts hook': [
    ['steward alerts hook operations-alerts', 'shown once: enter it in the outbound event at OpsRamp'],
    ['steward alerts hook operations-alerts --revoke', 'every address made before is answered with 404'],
  ],
  'alerts schema': [
    ['steward alerts schema', 'every type, and when it is published'],
    ['steward alerts schema steward.alert.opened', 'the JSON Schema of one'],
  ],
  note: [['steward note harbour-law 1001 "Called the client"', 'into matter 1001, once']],
  restore: [
    ['steward restore', 'show what rotates, and hold it'],
    ['steward restore --trust harbour-law', 'nothing refreshed this one after the backup'],
  ],
  console: [
    ['steward console', 'at http://127.0.0.1:4790/'],
    ['steward --stage production console --port 8080', 'a deployed stage, on this machine'],
  ],
  doctor: [['steward doctor', 'exit code 1 when something cannot be reached']],
  completion: [
    ['source <(steward completion bash)', 'for this shell'],
    ['steward completion zsh > ~/.zsh/_steward', 'for ever, where ~/.zsh is in fpath'],
  ],
};

/** What a newcomer needs, of all that the program can. */
const FIRST: readonly string[] = ['credentials set', 'apply', 'connect', 'status', 'export', 'verify', 'alerts tail'];

const EXIT_CODES = `
Exit codes: 0 done; 1 it did not succeed, or something is off; 2 the call or the
configuration is wrong, nothing was changed; 3 AWS or a provider did not answer,
try again; 70 a bug. With --json a failure is {"error": …} on standard error.`;

/** Examples and exit codes below the help of the program and of every command in it. */
export function addHelp(program: Command): void {
  const examples = FIRST.flatMap((name) => EXAMPLES[name]?.slice(0, 1) ?? []);
  program.addHelpText(
    'after',
    `${exampleText(examples)}
Each command has more: steward <command> --help.
Without --stage, commands work on the local service that npm start runs.
${EXIT_CODES}`,
  );
  for (const [name, command] of leaves(program)) {
    command.configureHelp({ showGlobalOptions: true });
    command.addHelpText('after', `${exampleText(EXAMPLES[name] ?? [])}${EXIT_CODES}`);
  }
}

/** The commands that do something, by their words: `alerts tail`. */
export function leaves(command: Command, words = ''): readonly (readonly [string, Command])[] {
  return command.commands.flatMap((each) => {
    const name = words === '' ? each.name() : `${words} ${each.name()}`;
    return each.commands.length > 0 ? leaves(each, name) : [[name, each] as const];
  });
}

/** Wide enough that what an example does stands beside most of them. */
const COLUMN = 38;

function exampleText(examples: readonly (readonly [string, string])[]): string {
  const lines = examples.map(([command, what]) =>
    command.length <= COLUMN && COLUMN + what.length <= 74
      ? `  ${command.padEnd(COLUMN)}  ${what}`
      : `  ${command}\n      ${what}`,
  );
  return `\nExamples:\n${lines.join('\n')}\n`;
}
