import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/local-host.ts';
import { isRunning, start, type StartProcess } from '../support/start-process.ts';

/** What is proved here is what happens, not how fast: other tests may have the machine meanwhile. */
const LIMIT = ['--limit', '150'];
const ONCE_MS = 200_000;
const STEP_MS = 30_000;

interface OnceJson {
  readonly ok: boolean;
  readonly connections: readonly { readonly name: string; readonly status: string; readonly generation: number }[];
  readonly exports: readonly { readonly job: string; readonly from: string; readonly to: string }[];
  readonly alerts: { readonly versions: number; readonly received: number; readonly duplicates: number };
  readonly missing: readonly string[];
}

let folder: ReturnType<typeof temporaryDirectory>;
let directory: string;
const processes: StartProcess[] = [];

function run(...args: readonly string[]): StartProcess {
  const begun = start('--directory', directory, ...args);
  processes.push(begun);
  return begun;
}

function lastLine(text: string): OnceJson {
  return JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as OnceJson;
}

/** SHA-256 of every file below the archive, by its path. */
function archived(): ReadonlyMap<string, string> {
  const root = join(directory, 'archive');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(root, name)).isFile(),
  );
  return new Map(
    files.map((name) => [
      relative(root, join(root, name)),
      createHash('sha256')
        .update(readFileSync(join(root, name)))
        .digest('hex'),
    ]),
  );
}

async function allGone(ids: readonly number[]): Promise<readonly number[]> {
  // Those whose pipe from us has closed are on their way out.
  for (let tries = 0; tries < 400 && ids.some(isRunning); tries += 1) await sleep(50);
  return ids.filter(isRunning);
}

beforeAll(() => {
  folder = temporaryDirectory();
  directory = join(folder.path, 'kept');
});
afterEach(() => {
  for (const { child } of processes.splice(0)) child.kill('SIGKILL');
});
afterAll(() => folder.remove());

