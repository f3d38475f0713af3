import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../../../functions/core/reports/manifest.ts';
import type { Comparable } from '../../../../functions/core/reports/plan.ts';
import { renderSummary } from '../../../../functions/core/reports/summary.ts';
import { headline } from '../../../../functions/core/reports/summary-headline.ts';
import {
  bars,
  delta,
  escapeHtml,
  facts,
  localMoment,
  moment,
  number,
  SUMMARY_STYLE,
  table,
} from '../../../../functions/core/reports/summary-html.ts';

type Content = Omit<Manifest, 'summary'>;

const part = (key: string, format: 'csv' | 'keys', rows: number) => ({
  key,
  versionId: 'v',
  bytes: 1234,
  sha256: `hash of ${key}`,
  format,
  rows,
  gzip: false,
  blocks: [],
});

const CONTENT: Content = {
  format: 'steward-manifest/1',
  kind: 'export',
  connection: 'ac&me',
  provider: 'fake',
  job: '<daily>',
  source: 'rows',
  window: { from: '2026-03-01T01:00:00.000Z', to: '2026-03-02T01:00:00.000Z', cron: '0 2 * * *', zone: 'UTC' },
  sequence: 7,
  previous: null,
  attempt: 1,
  codeVersion: '42',
  sourceKind: 'incremental',
  options: {},
  observedAt: { from: '2026-03-02T01:00:05.000Z', to: '2026-03-02T01:02:00.000Z' },
  asOf: null,
  parts: [part('a/b/c/part-00001.csv', 'csv', 1200), part('a/b/c/keys-00001.hsip64', 'keys', 1200)],
  rows: 1200,
  sourceTotal: null,
  completeness: 'unproven',
  schema: { columns: [], sha256: '' },
  schemaChanges: [],
  groups: null,
  changes: null,
  duplicates: null,
  authorization: { by: null, at: null, scopes: null, account: null },
  requests: 3000,
  facts: {},
};

const COMPARE: Comparable = { key: 'k', columns: [], keys: [], rows: 1000, groups: null };

/** What a person sees, a line for each piece; the style sheet left out. */
function bodyOf(change: Partial<Content> = {}, ...more: [Comparable?, Parameters<typeof renderSummary>[2]?]): string {
  const [compare = null, named] = more;
  const [, body = ''] = renderSummary({ ...CONTENT, ...change }, compare, named).split('<main>\n');
  return body;
}

