import { describe, expect, it } from 'vitest';
import { createEncoders } from '../../../../functions/adapters/encoding/encoders.ts';
import { nothingCollected } from '../../../../functions/core/reports/collected.ts';
import type { ManifestPart } from '../../../../functions/core/reports/manifest.ts';
import { nameChanges } from '../../../../functions/core/reports/named-changes.ts';
import type { Comparable, Plan } from '../../../../functions/core/reports/plan.ts';
import { rowsAt } from '../../../../functions/core/reports/rows-at.ts';
import type { SourceDescription, SourceRow } from '../../../../functions/core/reports/source.ts';
import { bySeverity, wordsOf } from '../../../../functions/core/reports/summary-words.ts';
import { createWorld, DAY, NEXT_DAY, pagesOf, type World, type WorldOptions } from '../../../support/export-world.ts';
import { createMemoryArchive } from '../../../support/memory-archive.ts';

const day = (cve: string, severity = 'low', note = ''): SourceRow => ({ orgId: 'o1', cve, severity, note });
const HARD = 'a "quoted", note\r\nin two lines';

/** Two snapshots, the second without the first's middle row and with two more. */
async function twoSnapshots(job: WorldOptions['job'], partBytes = 8_000_000): Promise<{ world: World; page: string }> {
  const world = createWorld({
    job: { zone: 'Australia/Sydney', ...job },
    partBytes,
    description: { kind: 'snapshot', keyColumns: ['orgId', 'cve'] },
  });
  const before = [day('CVE-1'), day('CVE-2', 'critical', HARD), day('CVE-3')];
  const after = [day('CVE-3'), day('CVE-4', 'high', HARD), day('CVE-1'), day('CVE-<5>', 'medium')];
  for (const [index, window] of [DAY, NEXT_DAY].entries()) {
    world.state.now = new Date(Date.parse(window.to) + 5000);
    world.setReadPage(pagesOf(index === 0 ? before : after, 1));
    await world.drive(await world.begin(window.from, window.to));
  }
  const prefix = world.prefix(NEXT_DAY.from, NEXT_DAY.to);
  return { world, page: world.archive.text(`${prefix}summary.html`) ?? '' };
}

/** Cells of the table under a heading. */
function tableUnder(page: string, heading: string): string[][] {
  const [, rest = ''] = page.split(`<h2>${heading}</h2>`);
  const [body = ''] = rest.split('</tbody>');
  return [...body.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = '']) =>
    [...row.matchAll(/<t[hd]>(.*?)<\/t[hd]>/gs)].map(([, cell = '']) => cell),
  );
}

