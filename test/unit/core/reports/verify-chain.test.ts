import { describe, expect, it } from 'vitest';
import type { SignedRecord } from '../../../../functions/core/reports/manifest.ts';
import type { LocatedRecord } from '../../../../functions/core/reports/verify.ts';
import { verifyChain } from '../../../../functions/core/reports/verify-chain.ts';

const JOB = 'acme/nightly';
const day = (number: number) => `2026-03-0${number}T00:00:00.000Z`;

interface Link {
  readonly sequence: number;
  readonly from: string;
  readonly to: string;
  readonly kind?: 'gap';
  readonly previous?: string | null;
  readonly fills?: number;
  readonly says?: number;
}

const hashOf = (sequence: number, kind = 'export') => `${kind}-${sequence}`;

function located({ sequence, from, to, kind, previous, fills, says = fills }: Link): LocatedRecord {
  const before = previous === undefined ? hashOf(sequence - 1) : previous;
  const record = {
    kind: kind ?? 'export',
    sequence,
    window: { from, to },
    previous: sequence === 1 && previous === undefined ? null : before && { key: '', sha256: before },
    ...(fills === undefined ? {} : { fills: { sequence: says, sha256: hashOf(fills, 'gap') } }),
  } as unknown as SignedRecord;
  return { key: `${JOB}/${sequence}`, sha256: hashOf(sequence, kind), record };
}

const findings = (...links: readonly Link[]) => verifyChain(JOB, links.map(located));
const messages = (...links: readonly Link[]) => findings(...links).map(({ kind, message }) => [kind, message]);

const FIRST = { sequence: 1, from: day(1), to: day(2) };
const SECOND = { sequence: 2, from: day(2), to: day(3) };
const THIRD = { sequence: 3, from: day(3), to: day(4) };
const GAP = { ...SECOND, kind: 'gap' as const };
const AFTER_GAP = { ...THIRD, previous: 'gap-2' };
const FILLS = { sequence: 4, from: day(2), to: day(3), fills: 2 };
const NO_GAP = 'Says that it fills gap number 2, which is no gap of this window, or was filled before';

describe('verifyChain()', () => {
  it('I19 has nothing to say of a chain that is whole, in whatever order its windows were read', () => {
    expect(findings(FIRST, SECOND, THIRD)).toEqual([]);
    expect(findings({ ...FIRST, from: day(2), to: day(3) }, { ...SECOND, from: day(1), to: day(2) }, THIRD)).toEqual(
      [],
    );
  });

  it('I19 says which numbers are missing, and which is there twice', () => {
    const window = `${THIRD.from}/${THIRD.to}`;
    const key = `${JOB}/3`;
    expect(findings({ ...FIRST, to: day(3) }, THIRD)).toEqual([
      { kind: 'chain', job: JOB, window, key, message: 'Number 2 of the chain is missing' },
    ]);
    expect(messages({ ...FIRST, to: day(4) }, { ...THIRD, sequence: 4, from: day(4), to: day(5) })).toEqual([
      ['chain', 'Number 2 to 3 of the chain is missing'],
    ]);
    expect(messages(FIRST, { ...FIRST, from: day(2), to: day(3) })).toEqual([
      ['chain', 'Number 1 of the chain is there twice'],
    ]);
  });

  it('I19 says what a record takes for the one before it', () => {
    const window = `${SECOND.from}/${SECOND.to}`;
    const message = 'Says that the record before it is other, but that is export-1';
    expect(findings(FIRST, { ...SECOND, previous: 'other' })).toEqual([
      { kind: 'chain', job: JOB, window, key: `${JOB}/2`, message },
    ]);
    expect(messages(FIRST, { ...SECOND, previous: null })).toEqual([
      ['chain', 'Says that the record before it is none, but that is export-1'],
    ]);
    expect(messages({ ...FIRST, previous: 'other' })).toEqual([
      ['chain', 'Says that the record before it is other, but that is none'],
    ]);
  });

  it('I18 says where time is covered by nothing, twice, or backwards', () => {
    const [hole] = findings(FIRST, { ...SECOND, from: day(3), to: day(4) });
    const window = `${day(3)}/${day(4)}`;
    const message = `Nothing covers ${day(2)} to ${day(3)}`;
    expect(hole).toEqual({ kind: 'tiling', job: JOB, window, key: `${JOB}/2`, message });
    expect(messages({ ...FIRST, to: day(3) }, { ...SECOND, to: day(4) })).toEqual([
      ['tiling', `${day(2)} to ${day(3)} is covered twice`],
    ]);
    for (const to of [day(1), day(2)]) {
      const [backwards] = findings({ ...FIRST, from: day(2), to });
      const ends = 'The window ends before it begins';
      expect(backwards).toEqual({
        kind: 'tiling',
        job: JOB,
        window: `${day(2)}/${to}`,
        key: `${JOB}/1`,
        message: ends,
      });
    }
  });
});

describe('an export that fills a gap', () => {
  it('I18 I19 covers no time of its own', () => {
    expect(findings(FIRST, GAP, AFTER_GAP, FILLS)).toEqual([]);
  });

  it('I18 fills it once', () => {
    expect(findings(FIRST, GAP, AFTER_GAP, FILLS, { ...FILLS, sequence: 5 })).toContainEqual({
      kind: 'chain',
      job: JOB,
      window: `${day(2)}/${day(3)}`,
      key: `${JOB}/5`,
      message: NO_GAP,
    });
  });

  it.each<[string, readonly Link[]]>([
    ['of another number', [FIRST, { ...GAP, sequence: 3 }, { ...FILLS, fills: 3, says: 2 }]],
    ['of a window that begins elsewhere', [FIRST, GAP, AFTER_GAP, { ...FILLS, from: day(1) }]],
    ['of a window that ends elsewhere', [FIRST, GAP, AFTER_GAP, { ...FILLS, to: day(4) }]],
    ['that comes later', [{ ...FIRST, from: day(2), to: day(3), fills: 2 }, GAP]],
    ['of the same number', [FIRST, GAP, { ...FILLS, sequence: 2 }]],
    ['that is not there', [FIRST, SECOND, THIRD, FILLS]],
  ])('I18 fills none %s', (_, chain) => {
    expect(messages(...chain)).toContainEqual(['chain', NO_GAP]);
  });
});