describe('npm start on one folder', () => {
  let first: OnceJson;
  let files: ReadonlyMap<string, string>;

  it('is killed in the middle of --once, and leaves no process behind', { timeout: ONCE_MS }, async () => {
    const killed = run('--once');
    await killed.says(/asked for \d+ exports/u);
    await sleep(1500);
    const below = killed.descendants();
    expect(below.length).toBeGreaterThan(3);
    killed.child.kill('SIGKILL');
    expect(await killed.ended).toBe('SIGKILL');
    expect(await allGone(below)).toEqual([]);
  });

  it('makes the whole job the next time, and refuses a second Steward meanwhile', { timeout: ONCE_MS }, async () => {
    const begun = run('--once', '--json', ...LIMIT);
    await begun.says(/starting AWS/u);
    const second = run('--once');
    expect(await second.ended).toBe(2);
    expect(second.stderr()).toMatch(/is in use by process \d+\. Stop it, or choose another folder/u);

    const code = await begun.ended;
    first = lastLine(begun.stdout());
    expect({ code, ...first }).toMatchObject({ code: 0, missing: [], ok: true, alerts: { duplicates: 0 } });
    expect(begun.stderr()).not.toContain('consenting');
    files = archived();
  });

  it('says what it did in the promised shape', () => {
    expect(first).toMatchObject({ ok: true, durationMs: expect.any(Number) });
    expect(first.connections).toEqual(
      ['actionstep', 'action1', 'opsramp'].map((provider) => ({
        name: expect.any(String),
        provider,
        status: 'connected',
        generation: expect.any(Number),
        accessExpiresAt: expect.stringMatching(/^\d{4}-.*Z$/u),
      })),
    );
    expect(first.connections[0]?.generation).toBeGreaterThanOrEqual(2);
    expect(first.exports).toHaveLength(9);
    for (const one of first.exports) {
      expect(one).toEqual({
        job: expect.any(String),
        provider: expect.stringMatching(/^(?:action1|actionstep|opsramp)$/u),
        source: expect.any(String),
        from: expect.stringMatching(/Z$/u),
        to: expect.stringMatching(/Z$/u),
        rows: expect.any(Number),
        sourceTotal: expect.any(Number),
        completeness: 'reconciled',
        manifest: expect.stringMatching(/manifest\.json$/u),
        verified: true,
      });
    }
    const whole = expect.any(Number) as number;
    expect(first.alerts).toEqual({ versions: whole, published: whole, received: whole, duplicates: 0 });
  });

  it('makes the next window the second time, and repeats nothing', { timeout: ONCE_MS }, async () => {
    const begun = run('--once', '--json', ...LIMIT);
    const code = await begun.ended;
    const second = lastLine(begun.stdout());
    expect({ code, missing: second.missing }).toEqual({ code: 0, missing: [] });
    expect(begun.stderr()).not.toContain('consenting');
    const ends = (json: OnceJson, side: 'from' | 'to') =>
      Object.fromEntries(json.exports.map((one) => [one.job, one[side]]));
    expect(ends(second, 'from')).toEqual(ends(first, 'to'));
    // What the story does, once each, and nothing that had been told before.
    expect(second).toMatchObject({ ok: true, alerts: { versions: 5, received: 5, duplicates: 0 } });
    const generation = ({ connections }: OnceJson) => connections[0]?.generation ?? 0;
    expect(generation(second)).toBeGreaterThan(generation(first));
    const after = archived();
    expect([...files].filter(([name, hash]) => after.get(name) !== hash)).toEqual([]);
    expect(after.size).toBeGreaterThan(files.size);
  });

  it('runs on with what it knew, shows it, and ends with Ctrl-C', { timeout: ONCE_MS }, async () => {
    const begun = run('--port', '0');
    const [, url = ''] = await begun.says(/Console +(http:\S+)\/\n/u);
    const overview = (await (await fetch(`${url}/console/overview.json`)).json()) as OnceJson;
    expect(overview.connections.map(({ name, status }) => [name, status])).toEqual([
      ['harbour-law', 'connected'],
      ['northwind-endpoints', 'connected'],
      ['northwind-operations', 'connected'],
    ]);
    expect(await (await fetch(url)).text()).toContain('harbour-law');
    const below = begun.descendants();
    const asked = performance.now();
    begun.child.kill('SIGINT');
    expect(await begun.ended).toBe(0);
    expect(performance.now() - asked).toBeLessThan(10_000);
    expect(await allGone(below)).toEqual([]);
  });

  it('forgets with --reset, and only then', { timeout: ONCE_MS }, async () => {
    const other = run('--scale', '3', '--once');
    expect([await other.ended, other.stderr()]).toEqual([2, expect.stringMatching(/then, .* now.*--reset/su)]);
    const begun = run('--port', '0', '--reset');
    const [, url = ''] = await begun.says(/Console +(http:\S+)\/\n/u);
    const overview = (await (await fetch(`${url}/console/overview.json`)).json()) as OnceJson;
    expect(overview.connections.find(({ name }) => name === 'harbour-law')).toMatchObject({ generation: 0 });
    expect(overview.exports.filter(({ to }) => new Date(to) <= new Date(first.exports[0]?.to ?? ''))).toEqual([]);
    begun.child.kill('SIGTERM');
    expect(await begun.ended).toBe(0);
  });

  it('says that its port is taken', { timeout: STEP_MS }, async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const begun = run('--port', String(port));
    expect(await begun.ended).toBe(2);
    expect(begun.stderr()).toContain(`Port ${port} is taken: choose another one with --port`);
    expect(begun.stderr()).not.toContain('    at ');
    await new Promise((resolve) => server.close(resolve));
  });

  it('does not remove a folder that is not its own', { timeout: STEP_MS }, async () => {
    const file = join(folder.path, 'letter.txt');
    writeFileSync(file, 'Dear Sir or Madam');
    const begun = start('--directory', folder.path, '--reset', '--once');
    expect([await begun.ended, begun.stderr()]).toEqual([2, expect.stringContaining('is no folder of Steward')]);
    expect(readFileSync(file, 'utf8')).toBe('Dear Sir or Madam');
  });
});
