import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/loopback-only.ts'],
    // Generous: a busy machine takes its time, and nothing asserts how long anything takes.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    pool: 'threads',
  },
});
