// What the bundles leave out of packages, because a Lambda function never reaches it. The local host and the tests run
// the same bundles, so a cut that was too deep fails there.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Replaces one package by a few lines of our own. */
function replacement(name: string, filter: RegExp, contents: string): Plugin {
  return {
    name,
    setup(build) {
      build.onResolve({ filter }, () => ({ path: name, namespace: name }));
      build.onLoad({ filter: /.*/, namespace: name }, () => ({ contents, resolveDir: ROOT, loader: 'js' }));
    },
  };
}

/**
 * The SDK's default chain of credential sources becomes its first link, the environment.
 *
 * Lambda, and the local host, put a function's credentials there and nowhere else. The rest of the chain (files, SSO,
 * web identity, a browser's login) would be code that a function can only reach by mistake.
 */
const environmentCredentials = replacement(
  'environment-credentials',
  /^@aws-sdk\/credential-provider-node$/,
  `import { fromEnv } from '@aws-sdk/credential-provider-env'; export const defaultProvider = fromEnv;`,
);

/**
 * Of undici, the `Agent`: 730 kB become 250. Its index loads fetch, web sockets, caches, mocks and proxies besides, and
 * cannot be shaken.
 */
const agentOnly = replacement(
  'undici-agent',
  /^undici$/,
  `export { default as Agent } from 'undici/lib/dispatcher/agent.js';`,
);

/**
 * Undici carries two builds of its parser and takes the one without SIMD on processors that Lambda does not have:
 * both names get the other one.
 */
const oneParser: Plugin = {
  name: 'one-parser',
  setup(build) {
    build.onResolve({ filter: /llhttp\/llhttp-wasm\.js$/ }, ({ importer, kind, resolveDir }) =>
      build.resolve('../llhttp/llhttp_simd-wasm.js', { importer, kind, resolveDir }),
    );
  },
};

/**
 * Lets the schemas of operations that nobody calls be shaken out of the SDK's clients.
 *
 * Their keys are written as `[name]:` with constants of the same file, which might have had a side effect for all that
 * a bundler knows. With the names put in, S3 and Lambda lose half of what they weigh.
 */
const shakeableSchemas: Plugin = {
  name: 'shakeable-schemas',
  setup(build) {
    build.onLoad({ filter: /@aws-sdk\/.*\/dist-es\/schemas\/schemas_\d+\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const names = new Map(
        [...source.matchAll(/^const (\w+) = ("[^"\n]*");$/gm)].map(([, name, text]) => [name, text]),
      );
      const contents = source.replaceAll(/\[(\w+)\]:/g, (whole, name: string) => {
        const text = names.get(name);
        return text === undefined ? whole : `${text}:`;
      });
      return { contents, loader: 'js' };
    });
  },
};

/** The part of the SDK that reads a browser's name, which it would load where there is one. */
const noBrowser = replacement('no-browser', /^bowser$/, 'export default {};');

export const LAMBDA_CUTS: Plugin[] = [environmentCredentials, agentOnly, oneParser, shakeableSchemas, noBrowser];
