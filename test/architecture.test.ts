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

/** Node's own modules that a room may import. An index.ts may import any: it is where the ambient becomes an argument. */
const NODE_MODULES: Readonly<Record<string, RegExp>> = {
  core: /^node:crypto$/,
  providers: /^node:crypto$/,
  adapters: /^node:(crypto|util|zlib)$/,
  http: /^node:(dns|net|util|zlib)$/,
};

/** What everything but an index.ts must be given as an argument. */
const AMBIENT: readonly RegExp[] = [
  /\bDate\.now\b/,
  /\bnew Date(?:\(\)|;)/,
  /(?<![.\w]|new )Date\(/,
  /\bMath\.random\b/,
  /\brandom(?:Bytes|Int|FillSync|Fill)\b|\bgetRandomValues\b/,
  /(?<![.\w])process\b/,
  /(?<![.\w])(?:setTimeout|setInterval|setImmediate)\(/,
  /(?<![.\w])fetch\(|\bnew (?:WebSocket|EventSource)\b/,
  /(?<![.\w])(?:performance|globalThis)\b/,
  /(?<![.\w])Temporal\b/,
  /\bcreateRequire\b|(?<![.\w])eval\(|\bnew Function\b/,
];

/** Draws that are no argument, each with the reason. */
const OWN_DRAWS: Readonly<Record<string, { readonly pattern: RegExp; readonly reason: string }>> = {
  'functions/adapters/dynamodb/authorization-store.ts': {
    pattern: /\brandomUUID\b/,
    reason: 'Marks one write, so that the client that repeats it knows its own. Nothing is decided by it.',
  },
  'functions/http/exchange.ts': {
    pattern: /\bsetTimeout\(/,
    reason: 'The time-out of a request; how long it is comes with the request.',
  },
};
const DRAWS = /\brandomUUID\b|\bAbortSignal\.timeout\b/;

interface Source {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly imports: readonly { readonly specifier: string; readonly typeOnly: boolean }[];
}

function parse(path: string): Source {
  const text = readFileSync(path, 'utf8');
  const statements = text.matchAll(/^(?:import|export)( type)? [^;'"`]*?from '([^']+)'|^import '([^']+)'/gm);
  const dynamic = text.matchAll(/(typeof )?\bimport\((?!\))\s*(?:(['"`])(.*?)\2|)/g);
  const imports = [
    ...[...statements].map((match) => ({ specifier: match[2] ?? match[3] ?? '', typeOnly: match[1] !== undefined })),
    // What is computed is a package that no room may have.
    ...[...dynamic].map((match) => ({ specifier: match[3] ?? 'computed', typeOnly: match[1] !== undefined })),
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

  it('takes time, randomness, environment and the network from an index.ts, and from nowhere else', () => {
    const found = sources
      .filter(({ path }) => !path.endsWith(`${sep}index.ts`))
      .flatMap((source) =>
        [...AMBIENT, DRAWS]
          .filter((pattern) =>
            pattern.test(
              withoutTexts(source.text).replaceAll(new RegExp(OWN_DRAWS[named(source)]?.pattern ?? /(?!)/, 'g'), ''),
            ),
          )
          .map((pattern) => `${named(source)}: ${pattern}`),
      );
    expect(found).toEqual([]);
    const unused = Object.entries(OWN_DRAWS).filter(
      ([name, { pattern }]) => !pattern.test(withoutTexts(readFileSync(join(ROOT, name), 'utf8'))),
    );
    expect(unused).toEqual([]);
  });

  it.each([
    ['const at = Date.now();', true],
    ['const at = new Date();', true],
    ['const at = Date();', true],
    ['const at = new Date(ms);', false],
    ['now: () => clock.now()', false],
    ['const { randomBytes: draw } = crypto;', true],
    ['const stage = process.env.STAGE;', true],
    ['import { env } from process', true],
    ['const process = 1; // not ours', true],
    ['await run.process(it)', false],
    ['const socket = new WebSocket(url);', true],
    ['await dependencies.fetch(url)', false],
    ['globalThis.crypto', true],
    ['const at = Temporal.Now.instant();', true],
    ["const fs = createRequire(import.meta.url)('fs');", true],
    ['const work = new Function(text);', true],
    ["throw new Error('the process ended')", false],
    ['/* Date.now() */', false],
  ])('knows %j for ambient or not: %s', (text, ambient) => {
    expect(AMBIENT.some((pattern) => pattern.test(withoutTexts(text)))).toBe(ambient);
  });

  it('has no module of Node in a room that it is not for', () => {
    const found = sources.flatMap((source) => {
      const allowed = source.path.endsWith(`${sep}index.ts`) ? /./ : (NODE_MODULES[source.room] ?? /^$/);
      return source.imports
        .filter(({ specifier }) => specifier.startsWith('node:') && !allowed.test(specifier))
        .map(({ specifier }) => `${named(source)} imports ${specifier}`);
    });
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

/** Without comments and texts: in those a word means nothing. A template stays: it may hold code. */
function withoutTexts(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/^\s*\/\/.*$/gm, '')
    .replaceAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''");
}