describe('the page beside an export', () => {
  it.each([
    ['CSV', { formats: ['csv'] }, 8_000_000],
    ['CSV in many parts, packed', { formats: ['csv'], gzip: true }, 10],
    ['JSON Lines in many parts, packed', { formats: ['jsonl', 'parquet'], gzip: true }, 10],
  ] as const)('names what appeared and disappeared, from %s', async (_, job, partBytes) => {
    const { page, world } = await twoSnapshots(job, partBytes);
    expect(world.manifest(NEXT_DAY.from, NEXT_DAY.to).changes).toEqual({ appeared: 2, disappeared: 1 });
    expect(tableUnder(page, 'What appeared')).toEqual([
      ['cve', 'severity', 'note', 'orgId'],
      ['CVE-4', 'high', 'a &quot;quoted&quot;, note\r\nin two lines', 'o1'],
      ['CVE-&lt;5&gt;', 'medium', '', 'o1'],
    ]);
    expect(tableUnder(page, 'What disappeared').slice(1)).toEqual([
      ['CVE-2', 'critical', 'a &quot;quoted&quot;, note\r\nin two lines', 'o1'],
    ]);
  });

  it('counts them where only Parquet could name them, and no row is in what Lambda stores', async () => {
    const { page } = await twoSnapshots({ formats: ['parquet'] });
    expect(page).toContain('<h2>What appeared</h2>\n<p class="note">2, not named here: that takes');
    expect(page).toContain('<h2>What disappeared</h2>\n<p class="note">1, not named here: that takes');
    expect(page).not.toContain('CVE-4');
    const world = createWorld({ description: { kind: 'snapshot' }, readPage: () => ({ rows: [{ id: 'one' }] }) });
    await world.drive(await world.begin(DAY.from, DAY.to));
    world.state.now = new Date(Date.parse(NEXT_DAY.to) + 5000);
    world.setReadPage(() => ({ rows: [{ id: 'row-canary' }] }));
    const journal = { entries: [] };
    await world.drive(await world.begin(NEXT_DAY.from, NEXT_DAY.to), { journal });
    expect(world.archive.text(`${world.prefix(NEXT_DAY.from, NEXT_DAY.to)}summary.html`)).toContain('row-canary');
    expect(JSON.stringify(journal)).not.toContain('row-canary');
  });

  it('shows the time in the job’s zone, shares, every file’s hash, the record before and what was said', async () => {
    const { page, world } = await twoSnapshots({ formats: ['csv'], options: { severities: ['low'], full: false } });
    const manifest = world.manifest(NEXT_DAY.from, NEXT_DAY.to);
    expect(page).toContain('In Australia/Sydney: 2026-03-02 12:00:00 to 2026-03-03 12:00:00.');
    expect(page).toContain('<small>25 %</small>');
    for (const { sha256, format } of manifest.parts) expect(page.includes(sha256)).toBe(format !== 'keys');
    expect(page).toContain(manifest.previous?.sha256);
    expect(page).toContain('<dt>Severities</dt><dd>low</dd>');
    expect(page).not.toContain('Full');
  });

  it('says that the record before is a gap', async () => {
    const world = createWorld();
    await world.drive(await world.begin(DAY.from, DAY.to, { action: 'gap', reason: 'missed' }));
    world.state.now = new Date(Date.parse(NEXT_DAY.to) + 5000);
    await world.drive(await world.begin(NEXT_DAY.from, NEXT_DAY.to));
    expect(world.archive.text(`${world.prefix(NEXT_DAY.from, NEXT_DAY.to)}summary.html`)).toContain(
      'before this one is a gap',
    );
  });

  it('orders severities by weight and anything else by number', () => {
    expect(
      bySeverity([
        ['low', 9],
        ['Critical', 1],
        ['medium', 5],
      ]).map(([label]) => label),
    ).toEqual(['Critical', 'medium', 'low']);
    expect(
      bySeverity([
        ['low', 9],
        ['blue', 10],
        ['a', 9],
      ]).map(([label]) => label),
    ).toEqual(['blue', 'a', 'low']);
  });

  it('puts what a source says into words, and leaves out what is off or empty', () => {
    const facts = {
      requery: { liveResponses: 1046, notAnswered: { endpoints: ['A', 'B'] }, requestedAt: '2026-11-27T04:05:24.464Z' },
      organizations: Array.from({ length: 14 }, (_, n) => ({ id: `o${n}`, name: `Org ${n}` })),
      perOrganization: [{ live: 1 }],
      none: [],
      off: false,
      nothing: null,
    };
    expect(wordsOf(facts)).toEqual([
      ['Requery: Live responses', '1 046'],
      ['Requery: Not answered: Endpoints', 'A, B'],
      ['Requery: Requested at', '2026-11-27 04:05:24 UTC'],
      ['Organizations', `${Array.from({ length: 12 }, (_, n) => `Org ${n}`).join(', ')} and 2 more`],
    ]);
  });
});

