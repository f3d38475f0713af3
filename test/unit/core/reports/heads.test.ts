import { describe, expect, it } from 'vitest';
import {
  parseHead,
  parseHeads,
  type PinnedHead,
  renderHeads,
  verifyHeads,
} from '../../../../functions/core/reports/heads.ts';
import { type LocatedRecord, type VerifiedJob, verifyArchive } from '../../../../functions/core/reports/verify.ts';
import { folderReader } from '../../../support/archive-reader.ts';
import { createWorld, DAY, NEXT_DAY, TEST_PUBLIC_KEY, type World } from '../../../support/export-world.ts';

const HEAD = 'a'.repeat(64);

async function twoDays(): Promise<World> {
  const world = createWorld();
  for (const window of [DAY, NEXT_DAY]) {
    world.state.now = new Date(Date.parse(window.to) + 5000);
    await world.drive(await world.begin(window.from, window.to));
  }
  return world;
}

/** The archive without what lies under the given prefixes. */
function verifyWithout(world: World, gone: readonly string[], heads: readonly PinnedHead[]) {
  const keys = [...world.archive.objects.keys()].filter((key) => gone.some((prefix) => key.startsWith(prefix)));
  const forged = Object.fromEntries(keys.map((key) => [key, undefined]));
  return verifyArchive(folderReader(world.archive, forged), TEST_PUBLIC_KEY, { heads });
}

describe('pinned heads', () => {
  it('tell that the newest window was deleted, which files alone do not', async () => {
    const world = await twoDays();
    const heads = parseHeads(renderHeads((await verifyWithout(world, [], [])).jobs));
    const newest = world.prefix(NEXT_DAY.from, NEXT_DAY.to);
    expect((await verifyWithout(world, [newest], [])).ok).toBe(true);
    const { ok, findings } = await verifyWithout(world, [newest], heads);
    expect(ok).toBe(false);
    expect(findings).toMatchObject([{ kind: 'head', job: 'acme/nightly' }]);
    expect(findings[0]?.message).toContain(
      'number 2, was in this chain and is not any more: the chain ends with number 1',
    );
    const everything = await verifyWithout(world, ['acme/'], heads);
    expect(everything).toMatchObject({ ok: false, jobs: [], findings: [{ kind: 'head', job: 'acme/nightly' }] });
  });

  it('stand while the chain grows', async () => {
    const world = await twoDays();
    const newest = world.prefix(NEXT_DAY.from, NEXT_DAY.to);
    const heads = parseHeads(renderHeads((await verifyWithout(world, [newest], [])).jobs));
    expect(heads).toMatchObject([{ job: 'acme/nightly', sequence: 1 }]);
    expect(await verifyWithout(world, [], heads)).toMatchObject({ ok: true, findings: [] });
  });

  it('are taken by the job’s name alone, and missed where they are another job’s', async () => {
    const world = await twoDays();
    const { jobs } = await verifyWithout(world, [], []);
    const head = jobs[0]?.head ?? '';
    expect((await verifyWithout(world, [], [parseHead(`nightly=${head}`)])).ok).toBe(true);
    const other = await verifyWithout(world, [], [parseHead(`weekly=${head}`), parseHead(`nightly=${'0'.repeat(64)}`)]);
    expect(other.findings.map(({ kind, job }) => [kind, job])).toEqual([
      ['head', 'weekly'],
      ['head', 'acme/nightly'],
    ]);
  });

  it('are written a line each, and read whatever the white space is', () => {
    const job = (name: string, head: string) => ({ job: name, head, sequence: 12 }) as unknown as VerifiedJob;
    const text = renderHeads([job('acme/daily', HEAD), job('acme/none', '')]);
    expect(text.split('\n').slice(1)).toEqual([`${HEAD}  12  acme/daily`, '']);
    const pin = { job: 'acme/daily', sha256: HEAD, sequence: 12 };
    expect(parseHeads(text)).toEqual([pin]);
    expect(parseHeads(`  \n \t${HEAD}\t12 acme/daily more\r\n`)).toEqual([pin]);
  });

  it('say what the chain ends with, in every connection that has such a job', () => {
    const located = (sequence: number) => ({ sha256: 'other', record: { sequence } }) as unknown as LocatedRecord;
    const gone = 'was in this chain and is not any more';
    const anew = 'It was deleted or written anew';
    const chains = new Map([
      ['a/daily', [located(1), located(7)]],
      ['b/daily', [located(3)]],
      ['c/weekly', []],
    ]);
    const found = (job: string, sequence?: number) =>
      verifyHeads([{ job, sha256: HEAD, ...(sequence === undefined ? {} : { sequence }) }], chains);
    expect(found('daily')).toEqual([
      { kind: 'head', job: 'a/daily', message: `The record ${HEAD} ${gone}: the chain ends with number 7. ${anew}` },
    ]);
    const nine = `The record ${HEAD}, number 9, ${gone}`;
    expect(found('c/weekly', 9)).toEqual([
      { kind: 'head', job: 'c/weekly', message: `${nine}: the chain ends with number 0. ${anew}` },
    ]);
    expect(found('aily', 9)).toEqual([
      { kind: 'head', job: 'aily', message: `${nine}: there are no records of this job. ${anew}` },
    ]);
  });

  it('are refused with their line when they are none', () => {
    expect(parseHeads('')).toEqual([]);
    for (const sequence of ['x1', '1x', '1234567890', '1 ', '']) {
      expect(() => parseHeads(`${HEAD}  ${sequence}${/[1-9x]$/.test(sequence) ? ' acme/daily' : ''}`)).toThrow(
        'Line 1',
      );
    }
    expect(parseHeads(`${HEAD}  123456789  acme/daily`)).toMatchObject([{ sequence: 123_456_789 }]);
    expect(() => parseHeads(`# a\n\nabc  1  acme/nightly`)).toThrow('Line 3');
    expect(() => parseHeads(`${'a'.repeat(64)}  one  acme/nightly`)).toThrow('Line 1');
    expect(() => parseHeads(`${'a'.repeat(64)}  0  acme/nightly`)).toThrow('Line 1');
    for (const text of ['nightly', 'nightly=abc', `=${'a'.repeat(64)}`]) {
      expect(() => parseHead(text)).toThrow('<job>=<sha256>');
    }
  });
});
