import { globSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const FUNCTIONS = join(ROOT, 'functions');

/** Which rooms under functions/ a room may import. A room that is not listed is an entry. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  http: ['core'],
  providers: ['core'],
  adapters: ['core'],
};

/** Packages that a room may import, besides Node's own modules. */
const PACKAGES: Readonly<Record<string, RegExp>> = {
  core: /^(valibot|croner)$/,
  http: /^undici$/,
  providers: /^valibot$/,
  // One package each: the SDK's clients, and those whose work is a port of core.
  adapters:
    /^(@aws-sdk\/|@aws-lambda-powertools\/|@middy\/|@aws\/durable-execution-sdk-js$|hyparquet-writer$|oauth4webapi$)/,
};

/** What the handler of an entry may import besides core: schemas for the event that it takes. */
const HANDLER_PACKAGES = /^valibot$/;

/** What core and the providers must be given as arguments. */
const AMBIENT: readonly RegExp[] = [
  /\bDate\.now\(/,
  /\bnew Date\(\)/,
  /\bMath\.random\(/,
  /\bprocess\.env\b/,
  /\bsetTimeout\(/,
  /\bsetInterval\(/,
  /(?<![.\w])fetch\(/,
  /\bperformance\.now\(/,
  /from 'node:(net|http|https|dns|fs|child_process|tls)/,
];

interface Source {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly imports: readonly { readonly specifier: string; readonly typeOnly: boolean }[];
}

function parse(path: string): Source {
  const text = readFileSync(path, 'utf8');
  const statements = text.matchAll(/^(?:import|export)( type)? [^;'"`]*?from '([^']+)'|^import '([^']+)'/gm);
  const dynamic = text.matchAll(/(typeof )?\bimport\('([^']+)'\)/g);
  const imports = [
    ...[...statements].map((match) => ({ specifier: match[2] ?? match[3] ?? '', typeOnly: match[1] !== undefined })),
    ...[...dynamic].map((match) => ({ specifier: match[2] ?? '', typeOnly: match[1] !== undefined })),
  ];
  return { path, text, imports, room: relative(FUNCTIONS, path).split(sep)[0] ?? '' };
}

const sources = globSync('**/*.ts', { cwd: FUNCTIONS }).map((name) => parse(join(FUNCTIONS, name)));
const named = (source: Source) => relative(ROOT, source.path);
const roomOf = (source: Source, specifier: string) =>
  relative(FUNCTIONS, join(source.path, '..', specifier)).split(sep);

function wrongRooms(source: Source): string[] {
  const isEntryIndex = source.path.endsWith(`${sep}index.ts`);
  const allowed = MAY_IMPORT[source.room] ?? (isEntryIndex ? Object.keys(MAY_IMPORT) : ['core']);
  return source.imports
    .filter(({ specifier }) => specifier.startsWith('.'))
    .filter(({ specifier }) => {
      const [room = '', folder] = roomOf(source, specifier);
      if (room === '..') return true;
      if (room !== source.room) return !allowed.includes(room);
      const own = relative(FUNCTIONS, source.path).split(sep)[1];
      const isRegistry = source.path.endsWith(join('providers', 'registry.ts'));
      return (room === 'providers' || room === 'adapters') && !isRegistry && folder !== own;
    })
    .map(({ specifier }) => `${named(source)} imports ${specifier}`);
}

function wrongPackages(source: Source): string[] {
  const allowed = PACKAGES[source.room];
  const isEntryIndex = allowed === undefined && source.path.endsWith(`${sep}index.ts`);
  return source.imports
    .filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
    .filter(({ specifier, typeOnly }) => {
      if (isEntryIndex || (typeOnly && specifier === 'aws-lambda')) return false;
      return allowed === undefined ? !typeOnly && !HANDLER_PACKAGES.test(specifier) : !allowed.test(specifier);
    })
    .map(({ specifier }) => `${named(source)} imports ${specifier}`);
}

describe('architecture', () => {
  it('keeps every import inside the rooms it may reach', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(sources.flatMap(wrongRooms)).toEqual([]);
  });

  it('keeps every package in the room that it is for', () => {
    expect(sources.flatMap(wrongPackages)).toEqual([]);
  });

  it('gives core and the providers time, randomness, environment and the network as arguments', () => {
    const found = sources
      .filter(({ room }) => room === 'core' || room === 'providers')
      .flatMap((source) =>
        AMBIENT.filter((pattern) => pattern.test(withoutComments(source.text))).map(
          (pattern) => `${named(source)}: ${pattern}`,
        ),
      );
    expect(found).toEqual([]);
  });

  it('opens sockets in http only', () => {
    const found = sources
      .filter(({ room }) => room !== 'http')
      .filter(({ text }) => /from 'undici'|from 'node:(net|http|https|tls)'/.test(text));
    expect(found.map(named)).toEqual([]);
  });

  it('imports infra from nowhere in functions, and local mode from nowhere but itself', () => {
    const infra = globSync('infra/**/*.ts', { cwd: ROOT }).map((name) => parse(join(ROOT, name)));
    const fromOutside = infra
      .filter(({ path }) => !path.includes(`${sep}local${sep}`) && !path.includes(`${sep}cli${sep}`))
      .filter(({ imports }) => imports.some(({ specifier }) => /\/(local|cli)\//.test(specifier)));
    expect(fromOutside.map(named)).toEqual([]);
  });

  it('has no file named for nothing, and no default export', () => {
    expect(sources.filter(({ path }) => /\/(utils|helpers|common|misc|manager)\.ts$/.test(path)).map(named)).toEqual(
      [],
    );
    expect(sources.filter(({ text }) => /^export default/m.test(text)).map(named)).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
}
