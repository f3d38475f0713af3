import { defineConfig } from 'vitest/config';

/**
 * The tests that judge a mutant: quick ones that run in one process. What takes seconds, starts processes or
 * measures memory would be run once for every mutant that it reaches.
 */
export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    include: (process.env['MUTATION_TESTS'] ?? 'test/unit')
      .split(',')
      .map((path) => (path.endsWith('.ts') ? path : `${path}/**/*.test.ts`)),
    exclude: ['**/export-memory.test.ts'],
    testTimeout: 30_000,
    pool: 'threads',
    // A third less work; each mutant still gets a process state of its own.
    isolate: false,
  },
});