describe('renderSummary()', () => {
  it('is a whole page that loads nothing and runs nothing', () => {
    const [head] = renderSummary(CONTENT, null).split('<main>');
    expect(head).toBe(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>&lt;daily&gt; · 2026-03-01</title>
<style>${SUMMARY_STYLE}</style>
</head>
<body>
`);
  });

  it('says of a first export without anything special just what there is', () => {
    expect(bodyOf()).toBe(`<header>
<p class="where">ac&amp;me</p>
<h1>&lt;daily&gt;</h1>
<p>Everything from <time datetime="2026-03-01T01:00:00.000Z">2026-03-01 01:00:00 UTC</time> to <time datetime="2026-03-02T01:00:00.000Z">2026-03-02 01:00:00 UTC</time>, up to but not including the end.</p>
</header>
<section class="tiles"><div><strong>1 200</strong><span>rows</span></div></section>
<p class="verdict open">Completeness not proven: the source gives no total.</p>



<h2>Where it comes from</h2>
<dl><dt>Provider</dt><dd>fake</dd><dt>Source</dt><dd>rows (incremental)</dd><dt>Schedule</dt><dd>0 2 * * * UTC</dd><dt>Read</dt><dd>2026-03-02 01:00:05 UTC to 2026-03-02 01:02:00 UTC</dd><dt>Source’s own count</dt><dd>none given</dd><dt>Authorised by</dt><dd>client credentials</dd><dt>Scopes</dt><dd>not stated</dd><dt>Requests made</dt><dd>3 000</dd><dt>Code version</dt><dd>42</dd></dl>


<h2>Files</h2>
<div class="scroll"><table class="files"><thead><tr><th>File and its SHA-256</th><th>Rows</th><th>Bytes</th></tr></thead><tbody><tr><td>part-00001.csv<br><code class="hash">hash of a/b/c/part-00001.csv</code></td><td>1 200</td><td>1 234</td></tr></tbody></table></div>
<footer><p>Number 7 of its chain. The manifest beside this page names every file with its SHA-256, this page too, and is signed; <code>steward verify</code> checks all of it.</p></footer>
</main>
</body>
</html>
`);
  });

  it('says what a snapshot is of, in the job’s zone too, and what stands before it in the chain', () => {
    const page = bodyOf({
      sourceKind: 'snapshot',
      window: { ...CONTENT.window, zone: 'Asia/Tokyo' },
      previous: { key: 'a/b/gap.json', sha256: 'abc' },
    });
    expect(page).toContain(
      '<p>As seen from <time datetime="2026-03-02T01:00:05.000Z">2026-03-02 01:00:05 UTC</time> to ' +
        '<time datetime="2026-03-02T01:02:00.000Z">2026-03-02 01:02:00 UTC</time>, for the period ' +
        '<time datetime="2026-03-01T01:00:00.000Z">2026-03-01 01:00:00 UTC</time> to ' +
        '<time datetime="2026-03-02T01:00:00.000Z">2026-03-02 01:00:00 UTC</time>.</p>\n' +
        '<p class="note">In Asia/Tokyo: 2026-03-01 10:00:00 to 2026-03-02 10:00:00.</p>\n' +
        '<p class="verdict open">The record before this one is a gap: its window was given up, and it says why.</p>\n' +
        '</header>',
    );
    expect(page).toContain('chain, after the record with SHA-256 <code class="hash">abc</code>. The manifest');
  });

  it('says that it fills a gap, and then not that a gap stands before it', () => {
    const page = bodyOf({
      fills: { sequence: 3, key: 'k', sha256: 's' },
      previous: { key: 'a/b/gap.json', sha256: 'abc' },
    });
    expect(page.match(/<p class="verdict open">.*<\/p>\n<\/header>/)?.[0]).toBe(
      '<p class="verdict open">Fills a gap: number 3 of the chain says that it had been given up.</p>\n</header>',
    );
    expect(page).not.toContain('The record before this one');
    expect(bodyOf({ previous: { key: 'a/b/manifest.json', sha256: 'abc' } })).not.toContain('is a gap');
  });

  it('says who authorised what, and what the source counts', () => {
    const authorization = { by: 'a@b.c', at: '2026-01-01T00:00:00.000Z', scopes: ['read', 'list'], account: 'acc' };
    const page = bodyOf({ authorization, sourceTotal: 1200 });
    for (const pair of [
      '<dt>Provider</dt><dd>fake</dd><dt>Account</dt><dd>acc</dd><dt>Source</dt>',
      '<dt>Source’s own count</dt><dd>1 200</dd>',
      '<dt>Authorised by</dt><dd>a@b.c, 2026-01-01 00:00:00 UTC</dd>',
      '<dt>Scopes</dt><dd>read list</dd>',
    ]) {
      expect(page).toContain(pair);
    }
  });

  it('says what was asked for and what the source said, each under its heading', () => {
    const page = bodyOf({ options: { severity: 'low' }, facts: { live: true } });
    expect(page).toContain(
      '<h2>What was asked for</h2>\n<dl><dt>Severity</dt><dd>low</dd></dl>\n' +
        '<h2>What the source said</h2>\n<dl><dt>Live</dt><dd>yes</dd></dl>\n<h2>Files</h2>',
    );
  });

  it('draws groups beside those of the last export, twelve at most', () => {
    const counts = { critical: 3, low: 9 };
    const groups = { column: '<severity>', counts };
    const section = (page: string) => page.match(/<h2>By .*$(?:\n<ol.*)?/m)?.[0];
    const drawn = (before: Record<string, number | undefined>) =>
      bars([
        { label: 'critical', count: 3, of: 1200, before: before['critical'], tone: 'bad' },
        { label: 'low', count: 9, of: 1200, before: before['low'], tone: 'plain' },
      ]);
    const heading = '<h2>By &lt;severity&gt;</h2>\n';
    expect(section(bodyOf({ groups }))).toBe(heading + drawn({}));
    expect(section(bodyOf({ groups }, COMPARE))).toBe(heading + drawn({}));
    const compare = { ...COMPARE, groups: { low: 5 } };
    expect(section(bodyOf({ groups }, compare))).toBe(heading + drawn({ low: 5 }));
    expect(bodyOf({ groups: { column: 'severity', counts: {} } })).toBe(bodyOf());
    const many = (count: number) =>
      bodyOf({ groups: { column: 'c', counts: Object.fromEntries(Array.from({ length: count }, (_, n) => [n, 1])) } });
    expect(many(12)).toContain('</ol>\n');
    expect(many(13)).toContain('</ol><p class="note">And 1 more in the manifest.</p>\n');
    expect(many(13).match(/<svg/g)).toHaveLength(12);
  });

  it('lists columns that changed', () => {
    const page = bodyOf({
      schemaChanges: [
        { kind: 'new', column: '<a>' },
        { kind: 'missing', column: 'b' },
      ],
    });
    expect(page).toContain(
      '\n<h2>Columns that changed</h2>\n<ul><li>new: <code>&lt;a&gt;</code></li><li>missing: <code>b</code></li></ul>\n',
    );
  });

  it('lists fifty files and counts the others', () => {
    const files = (count: number) => bodyOf({ parts: Array.from({ length: count }, () => part('a/b', 'csv', 1)) });
    expect(files(50)).toContain('</table></div>\n<footer>');
    expect(files(51)).toContain('</table></div><p class="note">And 1 more in the manifest.</p>\n<footer>');
    expect(files(51).match(/<\/tr><tr><td>/g)).toHaveLength(49);
  });

  describe('of rows that came and went', () => {
    const rowsOf = (page: string) => page.match(/<h2>What appeared[\s\S]*?(?=\n\n<h2>Where)/)?.[0];
    const named = { columns: ['id'], appeared: [['a']], disappeared: [['b'], ['c']] };

    it('names them, and counts those that it has no room for', () => {
      const page = bodyOf({ changes: { appeared: 1, disappeared: 1202 } }, COMPARE, named);
      expect(rowsOf(page)).toBe(
        `<h2>What appeared</h2>\n${table(['id'], [['a']])}\n` +
          `<h2>What disappeared</h2>\n${table(['id'], [['b'], ['c']])}<p class="note">And 1 200 more in the data.</p>`,
      );
    });

    it('counts them where none can be named, and is silent where there are none', () => {
      const nothing = { ...named, appeared: [], disappeared: [] };
      expect(bodyOf({ changes: { appeared: 0, disappeared: 2000 } }, COMPARE, nothing)).toContain(
        '</p>\n\n\n<h2>What disappeared</h2>\n<p class="note">2 000, ' +
          'not named here: that takes a copy of the rows as CSV or JSON Lines.</p>\n\n<h2>Where',
      );
      for (const page of [bodyOf({ changes: { appeared: 1, disappeared: 1 } }, COMPARE), bodyOf({}, COMPARE, named)]) {
        expect(page).not.toMatch(/<h2>What (?:dis)?appeared/);
        expect(page).toContain('</p>\n\n\n\n<h2>Where it comes from');
      }
    });
  });
});

describe('headline()', () => {
  const tiles = (change: Partial<Content>, compare: Comparable | null = null) => {
    const html = headline({ ...CONTENT, ...change }, compare);
    const texts = [
      ...html.matchAll(/<div><strong>(.*?)<\/strong><span>(.*?)<\/span>(?:<small>(.*?)<\/small>)?<\/div>/g),
    ];
    expect(html.match(/<section class="tiles">(.*)<\/section>/)?.[1]).toBe(texts.map(([tile]) => tile).join(''));
    return texts.map((match) => match.slice(1));
  };

  it('has how much there is, and what changed', () => {
    expect(tiles({ rows: 1 })).toEqual([['1', 'row', undefined]]);
    expect(tiles({ rows: 0 })).toEqual([['0', 'rows', undefined]]);
    expect(tiles({ duplicates: 0 })).toHaveLength(1);
    expect(tiles({ changes: { appeared: 1500, disappeared: 2000 }, duplicates: 1000 }, COMPARE)).toEqual([
      ['1 200', 'rows', '+200 since the last export'],
      ['1 500', 'appeared', 'since the last export'],
      ['2 000', 'disappeared', 'since the last export'],
      ['1 000', 'came twice', 'same key'],
    ]);
  });

  it.each([
    ['reconciled', 'good', 'Complete: as many rows as the source counts.'],
    ['short-page', 'good', 'Complete as far as can be told: the last page was short.'],
    ['second-pass', 'good', 'Complete as far as can be told: a second pass found nothing more.'],
    ['unproven', 'open', 'Completeness not proven: the source gives no total.'],
  ] as const)('says how complete %s is', (completeness, mark, text) => {
    expect(headline({ ...CONTENT, completeness }, null)).toContain(
      `</section>\n<p class="verdict ${mark}">${text}</p>`,
    );
  });
});

describe('pieces of the page', () => {
  it('make text of what would be markup', () => {
    expect(escapeHtml(`&<>"'&<>"'`)).toBe('&amp;&lt;&gt;&quot;&#39;&amp;&lt;&gt;&quot;&#39;');
    expect(facts([['<a>', 'b&c']])).toBe('<dl><dt>&lt;a&gt;</dt><dd>b&amp;c</dd></dl>');
    expect(
      table(
        ['<a>', 'b'],
        [
          ['1', '<2>'],
          ['3', '4'],
        ],
      ),
    ).toBe(
      '<div class="scroll"><table><thead><tr><th>&lt;a&gt;</th><th>b</th></tr></thead>' +
        '<tbody><tr><td>1</td><td>&lt;2&gt;</td></tr><tr><td>3</td><td>4</td></tr></tbody></table></div>',
    );
  });

  it('write numbers and times the same way on every machine', () => {
    expect([number(1_234_567), number(0.125), number(1e-7)]).toEqual(['1 234 567', '0.125', '0.0000001']);
    expect(moment('2026-01-31T02:00:00.123Z')).toBe('2026-01-31 02:00:00 UTC');
    expect(localMoment('2026-01-31T02:00:00.000Z', 'Australia/Sydney')).toBe('2026-01-31 13:00:00');
    expect([delta(0), delta(1200), delta(-1200)]).toEqual([
      'as many as last time',
      '+1 200 since the last export',
      '−1 200 since the last export',
    ]);
  });

  it('draw bars by the largest, never so thin that they are not seen', () => {
    const bar = { before: undefined, of: 3000, tone: 'plain' } as const;
    const html = bars([
      { ...bar, label: '<a>', count: 2000, before: 1000, tone: 'bad' },
      { ...bar, label: 'b', count: 500 },
      { ...bar, label: 'c', count: 1 },
    ]);
    const picture = (tone: string, width: number) =>
      `<svg class="${tone}" viewBox="0 0 360 28" preserveAspectRatio="none" aria-hidden="true">` +
      `<rect width="${width}" height="28" rx="3"/></svg>`;
    expect(html).toBe(
      `<ol class="bars"><li><span class="label">&lt;a&gt;</span>${picture('bad', 360)}` +
        '<span><b>2 000</b> <small>66.7 %</small><br><small>+1 000 since the last export</small></span></li>' +
        `<li><span class="label">b</span>${picture('plain', 90)}<span><b>500</b> <small>16.7 %</small></span></li>` +
        `<li><span class="label">c</span>${picture('plain', 2)}<span><b>1</b> <small>0 %</small></span></li></ol>`,
    );
    const none = bars([{ ...bar, label: 'none', count: 0, of: 0 }]);
    expect(none).toContain(`${picture('plain', 2)}<span><b>0</b> <small>0 %</small></span>`);
  });
});
