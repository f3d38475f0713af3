import { describe, expect, it } from 'vitest';
import {
  listArchive,
  type ListedVersion,
  versionFindings,
} from '../../../../functions/core/reports/archive-listing.ts';
import type { LocatedRecord } from '../../../../functions/core/reports/verify.ts';

type Listed = readonly [key: string, ...how: Partial<ListedVersion>[]];

async function* versionsOf(listed: readonly Listed[]): AsyncGenerator<ListedVersion> {
  for (const [key, how] of listed) yield { key, newest: true, deleteMarker: false, ...how };
}

const listing = (...listed: readonly Listed[]) => listArchive(versionsOf(listed));

const MARKER = { versionId: 'm', deleteMarker: true };

describe('listArchive()', () => {
  it('groups what lies there by job and window, records apart', async () => {
    const { folders, outside } = await listing(
      ['acme/daily/w1/manifest.json'],
      ['acme/daily/w1/part-00001.csv'],
      ['acme/daily/w1/summary.html'],
      ['acme/daily/w2/gap.json'],
      ['acme/daily/w2/xmanifest.json'],
      ['acme/weekly/w1/xgap.json'],
    );
    expect([...folders]).toEqual([
      [
        'acme/daily',
        {
          records: ['acme/daily/w1/manifest.json', 'acme/daily/w2/gap.json'],
          strays: new Map([
            ['acme/daily/w1', ['acme/daily/w1/part-00001.csv', 'acme/daily/w1/summary.html']],
            ['acme/daily/w2', ['acme/daily/w2/xmanifest.json']],
          ]),
        },
      ],
      ['acme/weekly', { records: [], strays: new Map([['acme/weekly/w1', ['acme/weekly/w1/xgap.json']]]) }],
    ]);
    expect(outside).toEqual([]);
  });

  it('tells what lies where no export does, but for what is kept for inspection', async () => {
    const { folders, outside } = await listing(
      ['readme.txt'],
      ['acme/daily/manifest.json'],
      ['acme/daily/w1/deep/part.csv'],
      ['incomplete/acme/daily/w1/attempt-1/report.json'],
      ['incomplete/a/b/manifest.json'],
    );
    expect(folders.size).toBe(0);
    const stray = { kind: 'stray', message: 'No export lies here' };
    expect(outside).toEqual([
      { ...stray, job: '/', key: 'readme.txt' },
      { ...stray, job: 'acme/daily', key: 'acme/daily/manifest.json' },
      { ...stray, job: 'acme/daily/w1/deep', key: 'acme/daily/w1/deep/part.csv' },
    ]);
  });

  it('has the ids of versions with the newest first, whatever order they are listed in', async () => {
    const { versions } = await listing(
      ['a/b/c/x', { versionId: 'v2', newest: false }],
      ['a/b/c/x', { versionId: 'v3' }],
      ['a/b/c/x', { versionId: 'v1', newest: false }],
      ['a/b/c/y', {}],
    );
    expect(versions('a/b/c/x')).toEqual(['v3', 'v2', 'v1']);
    expect([versions('a/b/c/y'), versions('a/b/c/z')]).toEqual([[], []]);
  });

  it('knows which keys are under a delete marker, and still has the records among them', async () => {
    const { folders, outside, isDeleted } = await listing(
      ...['manifest.json', 'gap.json', 'part.csv'].flatMap((name): readonly Listed[] => [
        [`a/b/c/${name}`, MARKER],
        [`a/b/c/${name}`, { versionId: 'v1', newest: false }],
      ]),
      ['a/b/c/old.csv', { ...MARKER, newest: false }],
      ['a/b/c/old.csv', { versionId: 'v1' }],
      ['gone.txt', MARKER],
      ['gone.txt', { versionId: 'v1', newest: false }],
      ['a/b/c/nothing.csv', MARKER],
      ['a/b/d/gap.json', MARKER],
    );
    const strays = new Map([['a/b/c', ['a/b/c/old.csv']]]);
    expect([...folders]).toEqual([['a/b', { records: ['a/b/c/manifest.json', 'a/b/c/gap.json'], strays }]]);
    expect(outside).toEqual([]);
    expect(['a/b/c/part.csv', 'a/b/c/old.csv', 'a/b/c/nothing.csv', 'other'].map(isDeleted)).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it('has a key under its newest marker where older markers lie beneath that', async () => {
    const { isDeleted } = await listing(
      ['a/b/c/x', MARKER],
      ['a/b/c/x', { ...MARKER, newest: false }],
      ['a/b/c/x', { versionId: 'v1', newest: false }],
    );
    expect(isDeleted('a/b/c/x')).toBe(true);
  });
});

describe('versionFindings()', () => {
  const window = { from: 'FROM', to: 'TO' };
  const manifest = {
    key: 'manifest.json',
    record: {
      kind: 'export',
      window,
      parts: [{ key: 'part', versionId: 'v1' }],
      summary: { key: 'page', versionId: 'v1' },
    },
  } as unknown as LocatedRecord;
  const gap = { key: 'gap.json', record: { kind: 'gap', window } } as unknown as LocatedRecord;
  const found = (versions: Readonly<Record<string, readonly string[]>>, deleted: readonly string[] = []) =>
    versionFindings('a/b', [manifest, gap], {
      versions: (key) => versions[key] ?? [],
      isDeleted: (key) => deleted.includes(key),
    });

  it('finds nothing where every signed version is on top, nor in a folder', () => {
    expect(found({ 'manifest.json': ['v1'], 'gap.json': ['v1'], part: ['v1'], page: ['v1', 'v0'] })).toEqual([]);
    expect(found({})).toEqual([]);
  });

  it('finds what lies on top of records, parts and pages', () => {
    const at = { kind: 'version', job: 'a/b', window: 'FROM/TO' };
    expect(found({ 'gap.json': ['v3', 'v2', 'v1'], part: ['v2', 'v1'], page: ['v1'] }, ['page'])).toEqual([
      { ...at, key: 'part', message: 'Version v2, which nobody signed, lies on top of the signed version v1' },
      { ...at, key: 'page', message: 'A delete marker hides this file; the signed version v1 lies beneath it' },
      {
        ...at,
        key: 'gap.json',
        message: 'A record is written once, and this one has 3 versions: v2, v1 beneath v3',
      },
    ]);
    expect(found({ 'manifest.json': ['v1'] }, ['manifest.json'])).toEqual([
      { ...at, key: 'manifest.json', message: 'A delete marker hides this record; version v1 lies beneath it' },
    ]);
  });

  it('leaves a file whose signed version is gone to those who look for it', () => {
    expect(found({ part: ['v2'] })).toEqual([]);
    expect(found({ part: ['v2'] }, ['part'])).toEqual([]);
  });
});
