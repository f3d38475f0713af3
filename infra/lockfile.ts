// Adds the platform binaries that a registry mirror may lack to package-lock.json: npm leaves them out when it cannot
// see them, and `npm ci` then rejects the file. On the platforms that they are for, npm fetches them by version.
import { readFileSync, writeFileSync } from 'node:fs';

interface LockPackage {
  version?: string;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  dev?: boolean;
  optional?: boolean;
  bin?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const OPERATING_SYSTEMS = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'win32',
  'win',
  'openharmony',
  'openbsd',
  'netbsd',
  'sunos',
  'aix',
];
const PROCESSORS = ['x64', 'arm64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'wasm32', 'loong64', 'mips64el'];

function isInstalled(packages: Record<string, LockPackage>, from: string, name: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, folder.lastIndexOf('node_modules')).replace(/\/$/, '')) {
    if (packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`] !== undefined) return true;
    if (!folder.includes('node_modules')) return false;
  }
}

function platformEntry(name: string, version: string, dev: boolean | undefined): LockPackage {
  const words = name.split(/[-/]/);
  const os = OPERATING_SYSTEMS.find((word) => words.includes(word));
  const cpu = PROCESSORS.find((word) => words.includes(word));
  const libc = name.includes('musl') ? 'musl' : name.includes('gnu') ? 'glibc' : undefined;
  return {
    version,
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(dev === true ? { dev } : {}),
    optional: true,
    ...(os === undefined ? {} : { os: [os === 'win' ? 'win32' : os] }),
    ...(libc === undefined ? {} : { libc: [libc] }),
    // npm links a binary by what the lock file says, before it has seen the package.
    ...(name.startsWith('node-') ? { bin: { node: 'bin/node' } } : {}),
  };
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, LockPackage> };
let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    if (!/^[\^~]?\d/.test(range) || isInstalled(lock.packages, path, name)) continue;
    lock.packages[`node_modules/${name}`] = platformEntry(name, range.replace(/^[\^~]/, ''), entry.dev);
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
console.log(`package-lock.json: ${added} platform entries added`);
