import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { judgeAge, judgeAudit } from '../infra/supply-chain/judge-registry.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8');

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}
interface Lock {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, LockEntry>>;
}
interface LockEntry {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
  readonly peer?: boolean;
  readonly link?: boolean;
  readonly inBundle?: boolean;
}

describe('S89: what is installed', () => {
  const manifest = JSON.parse(read('package.json')) as Manifest;
  const lock = JSON.parse(read('package-lock.json')) as Lock;
  const entries = Object.entries(lock.packages).filter(([path]) => path !== '');

  it('runs no install script', () => {
    expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
  });

  it('is pinned to a version each, by us and by the lock file', () => {
    const { dependencies, devDependencies, optionalDependencies } = manifest;
    const wanted = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
    expect(wanted.filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))).toEqual([]);
    expect(entries.filter(([, { version, link }]) => version === undefined && link !== true)).toEqual([]);
  });

  it('has a strong hash in the lock file; the optional binaries of other machines alone may lack one', () => {
    const unhashed = entries.filter(([, { integrity, optional, link, inBundle }]) => {
      return integrity?.startsWith('sha512-') !== true && optional !== true && link !== true && inBundle !== true;
    });
    expect(unhashed.map(([path]) => path)).toEqual([]);
  });

  it('names no host of a registry', () => {
    expect(entries.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
    expect(read('.npmrc')).not.toMatch(/registry\s*=|_auth/);
  });

  it('comes from few: what functions may import is listed room by room in architecture.test.ts', () => {
    const vendors = new Set(Object.keys(manifest.dependencies).map((name) => name.split('/')[0]));
    expect(vendors.size).toBeLessThanOrEqual(13);
  });

  it('is named in the README with its reason, package by package', () => {
    const table = read('README.md').match(/\| package \| why \|\n\| --- \| --- \|\n((?:\|.*\n)+)/)?.[1] ?? '';
    const rows = table
      .trim()
      .split('\n')
      .map((row) => row.split('|').map((cell) => cell.trim()));
    expect(rows.filter(([, , reason = '']) => reason.length < 10)).toEqual([]);
    const named = rows.flatMap(([, packages = '']) =>
      [...packages.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    );
    // `@aws-sdk/client-*` is a family; `metrics` after `@aws-lambda-powertools/logger` is of the same scope.
    const covers = (name: string, one: string) =>
      name === one || (one.endsWith('*') && name.startsWith(one.slice(0, -1))) || name.endsWith(`/${one}`);
    const names = Object.keys(manifest.dependencies);
    expect(names.filter((name) => !named.some((one) => covers(name, one)))).toEqual([]);
    expect(named.filter((one) => !names.some((name) => covers(name, one)))).toEqual([]);
  });

  it('is installed in CI as the lock file has it, and no other way', () => {
    const commands = read('.ci/run')
      .split('\n')
      .filter((line) => !line.startsWith('#'));
    expect(commands).toContain('npm ci');
    expect(commands.filter((line) => /npm (i|install|add|update)\b|npx /.test(line))).toEqual([]);
  });

  it('is listed by npm run sbom with version, licence and the hash of the lock file', () => {
    execFileSync('node', ['infra/supply-chain/sbom.ts'], { cwd: ROOT });
    const { components } = JSON.parse(read('.build/sbom.cdx.json')) as { readonly components: readonly Component[] };
    const deployed = entries.filter(
      ([, { dev, optional, devOptional, peer }]) => !dev && !optional && !devOptional && !peer,
    );
    const listed = components.map(({ name, version, hashes }) => [
      name,
      version,
      `sha512-${Buffer.from(hashes?.find(({ alg }) => alg === 'SHA-512')?.content ?? '', 'hex').toString('base64')}`,
    ]);
    const locked = deployed.map(([path, { version, integrity }]) => [
      path.split('node_modules/').at(-1),
      version,
      integrity,
    ]);
    const lines = (rows: readonly (readonly unknown[])[]) => rows.map((row) => row.join(' ')).toSorted();
    expect(lines(listed)).toEqual(lines(locked));
    expect(components.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(manifest.dependencies)));
    expect(components.filter(({ licenses }) => licenses === undefined || licenses.length === 0)).toEqual([]);
  });
});

interface Component {
  readonly name: string;
  readonly version: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses?: readonly unknown[];
}

describe('S89: what the registry says', () => {
  const counts = { info: 3, low: 0, moderate: 0, high: 0, critical: 0, total: 3 };
  const report = (vulnerabilities: object) => JSON.stringify({ auditReportVersion: 2, metadata: { vulnerabilities } });

  it.each([
    ['passed', 'no advisory', report(counts)],
    ['failed', 'an advisory of any weight', report({ ...counts, low: 1, total: 4 })],
    ['skipped', 'a registry without advisories', '{"message":"405 Method Not Allowed","statusCode":405}'],
    ['skipped', 'an answer in another form', '{"metadata":{}}'],
    ['skipped', 'no answer', ''],
    ['skipped', 'a page instead of an answer', '<html>'],
    ['skipped', 'null', 'null'],
  ])('%s: %s', (outcome, _title, printed) => {
    expect(judgeAudit(printed).outcome).toBe(outcome);
  });

  const now = new Date('2026-11-27T12:00:00Z');
  it.each([
    ['passed', 'seven days old', '{"1.0.0":"2026-11-20T12:00:00Z"}'],
    ['failed', 'a second less', '{"1.0.0":"2026-11-20T12:00:01Z"}'],
    ['skipped', 'without a date', '{"2.0.0":"2026-11-20T12:00:00Z"}'],
    ['skipped', 'with a date that is none', '{"1.0.0":"yesterday"}'],
    ['skipped', 'of a registry that does not answer', ''],
  ])('%s: a version %s', (outcome, _title, printed) => {
    expect(judgeAge('one', '1.0.0', printed, now).outcome).toBe(outcome);
  });
});
