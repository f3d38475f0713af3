import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const FUNCTIONS = new URL('../../functions/', import.meta.url).pathname;
const NO_ENTRIES = ['adapters', 'core', 'http', 'providers'];

/** The composition of each function: what only a deploy puts together. */
const ENTRIES = readdirSync(FUNCTIONS, { withFileTypes: true })
  .filter((room) => room.isDirectory() && !NO_ENTRIES.includes(room.name))
  .map(({ name }) => [name, readFileSync(join(FUNCTIONS, name, 'index.ts'), 'utf8')] as const);

describe.each(ENTRIES)('the entry of %s', (_name, text) => {
  it('S77: goes to loopback only where somebody has allowed it', () => {
    const allowed = [...text.matchAll(/allowLoopback: (.*?) \}/gu)].map(([, value = '']) => value);
    expect(text.split('createSend({')).toHaveLength(allowed.length + 1);
    for (const value of allowed) expect(value).toMatch(/^process\.env(?:\.|\[')EGRESS_LOOPBACK(?:'\])? === 'allowed'$/);
  });

  it('writes events to as many shards as the stage has', () => {
    const counts = [...text.matchAll(/shardCount: (.*),/gu)].map(([, value]) => value);
    expect(text.split(/create(?:ConnectionStore|ConsentStores)\(\{/)).toHaveLength(counts.length + 1);
    for (const value of counts) expect(value).toBe('Number(config.SHARD_COUNT)');
  });
});
