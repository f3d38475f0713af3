import { describe, expect, it } from 'vitest';
import { verifyArchive } from '../../../../functions/core/reports/verify.ts';
import { bucketReader } from '../../../support/archive-reader.ts';
import { createWorld, DAY, pagesOf, someRows, TEST_PUBLIC_KEY, type World } from '../../../support/export-world.ts';

const ROWS = someRows(10);

function newWorld(): World {
  return createWorld({
    partBytes: 300,
    readPage: pagesOf(ROWS, 4),
    job: { formats: ['csv', 'jsonl', 'parquet'], gzip: true },
  });
}

function contents(world: World): Record<string, string> {
  return Object.fromEntries(
    [...world.archive.objects].map(([key, versions]) => [
      key,
      versions.map(({ bytes, lock }) => `${Buffer.from(bytes).toString('base64')} ${lock?.until.toISOString()}`).join(),
    ]),
  );
}

async function clean() {
  const world = newWorld();
  const input = await world.begin(DAY.from, DAY.to);
  const before = world.effects.count;
  await world.drive(input);
  return { contents: contents(world), effects: world.effects.count - before, reads: world.state.reads };
}

async function verifies(world: World): Promise<boolean> {
  return (await verifyArchive(bucketReader(world.archive), TEST_PUBLIC_KEY)).ok;
}

describe('an export that is killed', () => {
  it('E01 E08 I18 I19 I21 ends in the same bytes, wherever it was killed, and never shows a manifest that does not verify', async () => {
    const expected = await clean();
    expect(expected.effects).toBeGreaterThan(30);
    for (let at = 1; at <= expected.effects; at++) {
      for (const after of [false, true]) {
        const world = newWorld();
        const input = await world.begin(DAY.from, DAY.to);
        const journal = { entries: [] };
        world.effects.crash(world.effects.count + at, after);
        const first = await world.drive(input, { journal });
        expect(first.crashed, `effect ${at}`).toBe(true);
        expect(await verifies(world), `after the crash at effect ${at}`).toBe(true);
        const second = await world.drive(input, { journal });
        expect(second, `effect ${at}`).toMatchObject({ crashed: false, result: { state: 'exported', rows: 10 } });
        expect(contents(world), `effect ${at}`).toEqual(expected.contents);
        expect(world.windows.outbox, `effect ${at}`).toHaveLength(1);
        expect((await world.windows.chain('nightly'))?.sequence).toBe(1);
        // A kill costs the pages of one part at most; a part has two here.
        expect(world.state.reads - expected.reads).toBeLessThanOrEqual(2);
      }
    }
  });

  it('E01 leaves nothing under retention when it never comes back', async () => {
    const { effects } = await clean();
    let locked = 0;
    for (let at = 1; at <= effects; at++) {
      const world = newWorld();
      const input = await world.begin(DAY.from, DAY.to);
      world.effects.crash(world.effects.count + at, false);
      await world.drive(input);
      const objects = [...world.archive.objects.values()].flat();
      if (objects.some(({ lock }) => lock)) locked += 1;
      const prefix = world.prefix(DAY.from, DAY.to);
      const sealing = world.archive.objects.has(`${prefix}summary.html`);
      expect(sealing || objects.every(({ lock }) => !lock)).toBe(true);
    }
    expect(locked).toBeLessThan(effects / 2);
  });

  it('I20 a second attempt after a first that died writes the same parts and no version twice', async () => {
    const expected = await clean();
    const world = newWorld();
    const input = await world.begin(DAY.from, DAY.to);
    world.effects.crash(world.effects.count + Math.floor(expected.effects / 2), true);
    await world.drive(input);
    const error = { code: 'STALLED', message: 'silent', retryable: true };
    await world.windows.fail(
      { job: 'nightly', from: new Date(DAY.from), attempt: 1 },
      'failed',
      error,
      { shard: '0', rows: [] },
      world.state.now,
    );
    const second = await world.begin(DAY.from, DAY.to, { attempt: 2 });
    expect(await world.drive(second)).toMatchObject({ result: { state: 'exported' } });
    for (const [key, versions] of world.archive.objects) expect([key, versions.length]).toEqual([key, 1]);
    expect(await verifies(world)).toBe(true);
  });
});
