import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROVIDERS } from '../../functions/providers/registry.ts';
import { readConfiguration } from '../../infra/cli/configuration/configuration.ts';
import { connectLink } from '../../infra/cli/commands/connect.ts';
import { type ConfigurationTexts, readConfigurationTexts } from '../../infra/cli/configuration/overlay.ts';
import { parseArguments } from '../../infra/local/arguments.ts';
import { consentFlow } from '../../infra/local/providers/actionstep/consent.ts';
import { readSecretsFile } from '../../infra/local/secrets-file.ts';
import { createTestStacks } from '../infra/synthesize.ts';
import { steward } from '../support/command.ts';
import { fencedBlocks, readPage, ROOT } from '../support/markdown.ts';
import { eventually, type RunningService, startRunning } from '../support/running-service.ts';
import { start } from '../support/start-process.ts';

const README = readPage('README.md');
const BLOCKS = fencedBlocks(README);
const SCRIPTS = (JSON.parse(readPage('package.json')) as { scripts: Record<string, string> }).scripts;

/** A command of a `sh` block, without its comment; `a && b` is two. */
const COMMANDS = BLOCKS.filter(({ language }) => language === 'sh').flatMap(({ text, line }) =>
  text
    .split('\n')
    .map((row, index) => ({ line: line + index, row: row.replace(/\s+#.*$/, '') }))
    .filter(({ row }) => row !== '')
    .flatMap(({ line: at, row }) => row.split(' && ').map((command) => ({ line: at, command }))),
);

/** Words of a command line, quotes taken off. */
function words(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

/** The command as the README has it, on the local service: what it would ask a person is answered. */
function onLocal(asked: readonly string[], running: RunningService, folder: string): readonly string[] {
  const args = asked.flatMap((word, index) =>
    word === '--stage' || asked[index - 1] === '--stage'
      ? []
      : [word === '.steward/archive' ? join(running.directory, 'archive') : word],
  );
  const answers: Readonly<Record<string, readonly string[]>> = {
    apply: ['--file', join(folder, 'running.yaml'), '--yes'],
    'credentials set': ['--client-id', 'id-of-a-test', '--stdin'],
    connect: ['--no-wait'],
    disconnect: ['--yes'],
    'alerts tail': ['--for', '1'],
    console: ['--port', '47911'],
  };
  const name = Object.keys(answers).find((each) => args.join(' ').startsWith(each));
  return ['--directory', running.directory, ...args, ...(answers[name ?? ''] ?? [])];
}

describe('every command of the README', () => {
  let running: RunningService;
  /** A clone as far as the commands look: what they make is made here. */
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'steward-readme-'));
    symlinkSync(`${ROOT}infra`, join(folder, 'infra'));
    running = await startRunning();
    for (const file of [join(folder, 'running.yaml'), join(running.directory, 'steward.yaml')])
      writeFileSync(file, running.configuration);
    const { services } = running.service;
    await consentFlow(await connectLink(services, 'harbour-law', {}));
    await eventually('three connections', async () =>
      (await services.connections.list()).every(({ health }) => health === 'connected'),
    );
  }, 120_000);
  afterAll(async () => {
    await running?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function runSteward(line: readonly string[]): Promise<void> {
    const [asked, [file]] = line.includes('>')
      ? [line.slice(0, line.indexOf('>')), line.slice(line.indexOf('>') + 1)]
      : [line, []];
    const { code, stdout, stderr } = await steward(onLocal(asked, running, folder), {
      cwd: folder,
      input: 'a-secret-of-a-test\n',
      ...(asked.includes('console') ? { interruptAfterMs: 4000 } : {}),
    });
    // The alias is of a person's shell; a console ends with Ctrl-C, and status says 1 while anything needs somebody.
    expect(asked.includes('status') && code === 1 ? 0 : code, `${stdout}${stderr}`).toBe(0);
    if (file !== undefined) writeFileSync(join(folder, file), stdout);
  }

  /** What `npm start` keeps running answers with its console, and ends by Ctrl-C. */
  async function keepsRunning(): Promise<void> {
    const begun = start('--directory', join(folder, 'kept'), '--port', '0');
    const [, url = ''] = await begun.says(/Console +(http:\S+)/);
    expect(await (await fetch(url)).text()).toContain('<h1>Steward</h1>');
    begun.child.kill('SIGINT');
    expect(await begun.ended).toBe(0);
  }

  async function runsOnce(): Promise<void> {
    const begun = start('--directory', join(folder, 'once'), '--once', '--limit', '150');
    expect([await begun.ended, begun.stderr()]).toEqual([0, expect.any(String)]);
    expect(begun.stdout()).toContain('alert versions');
  }

  /** Against the real providers: everything up to the first request. */
  function readsOwnFiles(args: readonly string[]): void {
    const { config = '', secrets = '' } = parseArguments(args) ?? {};
    const file = join(folder, config);
    read(readConfigurationTexts(file, 'local', '--config'));
    expect(Object.keys(readSecretsFile(join(folder, secrets))).length).toBeGreaterThan(0);
  }

  function deploys(parameter: string): void {
    const [, stack = '', name = ''] = /^(.*):(\w+)=\S+@\S+$/.exec(parameter) ?? [];
    const { app } = createTestStacks();
    const { template } = app.synth().getStackByName(stack);
    expect(Object.keys((template as { Parameters: object }).Parameters)).toContain(name);
  }

  /** The two that the README begins with are excepted: CI installs before this test runs, and this is the test. */
  const RUNNERS: readonly (readonly [RegExp, (args: readonly string[]) => Promise<void> | void])[] = [
    [/^npm ci$/, () => expect(existsSync(`${ROOT}package-lock.json`)).toBe(true)],
    [/^npm test$/, () => expect(SCRIPTS['test']).toBe('node test/run.ts')],
    [/^npm start -- --once$/, runsOnce],
    [/^npm start$/, keepsRunning],
    [/^npm start -- --config /, (args) => readsOwnFiles(args.slice(3))],
    [
      /^(cp|chmod) /,
      ([program = '', ...args]) =>
        void execFileSync(
          program,
          args.map((path) => path.replace(/^\.steward\//, `${running.directory}/`)),
          { cwd: folder },
        ),
    ],
    [/^npx cdk bootstrap$/, () => expect(cdkHelp('bootstrap')).toContain('cdk bootstrap')],
    [/^npx cdk deploy --all --parameters \S+$/, (args) => deploys(args.at(-1) ?? '')],
    [
      /^alias steward='npm run --silent steward --'$/,
      () => expect(SCRIPTS['steward']).toBe('node infra/cli/steward.ts'),
    ],
    [/^npm run steward -- /, (args) => runSteward(args.slice(4))],
    [/^steward /, (args) => runSteward(args.slice(1))],
    [/^npm run (bench|simulate|fuzz|planted|mutate)\b/, ([, , name = '']) => hasScript(name)],
  ];

  function hasScript(name: string): void {
    const [program, file = ''] = (SCRIPTS[name] ?? '').split(' ');
    expect([program, existsSync(ROOT + file)]).toEqual(['node', true]);
  }

  it.each(COMMANDS)('line $line: $command', { timeout: 200_000 }, async ({ command }) => {
    const runner = RUNNERS.find(([pattern]) => pattern.test(command));
    expect(runner, `No test knows how to run this: ${command}`).toBeDefined();
    await runner?.[1](words(command));
  });
});

function cdkHelp(command: string): string {
  return execFileSync(join(ROOT, 'node_modules/.bin/cdk'), [command, '--help'], { encoding: 'utf8' });
}

function read(texts: ConfigurationTexts) {
  return readConfiguration({
    ...texts,
    providers: PROVIDERS,
    topics: ['alerts', 'events'],
    shardCount: 2,
    allowLoopback: false,
    now: new Date(),
  });
}

describe('every snippet of the README', () => {
  const [base, ...overlays] = BLOCKS.filter(({ language }) => language === 'yaml');

  it('of steward.yaml is read', () => {
    expect(read({ fileName: 'steward.yaml', text: base?.text ?? '' }).jobs).toHaveLength(2);
  });

  it('of an overlay is laid over it', () => {
    expect(overlays).toHaveLength(1);
    const overlay = { fileName: 'steward.staging.yaml', text: overlays[0]?.text ?? '' };
    const { connections, jobs } = read({ fileName: 'steward.yaml', text: base?.text ?? '', overlay });
    expect(connections[0]).toMatchObject({
      settings: { environment: 'staging' },
      secret: { name: 'actionstep-staging' },
    });
    expect(jobs.map(({ name }) => name)).toEqual(['matters']);
  });

  it('is in a language that is tried here', () => {
    expect([...new Set(BLOCKS.map(({ language }) => language))].toSorted()).toEqual(['', 'sh', 'yaml']);
  });

  it('and every script that the prose names is there', () => {
    const named = [...README.matchAll(/`npm run ([a-z:]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => SCRIPTS[name] === undefined)).toEqual([]);
    expect(readFileSync(`${ROOT}infra/cli/examples/steward.yaml`, 'utf8')).toContain('yaml-language-server');
  });
});
