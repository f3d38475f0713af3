import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { demoConfiguration, DEMO_SECRETS } from '../../infra/local/demo.ts';
import { type Doubles, startDoubles } from '../../infra/local/doubles.ts';
import { consentFlow } from '../../infra/local/providers/actionstep/consent.ts';
import { temporaryDirectory } from '../support/local-host.ts';
import { start, type StartProcess } from '../support/start-process.ts';

const ONCE_MS = 200_000;

let folder: ReturnType<typeof temporaryDirectory>;
let doubles: Doubles;
let config: string;
let secrets: string;
let running: StartProcess | undefined;

beforeAll(async () => {
  folder = temporaryDirectory();
  doubles = await startDoubles({ port: 0, anchor: new Date(), scale: 0.2, accessLifeSeconds: 600 });
  config = join(folder.path, 'own.yaml');
  secrets = join(folder.path, 'secrets.json');
  writeFileSync(config, demoConfiguration(doubles.urls, doubles.anchor));
  writeFileSync(secrets, JSON.stringify(DEMO_SECRETS), { mode: 0o600 });
});
afterEach(() => running?.child.kill('SIGKILL'));
afterAll(async () => {
  await doubles.stop();
  folder.remove();
});

function run(name: string, ...args: readonly string[]): StartProcess {
  const given = ['--directory', join(folder.path, name), '--config', config, '--secrets', secrets];
  running = start(...given, ...args);
  return running;
}

describe('npm start with a configuration of its own', () => {
  it('does the job when a person follows the link', { timeout: ONCE_MS }, async () => {
    const begun = run('own', '--allow-loopback', '--once', '--json', '--limit', '150');
    const [, link = ''] = await begun.says(/harbour-law: open (http\S+) in a browser to consent/u);
    expect((await consentFlow(link)).url).toMatch(/\/outcome\/connected$/u);
    const code = await begun.ended;
    const { ok, missing, exports, alerts } = JSON.parse(begun.stdout().trimEnd().split('\n').at(-1) ?? '') as {
      ok: boolean;
      missing: readonly string[];
      exports: readonly unknown[];
      alerts: { duplicates: number };
    };
    expect({ code, missing, ok, duplicates: alerts.duplicates }).toEqual({
      code: 0,
      missing: [],
      ok: true,
      duplicates: 0,
    });
    expect(exports).toHaveLength(9);
  });

  it('keeps running and says who has to consent where, with the address that the provider has to know', async () => {
    const begun = run('kept', '--allow-loopback', '--port', '0');
    const [, link = ''] = await begun.says(/harbour-law waits for somebody's consent, at (http\S+\/connect\/\S+)/u);
    const [, redirectUri] = await begun.says(/the redirect URI (http\S+)/u);
    expect(redirectUri).toBe(`${new URL(link).origin}/callback/actionstep`);
    expect((await consentFlow(link)).url).toMatch(/\/outcome\/connected$/u);
    expect(begun.stdout()).not.toMatch(/northwind-\w+ waits/u);
    begun.child.kill('SIGTERM');
    await begun.ended;
  });

  it('says who did not consent, does the rest, and exits 1', { timeout: ONCE_MS }, async () => {
    const begun = run('alone', '--allow-loopback', '--once', '--limit', '30');
    expect(await begun.ended).toBe(1);
    expect(begun.stdout()).toContain('Missing: harbour-law: nobody consented within 30 seconds');
    expect(begun.stdout()).toMatch(/missing-updates +action1/u);
    expect(begun.stdout()).not.toMatch(/matters +actionstep/u);
  });

  it.each([
    ['endpoints on this machine that were not allowed', [], /--allow-loopback|loopback/u],
    ['--limit without --once', ['--allow-loopback', '--limit', '3'], /--limit needs --once/u],
  ])('refuses %s with a sentence and 2, and writes nothing', async (_what, args, sentence) => {
    const begun = run('refused', ...args);
    expect([await begun.ended, begun.stderr()]).toEqual([2, expect.stringMatching(sentence)]);
    expect(begun.stderr()).not.toContain('    at ');
    expect(existsSync(join(folder.path, 'refused'))).toBe(false);
  });

  it('refuses a file of secrets that others may read, and a configuration that is not there', async () => {
    chmodSync(secrets, 0o644);
    const readable = run('refused', '--allow-loopback');
    expect([await readable.ended, readable.stderr()]).toEqual([2, expect.stringMatching(/chmod 600/u)]);
    chmodSync(secrets, 0o600);
    const absent = start('--directory', join(folder.path, 'refused'), '--config', `${config}.not`);
    expect([await absent.ended, absent.stderr()]).toEqual([2, expect.stringMatching(/There is no .*own\.yaml\.not/u)]);
    expect(existsSync(join(folder.path, 'refused'))).toBe(false);
  });
});
