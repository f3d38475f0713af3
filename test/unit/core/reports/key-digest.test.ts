import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nothingCollected } from '../../../../functions/core/reports/collected.ts';
import { compareWithLast } from '../../../../functions/core/reports/compare-step.ts';
import { canonicalJson, type JsonValue } from '../../../../functions/core/json.ts';
import { createHalfSipHash } from '../../../../functions/core/reports/half-sip-hash.ts';
import { compareKeys, createKeyDigest, KEYS_LIMIT } from '../../../../functions/core/reports/key-digest.ts';
import type { ManifestPart } from '../../../../functions/core/reports/manifest.ts';
import type { Comparable, Plan } from '../../../../functions/core/reports/plan.ts';
import type { SourceDescription } from '../../../../functions/core/reports/source.ts';
import { createMemoryArchive } from '../../../support/memory-archive.ts';

/** `vectors_hsip64` of https://github.com/veorq/SipHash: key 00…07, messages 00…(n-1) of n bytes. */
const VECTORS: readonly (readonly [bytes: number, digest: string])[] = [
  [0, '218d1f59b9b83cc8'],
  [1, 'be552412f8387315'],
  [2, '064f39ef7c50eb57'],
  [3, 'ce0f1a45f7060679'],
  [4, 'd5e78a175be52ea1'],
  [5, 'cb9d7c3f2f3db580'],
  [7, 'ff202728b07bc684'],
  [8, 'edfee820bce4858c'],
  [15, '217d0bcb4e81c902'],
  [16, '7336aad25f7bf3b5'],
  [63, '2ea63c71bf326087'],
];

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

describe('createHalfSipHash()', () => {
  it.each(VECTORS)('gives what the reference gives for %i bytes', (bytes, digest) => {
    const hash = createHalfSipHash(Uint8Array.from({ length: 8 }, (_, index) => index));
    const message = Uint8Array.from({ length: bytes + 2 }, (_, index) => index - 1);
    const into = Buffer.alloc(10);
    hash(viewOf(message), 1, bytes + 1, viewOf(into), 1);
    expect(into.toString('hex')).toBe(`00${digest}00`);
  });
});

describe('createKeyDigest()', () => {
  const digest = createKeyDigest('stage|connection|job');

  it('tells any two keys apart, and no two that are equal', () => {
    const awkward = fc.constantFrom('s', 'j', '1', '"', ',', '\n', 'é');
    const value: fc.Arbitrary<JsonValue> = fc.oneof(
      fc.string({ unit: awkward, maxLength: 3 }),
      fc.constantFrom(null, true, 1, 11, ['1'], { a: 1 }),
    );
    const row = fc.record({ a: value, b: value });
    fc.assert(
      fc.property(row, row, (one, other) => {
        const { duplicates } = compareKeys([digest([one, other], ['a', 'b'])], undefined);
        const equal = canonicalJson([one.a, one.b]) === canonicalJson([other.a, other.b]);
        expect(duplicates).toBe(equal ? 1 : 0);
      }),
    );
  });

  it('is another one for another chain, and 8 bytes a row', () => {
    const rows = [{ id: 'a' }, { id: 'b' }, {}];
    expect(digest(rows, ['id'])).toHaveLength(24);
    expect(createKeyDigest('other')(rows, ['id'])).not.toEqual(digest(rows, ['id']));
    expect(createKeyDigest('stage|connection|job')(rows, ['id'])).toEqual(digest(rows, ['id']));
  });

  it('takes keys of any length', () => {
    const rows = Array.from({ length: 40 }, (_, index) => ({ id: '漢'.repeat(index * 500) }));
    expect(compareKeys([digest(rows, ['id']), digest(rows, ['id'])], [digest(rows, ['id'])])).toEqual({
      duplicates: 40,
      appeared: 0,
      disappeared: 0,
      sample: { appeared: [], disappeared: [] },
    });
  });

  it('gives the places of the first rows that came and went, each key once and twenty at most', () => {
    const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => ({ id: from + at }));
    const twice = digest([{ id: 1 }, { id: 7 }, { id: 7 }, { id: 2 }, { id: 8 }], ['id']);
    expect(compareKeys([twice], [digest(rows(1, 4), ['id'])])).toEqual({
      duplicates: 1,
      appeared: 2,
      disappeared: 1,
      sample: { appeared: [1, 4], disappeared: [2] },
    });
    const { sample } = compareKeys([digest(rows(0, 100), ['id'])], [digest(rows(0, 50), ['id'])]);
    expect(sample).toEqual({ appeared: Array.from({ length: 20 }, (_, at) => 50 + at), disappeared: [] });
  });
});

