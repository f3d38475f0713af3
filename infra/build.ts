// Builds the Lambda bundles and the command: `npm run build`, `npm start`, the tests and the CDK stack use the same bytes.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions } from 'esbuild';
import { LAMBDA_CUTS } from './bundle-cuts.ts';
import { FUNCTIONS, type FunctionName } from './functions.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

export interface BuiltFunction {
  readonly name: string;
  /** The folder that is uploaded; `index.mjs` in it exports `handler`. */
  readonly directory: string;
  /** Bytes of all JavaScript in it, without source maps. */
  readonly bytes: number;
  /** Whether it was taken over from an earlier build of the same sources. */
  readonly reused: boolean;
}

export interface BuildFunctionsOptions {
  /** All seven where it is not given. */
  readonly names?: readonly FunctionName[];
  /** `.build/functions` where it is not given; a function's folder in it is emptied first. */
  readonly outdir?: string;
}

/** What one bundle is made from. */
export interface Bundle {
  readonly name: string;
  readonly entry: string;
  readonly directory: string;
}

/** Builds `functions/<name>/index.ts` into `<outdir>/<name>/index.mjs`, skipping what has not changed. */
export async function buildFunctions(options: BuildFunctionsOptions = {}): Promise<BuiltFunction[]> {
  const names = options.names ?? FUNCTIONS.map(({ name }) => name);
  const outdir = options.outdir ?? join(ROOT, '.build/functions');
  const bundles = names.map((name) => ({
    name,
    entry: join(ROOT, 'functions', name, 'index.ts'),
    directory: join(outdir, name),
  }));
  return Promise.all(bundles.map((bundle) => buildBundle(bundle)));
}

/** Builds the command, `.build/cli/steward.mjs`. */
export async function buildCommand(): Promise<BuiltFunction> {
  const directory = join(ROOT, '.build/cli');
  return buildBundle({ name: 'steward', entry: join(ROOT, 'infra/cli/steward.ts'), directory }, { forLambda: false });
}

/**
 * Builds one entry into one folder, for Lambda without what Lambda does not need.
 *
 * Tests bundle their own handlers with it, so that these run as ours do.
 */
export async function buildBundle(bundle: Bundle, { forLambda = true } = {}): Promise<BuiltFunction> {
  const record = `${bundle.directory}.json`;
  const known = readRecord(record);
  if (known && existsSync(bundle.directory) && known.fingerprint === fingerprintOf(known.inputs)) {
    return { name: bundle.name, directory: bundle.directory, bytes: known.bytes, reused: true };
  }
  rmSync(bundle.directory, { recursive: true, force: true });
  const { build } = await import('esbuild');
  const { metafile } = await build({ ...settings(bundle), plugins: forLambda ? LAMBDA_CUTS : [] });
  const inputs = Object.keys(metafile.inputs).filter((path) => existsSync(join(ROOT, path)));
  const code = Object.entries(metafile.outputs).filter(([path]) => path.endsWith('.mjs'));
  const bytes = code.reduce((sum, [, output]) => sum + output.bytes, 0);
  mkdirSync(dirname(record), { recursive: true });
  writeFileSync(record, JSON.stringify({ fingerprint: fingerprintOf(inputs), bytes, inputs } satisfies BuildRecord));
  return { name: bundle.name, directory: bundle.directory, bytes, reused: false };
}

/**
 * ES modules, split, so that code behind an `import()` is loaded when it is needed: together with taking the SDK's
 * modules as they were written this is worth 80 ms of a cold start. The banner gives CommonJS packages their `require`.
 */
function settings(bundle: Bundle): BuildOptions & { metafile: true } {
  const entryName = bundle.name === 'steward' ? 'steward' : 'index';
  return {
    absWorkingDir: ROOT,
    entryPoints: { [entryName]: bundle.entry },
    outdir: bundle.directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    // What Node itself sets when it bundles undici: without the experimental parser, 150 kB.
    define: { esbuildDetection: 'true' },
    minify: true,
    keepNames: false,
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    banner: {
      js: "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);",
    },
    logLevel: 'error',
    metafile: true,
  };
}

interface BuildRecord {
  readonly fingerprint: string;
  readonly bytes: number;
  readonly inputs: readonly string[];
}

function readRecord(path: string): BuildRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as BuildRecord;
  } catch {
    return undefined;
  }
}

/** What a bundle depends on: its sources, the versions of packages, and this file. */
function fingerprintOf(inputs: readonly string[]): string {
  const sources = inputs.filter((path) => !path.includes('node_modules'));
  const all = [...sources, 'package-lock.json', 'tsconfig.json', 'infra/build.ts', 'infra/bundle-cuts.ts'];
  const sum = createHash('sha256');
  for (const path of all.toSorted()) sum.update(`${path} ${hashOf(join(ROOT, path))}\n`);
  return sum.digest('hex');
}

function hashOf(path: string): string {
  const content = existsSync(path) ? readFileSync(path) : '';
  return createHash('sha256').update(content).digest('hex');
}

if (import.meta.main) {
  const startedMs = performance.now();
  const built = [...(await buildFunctions()), await buildCommand()];
  for (const { name, bytes, reused } of built) {
    console.log(`${name.padEnd(18)} ${(bytes / 1000).toFixed(0).padStart(5)} kB${reused ? '  unchanged' : ''}`);
  }
  console.log(`Built in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
}