describe('nameChanges()', () => {
  const lines = (text: string) => Buffer.from(`${text}\n`);
  const part = {
    key: 'now',
    versionId: 'v',
    format: 'jsonl',
    rows: 1,
    gzip: false,
    blocks: [],
  } as unknown as ManifestPart;

  async function named(
    known: readonly string[],
    description: Partial<SourceDescription> = {},
    change: { readonly compare?: null; readonly appeared?: readonly number[]; readonly before?: Uint8Array } = {},
  ) {
    const read: string[] = [];
    const archive = {
      ...createMemoryArchive(),
      read: async (key: string) => {
        read.push(key);
        return key === 'last'
          ? change.before
          : lines(JSON.stringify(Object.fromEntries(known.map((name) => [name, 'x']))));
      },
    };
    const columns = known.length === 0 ? {} : { columns: known.map((name) => ({ name, type: 'string' as const })) };
    const compare: Comparable = { key: 'last', columns: [], keys: [], rows: 1, groups: null };
    const plan = {
      description: { kind: 'snapshot', settleMs: 0, ...description },
      compare: change.compare === null ? null : compare,
    } as unknown as Plan;
    const collected = { ...nothingCollected(''), parts: [part], position: { part: 1, rows: 1, ...columns } };
    const sample = { appeared: change.appeared ?? [0], disappeared: change.before ? [0] : [] };
    return { read, changes: await nameChanges({ archive, encoders: createEncoders() }, plan, collected, { sample }) };
  }

  it.each([
    ['the key, then the first ones', ['a', 'b', 'c', 'd', 'e', 'k'], { keyColumns: ['k'] }, ['k', 'a', 'b', 'c']],
    [
      'no ids, while there is anything else',
      ['id', 'orgId', 'a', 'b', 'c'],
      { keyColumns: ['id'] },
      ['a', 'b', 'id', 'orgId'],
    ],
    ['what rows are grouped by', ['id', 'a', 'xId', 'b', 'g'], { groupColumn: 'g' }, ['a', 'b', 'g', 'id']],
    ['a key that is an id after the group', ['id', 'g'], { keyColumns: ['id'], groupColumn: 'g' }, ['g', 'id']],
    ['names that only have an id in them', ['idle', 'grid', 'Ids', 'x'], {}, ['idle', 'grid', 'Ids', 'x']],
    ['nothing where no columns are known', [], { keyColumns: ['k'], groupColumn: 'g' }, []],
    ['none that is not there', ['a'], { keyColumns: ['k'], groupColumn: 'g' }, ['a']],
  ])('shows %s', async (_, known, description, shown) => {
    const { changes } = await named(known, description);
    expect(changes).toEqual({ columns: shown, appeared: [shown.map(() => 'x')], disappeared: [] });
  });

  it('reads the last manifest only for what disappeared', async () => {
    expect((await named(['a'])).read).toEqual(['now']);
    for (const before of [lines('{}'), lines('no JSON')]) {
      const { read, changes } = await named(['a'], {}, { before });
      expect(read).toEqual(['last', 'now']);
      expect(changes).toMatchObject({ appeared: [['x']], disappeared: [] });
    }
  });

  it('knows of nothing where nothing changed, or nothing was compared', async () => {
    expect((await named(['a'], {}, { appeared: [] })).changes).toBeUndefined();
    expect((await named(['a'], {}, { compare: null })).changes).toBeUndefined();
    const { changes } = await named(['a'], {}, { appeared: [], before: lines('{}') });
    expect(changes).toEqual({ columns: ['a'], appeared: [], disappeared: [] });
  });
});

describe('rows by their place', () => {
  it.each([
    ['csv', 'a,b\r\n1,x\r\n2,5"\r\n3,cut off'],
    ['jsonl', '{"a":1,"b":"x"}\n{"a":2,"b":"5\\""}\n{"a":3,"b":"cut off"}'],
  ] as const)('are found in %s up to its end, even where that was cut off', async (format, text) => {
    const archive = { read: async () => Buffer.from(text) };
    const at = (places: readonly number[], columns: readonly string[]) =>
      rowsAt({ archive, encoders }, [part(format, 'k', 5)], places, columns);
    expect(await at([1, 2, 3, 4], ['b', 'a', 'c'])).toEqual([
      ['5"', '2', ''],
      ['cut off', '3', ''],
    ]);
  });

  const encoders = createEncoders();
  const part = (format: 'csv' | 'jsonl', key: string, rows: number) =>
    ({ key, versionId: '1', format, rows, gzip: false, bytes: 0, sha256: '', blocks: [] }) satisfies ManifestPart;

  it('are found in CSV with quotes and line breaks in cells, and cut where they are long', async () => {
    const csv = `a,b,_more\r\n1,"x""y\r\nz",\r\n2,,\r\n"3, three","${'é'.repeat(81)}",\r\n4,${'é'.repeat(80)},\r\n`;
    const archive = { read: async () => Buffer.from(csv) };
    const rows = await rowsAt({ archive, encoders }, [part('csv', 'k', 5)], [0, 1, 2, 3, 4], ['b', 'a', 'none']);
    expect(rows).toEqual([
      ['x"y\r\nz', '1', ''],
      ['', '2', ''],
      [`${'é'.repeat(79)}…`, '3, three', ''],
      ['é'.repeat(80), '4', ''],
    ]);
  });

  it('are read from the parts that hold them and no others; a part that is gone names none', async () => {
    const asked: string[] = [];
    const archive = {
      read: async (key: string) => {
        asked.push(key);
        return key === 'gone' ? undefined : Buffer.from(`{"a":"${key}"}\n{"a":{"b":1}}\n`);
      },
    };
    const parts = ['p1', 'p2', 'gone'].map((key) => part('jsonl', key, 2));
    const rows = await rowsAt({ archive, encoders }, [part('csv', 'other', 6), ...parts], [2, 3, 5], ['a']);
    expect(rows).toEqual([['p2'], ['{"b":1}']]);
    expect(asked).toEqual(['p2', 'gone']);
    expect(await rowsAt({ archive, encoders }, parts, [0], ['a'])).toEqual([['p1']]);
    expect(asked).toEqual(['p2', 'gone', 'p1']);
  });
});
