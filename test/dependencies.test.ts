import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

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
  readonly optional?: boolean;
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
});
