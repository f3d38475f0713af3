import { describe, expect, it } from 'vitest';
import { standingRecord } from '../../../../functions/core/reports/standing-record.ts';
import type { WindowAction } from '../../../../functions/core/schedules/window-store.ts';
import { createWorld, DAY, NEXT_DAY } from '../../../support/export-world.ts';

/** Two windows in the archive, the second an export or a gap, and the place that it has in the chain. */
async function twoRecords(action: 'export' | 'gap') {
  const world = createWorld();
  await world.drive(await world.begin(DAY.from, DAY.to));
  const chain = await world.windows.chain('nightly');
  if (chain === undefined) throw new Error('no chain');
  world.state.now = new Date(Date.parse(NEXT_DAY.to) + 5000);
  await world.drive(await world.begin(NEXT_DAY.from, NEXT_DAY.to, { action, reason: 'missed' }));
  const prefix = world.prefix(NEXT_DAY.from, NEXT_DAY.to);
  const found = (asked: WindowAction, change: Partial<typeof chain> = {}) =>
    standingRecord(
      world.archive,
      prefix,
      { job: 'nightly', ...NEXT_DAY, attempt: 2, action: asked },
      { ...chain, ...change },
    );
  return { found, prefix };
}

describe('standingRecord()', () => {
  it.each([
    ['export', 'manifest.json', ['export', 'gap', 'fill']],
    ['gap', 'gap.json', ['export', 'gap']],
  ] as const)('finds that of an %s in the place of whatever is to be written', async (action, name, asked) => {
    const { found, prefix } = await twoRecords(action);
    expect(await Promise.all(asked.map((one) => found(one)))).toEqual(asked.map(() => prefix + name));
  });

  it('lets a gap stand while it is filled', async () => {
    const { found } = await twoRecords('gap');
    expect(await found('fill')).toBeNull();
  });

  it('takes a record of its own kind wherever it belongs, and one of the other kind only in its place', async () => {
    const { found, prefix } = await twoRecords('export');
    const elsewhere = { last: { key: 'k', sha256: '0'.repeat(64) } };
    for (const change of [{ sequence: 7 }, elsewhere]) {
      expect(await found('export', change)).toBe(`${prefix}manifest.json`);
      expect(await found('gap', change)).toBeNull();
    }
  });

  it('prefers its own kind where both stand', async () => {
    const world = createWorld();
    for (const name of ['manifest.json', 'gap.json']) {
      await world.archive.write({ key: `p/${name}`, bytes: Buffer.from('{}'), contentType: 'application/json' });
    }
    const chain = { from: new Date(DAY.from), to: new Date(DAY.to), sequence: 0 };
    const found = (action: WindowAction) =>
      standingRecord(world.archive, 'p/', { job: 'nightly', ...DAY, attempt: 1, action }, chain);
    expect(await Promise.all([found('export'), found('gap')])).toEqual(['p/manifest.json', 'p/gap.json']);
  });
});