describe('compareWithLast()', () => {
  const digest = createKeyDigest('stage|connection|job');
  const today = digest([{ id: 'a' }, { id: 'b' }], ['id']);
  const yesterday = digest([{ id: 'b' }], ['id']);
  const part = (key: string, format = 'keys') => ({ key, versionId: `of ${key}`, format }) as ManifestPart;
  const description: SourceDescription = { kind: 'snapshot', settleMs: 0, keyColumns: ['id'] };
  const last: Comparable = { key: '', columns: [], groups: null, rows: 1, keys: [part('last/1.hsip64')] };
  const held: Readonly<Record<string, Uint8Array>> = {
    'last/1.hsip64': yesterday,
    'last/1.bin': yesterday,
    'today/1.hsip64': today,
    'today/1.csv': yesterday,
  };

  interface Compared {
    readonly description?: Partial<SourceDescription>;
    readonly compare?: Partial<Comparable> | null;
    readonly rows?: number;
  }

  const compare = (change: Compared = {}) =>
    compareWithLast(
      {
        archive: {
          ...createMemoryArchive(),
          read: async (key, versionId) => (versionId === `of ${key}` ? held[key] : undefined),
        },
      },
      {
        description: { ...description, ...change.description },
        compare: change.compare === null ? null : { ...last, ...change.compare },
      } as unknown as Plan,
      {
        ...nothingCollected(''),
        parts: [part('today/1.csv', 'csv'), part('today/1.hsip64')],
        position: { part: 2, rows: change.rows ?? 2 },
      },
    );

  it('counts what came and went', async () => {
    expect(await compare()).toMatchObject({ duplicates: 0, appeared: 1, disappeared: 0 });
  });

  it.each([
    ['had no rows, and so no keys', { compare: { rows: 0, keys: [] } }],
    ['had as many rows as are compared', { compare: { rows: KEYS_LIMIT }, rows: KEYS_LIMIT }],
    ['lost its keys', { compare: { keys: [part('gone.hsip64')] } }],
  ])('counts it where the last export %s', async (_, change) => {
    expect(await compare(change)).toHaveProperty('appeared');
  });

  it('E15 leaves alone an export whose keys were digested in another way', async () => {
    expect(await compare({ compare: { keys: [part('last/1.bin')] } })).toEqual({ duplicates: 0 });
    expect(await compare({ compare: { keys: [part('last/1.hsip64'), part('last/1.bin')] } })).toEqual({
      duplicates: 0,
    });
  });

  it.each([
    ['there is none before', { compare: null }],
    ['the source is incremental', { description: { kind: 'incremental' } }],
    ['the one before has no keys', { compare: { keys: [] } }],
    ['the one before had too many rows', { compare: { rows: KEYS_LIMIT + 1 } }],
  ] as const)('counts only what came twice where %s', async (_, change) => {
    expect(await compare(change)).toEqual({ duplicates: 0 });
  });

  it('counts nothing without keys, or of too many rows', async () => {
    const { keyColumns: _, ...keyless } = description;
    const plan = { description: keyless, compare: null } as unknown as Plan;
    expect(await compareWithLast({ archive: createMemoryArchive() }, plan, nothingCollected(''))).toEqual({});
    expect(await compare({ rows: KEYS_LIMIT + 1 })).toEqual({});
  });
});
