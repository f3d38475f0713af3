import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { start, steward } from '../support/command.ts';

const SECRETS = { clients: { clientId: 'id', clientSecret: 'zq-secret-zq' } };
const CONFIGURATION = `version: 1
connections:
  operations: { provider: opsramp, host: acme.api.opsramp.com, tenantId: client_1, secret: clients }
reports:
  history: { connection: operations, source: alert-history, schedule: "0 0 * * *" }
`;

describe('npm start with what is wrong', () => {
  let folder: string;
  let state: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'steward-start-'));
    state = join(folder, 'state');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function written(configuration: string, secrets: unknown = SECRETS, mode = 0o600): readonly string[] {
    const [config, file] = [join(folder, 'steward.yaml'), join(folder, 'secrets.json')];
    writeFileSync(config, configuration);
    writeFileSync(file, typeof secrets === 'string' ? secrets : JSON.stringify(secrets));
    chmodSync(file, mode);
    return ['--directory', state, '--config', config, '--secrets', file, '--port', '0'];
  }

  /** What a refusal came to: its sentence, and whether it printed, quoted or kept anything besides. */
  async function refusal(args: readonly string[]) {
    const { code, stdout, stderr } = await start(args);
    const isQuiet = stdout === '' && !stderr.includes('zq-secret-zq') && !existsSync(state);
    return { code, isQuiet, sentence: stderr.trim() };
  }
  const refused = (sentence: RegExp) => ({
    code: 2,
    isQuiet: true,
    sentence: expect.stringMatching(sentence) as string,
  });

  it.each([
    [
      'an unknown provider',
      ['provider: opsramp', 'provider: opsrampp'],
      /steward\.yaml:3:17: connections\.operations\.provider names the unknown provider opsrampp\. Did you mean opsramp\?/,
    ],
    [
      'an unknown connection',
      ['connection: operations', 'connection: operation'],
      /steward\.yaml:5:14: .*Did you mean operations\?/,
    ],
    ['a broken line', ['tenantId: client_1,', 'tenantId: client_1: ,'], /steward\.yaml:3:\d+: /],
    [
      'a schedule that never fires',
      ['0 0 * * *', '0 0 31 2 *'],
      /steward\.yaml:5:\d+: reports\.history\.schedule 0 0 31 2 \* never fires: no date fits it/,
    ],
  ])('says where %s stands', async (_what, [from, to], sentence) => {
    expect(CONFIGURATION).toContain(from);
    expect(await refusal(written(CONFIGURATION.replace(from as string, to as string)))).toEqual(refused(sentence));
  });

  it.each([
    ['that others may read', SECRETS, 0o644, /secrets\.json can be read by others than its owner: chmod 600/],
    ['that is no JSON', '{"clients": zq-secret-zq', 0o600, /secrets\.json is not JSON/],
    ['of another shape', { clients: 'zq-secret-zq' }, 0o600, /clients must be \{"clientId", "clientSecret"\}/],
  ])('says what is wrong with a secrets file %s', async (_what, secrets, mode, sentence) => {
    expect(await refusal(written(CONFIGURATION, secrets, mode))).toEqual(refused(sentence));
  });

  it('says that a file is not there', async () => {
    const config = ['--directory', state, '--config', '/nowhere.yaml'];
    expect(await refusal(config)).toEqual(refused(/^There is no \/nowhere\.yaml\. Name another with --config/));
    const args = written(CONFIGURATION);
    rmSync(join(folder, 'secrets.json'));
    expect(await refusal(args)).toEqual(refused(/secrets\.json cannot be read \(ENOENT\)/));
  });

  it('says that the call is wrong', async () => {
    const args = ['--directory', state, '--prot', '1'];
    expect(await refusal(args)).toEqual(refused(/unknown option '--prot'[\s\S]*--port[\s\S]*See npm start -- --help/));
  });

  it('says which secret is missing, and applies nothing', async () => {
    const { code, stderr } = await start(written(CONFIGURATION, { other: SECRETS.clients }));
    expect(stderr).toMatch(/Credentials are missing: clients \(of operations\)\. Nothing was applied\./);
    expect(code).toBe(2);
    expect(existsSync(join(state, 'local.json'))).toBe(false);
  });
});

describe('steward with nothing to work on', () => {
  it('says how to start it, and how to name a stage', async () => {
    const { code, stderr } = await steward(['--directory', '/nowhere', 'status']);
    expect(stderr).toBe('Nothing runs in /nowhere. Start it with npm start, or name a deployed stage with --stage.\n');
    expect(code).toBe(2);
  });

  it.each([
    [['stats'], /unknown command 'stats'[\s\S]*Did you mean status\?[\s\S]*See steward --help/],
    [['connect'], /missing required argument 'connection'/],
    [['alerts', 'tail', '--for', 'ever'], /must be a number of seconds/],
    [['console', '--port', '0'], /must be a port, 1 to 65535/],
    [[], /Usage: steward \[/],
    [['alerts'], /Usage: steward alerts[\s\S]*tail/],
    [['alerts', 'schema', 'steward.alert.open'], /Did you mean steward\.alert\.opened/],
    [['verify', 's3://', '--key', 'package.json'], /names no bucket: say s3:\/\/bucket/],
    [['--stage', '../x', 'status'], /is no stage/],
  ])('answers %j with a sentence and exit code 2', async (args, sentence) => {
    const { code, stdout, stderr } = await steward(args);
    expect(stderr).toMatch(sentence);
    expect([code, stdout]).toEqual([2, '']);
  });

  it('tells a program under --json: what, whether to try again, and the exit code', async () => {
    const { code, stdout, stderr } = await steward(['--json', '--directory', '/nowhere', 'status']);
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: 'NOT_FOUND',
        message: expect.stringContaining('npm start') as string,
        retryable: false,
        exitCode: 2,
      },
    });
    expect([code, stdout]).toEqual([2, '']);
  });

  it('ends without a word when nobody reads on, as behind head', async () => {
    const shell = `'${process.execPath}' infra/cli/steward.ts alerts schema --json | true`;
    const { stderr } = spawnSync('sh', ['-c', shell], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } });
    expect(stderr).toBe('');
  });

  it('shows its help with examples and exit codes, on standard output', async () => {
    const { code, stdout } = await steward(['--help']);
    expect(stdout).toContain('Examples:');
    expect(stdout).toContain('Exit codes: 0 done; 1');
    expect(code).toBe(0);
  });
});
