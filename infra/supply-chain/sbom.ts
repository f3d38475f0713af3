// `npm run sbom`: what the functions and the command are made of, as CycloneDX, from the lock file alone: names,
// versions, licences and the hashes that `npm ci` checks.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const FILE = '.build/sbom.cdx.json';

interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
  readonly peer?: boolean;
}
interface Sbom {
  readonly components: readonly { readonly 'bom-ref': string }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, LockEntry>>;
};
const deployed = new Set(
  Object.entries(packages)
    .filter(([, { dev, optional, devOptional, peer }]) => !dev && !optional && !devOptional && !peer)
    .map(([path, { version }]) => `${path === '' ? 'steward' : path.split('node_modules/').at(-1)}@${version}`),
);

// npm's own `--omit=dev` leaves out what something of development needs as well, the SDK's core among it.
const options = { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 } as const;
const command = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'];
const sbom = JSON.parse(execFileSync('npm', command, options)) as Sbom;
const components = sbom.components.filter((component) => deployed.has(component['bom-ref']));
const dependencies = sbom.dependencies
  .filter(({ ref }) => deployed.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => deployed.has(other)) }));

mkdirSync(join(ROOT, '.build'), { recursive: true });
writeFileSync(join(ROOT, FILE), `${JSON.stringify({ ...sbom, components, dependencies }, null, 2)}\n`);
console.log(`${FILE}: ${components.length} packages`);
