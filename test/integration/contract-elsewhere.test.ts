import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { cleanUp, foreignClient } from '../support/aws-endpoint.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** One for each service, and one port on each kind of store. */
const SUITES = ['breakers', 'dynamodb', 'kms', 'lambda', 's3', 'secrets-manager', 'sns-publisher'];

/** An address of this machine that is not loopback: what an emulator in a container has. */
const OUTSIDE = Object.values(networkInterfaces())
  .flatMap((addresses = []) => addresses)
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;

interface Results {
  readonly numFailedTests: number;
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** What a shell has that never heard of AWS. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const names = Object.keys(process.env).filter((name) => !/^(AWS|CONTRACT|VITEST)_/u.test(name));
  return { ...Object.fromEntries(names.map((name) => [name, process.env[name]])), HOME: '/nonexistent' };
}

describe('the contract suites on an endpoint that somebody else started', () => {
  let cloud: ChildProcess;
  let folder: string;
  const environment = plainEnvironment();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'steward-contract-'));
    cloud = spawn(process.execPath, [`${ROOT}test/support/cloud-process.ts`], {
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (cloud.stdout === null) throw new Error('no output');
    for await (const line of createInterface({ input: cloud.stdout })) {
      const [, name = '', value = ''] = /^(\w+)=(.*)$/u.exec(line) ?? [];
      environment[name] = value;
      if (name === 'CONTRACT_SIGNING_KEY') break;
    }
  });
  afterAll(async () => {
    const ended = once(cloud, 'close');
    cloud.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(suites: readonly string[], address = environment['AWS_ENDPOINT_URL']): Promise<Results> {
    const file = join(folder, 'results.json');
    const files = suites.map((name) => `test/contract/${name}.test.ts`);
    const args = ['run', '--config', 'test/vitest.config.ts', '--reporter=json', `--outputFile=${file}`, ...files];
    const env = { ...environment, AWS_ENDPOINT_URL: address };
    await once(
      spawn(process.execPath, ['node_modules/vitest/vitest.mjs', ...args], { cwd: ROOT, env, stdio: 'ignore' }),
      'close',
    );
    const results = JSON.parse(readFileSync(file, 'utf8')) as Results;
    const failed = results.testResults.flatMap((one) => one.assertionResults).filter((one) => one.status === 'failed');
    expect(failed).toEqual([]);
    expect(results.testResults.map(({ message }) => message).filter((text) => text !== '')).toEqual([]);
    expect(results.testResults).toHaveLength(suites.length);
    return results;
  }

  it('pass with its address and no credentials, and say why a part is skipped', async () => {
    const { testResults, numPassedTests } = await run(SUITES);
    expect(numPassedTests).toBeGreaterThan(40);
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
    const skipped = tests.filter(({ status }) => status !== 'passed').map(({ fullName }) => fullName);
    const reasons = /on this machine|skipped: CONTRACT_DURABLE_FUNCTION names no function there/u;
    expect(skipped.filter((name) => !reasons.test(name))).toEqual([]);
    expect(skipped.length).toBeGreaterThan(0);
  });

  it.skipIf(OUTSIDE === undefined)('pass where it is not on loopback', async () => {
    const there = new URL(environment['AWS_ENDPOINT_URL'] ?? '');
    const proxy = createServer((near) => {
      const far = connect(Number(there.port), there.hostname);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        from.pipe(to);
        from.on('error', () => to.destroy());
      }
    });
    proxy.listen(0, OUTSIDE);
    await once(proxy, 'listening');
    const { port } = proxy.address() as AddressInfo;
    try {
      const { numPassedTests } = await run(['breakers', 'kms'], `http://${OUTSIDE}:${port}`);
      expect(numPassedTests).toBeGreaterThan(5);
    } finally {
      proxy.close();
    }
  });
});

describe('a client for an endpoint of somebody else', () => {
  const endpoint = 'http://127.0.0.1:4566';
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

  it.each([
    [
      'makes credentials up where there are none',
      { AWS_ENDPOINT_URL: endpoint },
      { endpoint, credentials, region: 'us-east-1' },
    ],
    ['never for AWS itself', { CONTRACT_ON: 'aws' }, { region: 'us-east-1' }],
    ['takes an empty address for none', { AWS_ENDPOINT_URL: '' }, { region: 'us-east-1' }],
    [
      'uses the credentials that there are',
      { AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: 'mine', AWS_REGION: 'eu-west-1' },
      { endpoint, region: 'eu-west-1' },
    ],
    [
      'uses a file of them',
      { AWS_ENDPOINT_URL: endpoint, AWS_SHARED_CREDENTIALS_FILE: '/run/keys', AWS_DEFAULT_REGION: 'eu-west-2' },
      { endpoint, region: 'eu-west-2' },
    ],
  ])('%s', (_title, environment, expected) => {
    expect(foreignClient(environment, '/nonexistent')).toEqual({ ...expected, maxAttempts: 3 });
  });

  it('cleans up to the end, and tells what it had to leave', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const done: string[] = [];
    await cleanUp([
      async () => done.push('one'),
      () => Promise.reject(new Error('bucket x is not empty')),
      async () => done.push('two'),
    ]);
    expect(done).toEqual(['one', 'two']);
    expect(warn.mock.calls).toEqual([[expect.stringContaining('bucket x is not empty')]]);
    warn.mockRestore();
  });
});
