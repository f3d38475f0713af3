import { globSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { collect, type Test } from './collect.ts';

const COLLECT = new URL('collect.ts', import.meta.url).href;
/** What starts processes and measures their memory judges no mutant. */
const PROCESS_TESTS = ['**/{export,send}-memory.test.ts'];

/** Modules of the sandbox carry the number of their loading, so that they can be loaded afresh. */
let loading = 0;

/** Gives the tests `collect.ts` for `vitest`, and each loading modules of its own. */
export function redirectImports(sandbox: string): void {
  const own = ['functions', 'test', 'infra'].map((room) => pathToFileURL(join(sandbox, room)).href);
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'vitest' && context.parentURL !== COLLECT) return { url: COLLECT, shortCircuit: true };
      const resolved = next(specifier, context);
      const { url } = resolved;
      const isOwn = !url.includes('?') && own.some((room) => url.startsWith(`${room}/`));
      return isOwn ? { ...resolved, url: `${url}?${loading}` } : resolved;
    },
  });
}

function testFiles(sandbox: string): readonly string[] {
  const patterns = (process.env['MUTATION_TESTS'] ?? 'test/unit').split(',');
  return patterns.flatMap((path) =>
    globSync(path.endsWith('.ts') ? path : `${path}/**/*.test.ts`, { cwd: sandbox, exclude: PROCESS_TESTS }).toSorted(),
  );
}

/** The area's tests, or those of some files. */
export async function loadTests(sandbox: string, files = testFiles(sandbox)): Promise<readonly Test[]> {
  loading += 1;
  const tests: Test[] = [];
  for (const file of new Set(files)) {
    tests.push(...(await collect(file, () => import(pathToFileURL(join(sandbox, file)).href))));
  }
  return tests;
}
