import { describe, expect, it } from 'vitest';
import { hasColour, painter, table, textLines } from '../../../infra/cli/table.ts';

describe('table', () => {
  it('sets columns as wide as they need to be, numbers to the right, nothing behind the last', () => {
    expect(
      table(
        ['job', 'rows', ''],
        [
          ['matters', '1 200', 'x'],
          ['a', '7', ''],
        ],
      ),
    ).toBe('job       rows\n───────  ─────  ─\nmatters  1 200  x\na            7');
  });

  it('measures what is seen, not the escapes of colours', () => {
    const paint = painter(true);
    const lines = table(
      ['state', 'n'],
      [
        [paint('good', 'ok'), 'x'],
        ['failed', 'y'],
      ],
    ).split('\n');
    // oxlint-disable-next-line no-control-regex -- colours are control characters
    expect(lines.map((line) => line.replaceAll(/\u001B\[\d+m/g, '').length)).toEqual([9, 9, 9, 9]);
  });

  it('stands with no rows', () => {
    expect(table(['a', 'b'], [])).toBe('a  b\n─  ─');
  });

  it('leaves out minor columns where the window is narrow, the least important first', () => {
    const rows = [['matters', 'a name', '12', 'well']];
    const titles = (width: number) =>
      table(['job', 'who', 'n', 'state'], rows, { width, minor: ['who', 'n'] })
        .split('\n')[0]
        ?.split(/ +/);
    expect(titles(26)).toEqual(['job', 'who', 'n', 'state']);
    expect(titles(25)).toEqual(['job', 'n', 'state']);
    expect(titles(18)).toEqual(['job', 'n', 'state']);
    expect(titles(17)).toEqual(['job', 'state']);
  });

  it('breaks the last column between words when nothing more can be left out', () => {
    const lines = table(['check', 'finding'], [['archive', 'permission missing: s3:ListBucket on it']], { width: 34 });
    expect(lines.split('\n')).toEqual([
      'check    finding',
      '───────  ─────────────────────────',
      'archive  permission missing:',
      '         s3:ListBucket on it',
    ]);
  });

  it('breaks a word that is longer than a line', () => {
    expect(textLines('abcdefgh ij', 3)).toEqual(['abc', 'def', 'gh', 'ij']);
  });

  it.each([
    [{ isTTY: true }, {}, true],
    [{ isTTY: false }, {}, false],
    [{}, {}, false],
    [{ isTTY: true }, { NO_COLOR: '1' }, false],
    [{ isTTY: true }, { NO_COLOR: '' }, true],
    [{}, { FORCE_COLOR: '1' }, true],
    [{}, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ])('%o with %o has colours: %s', (stream, environment, expected) => {
    expect(hasColour(stream, environment)).toBe(expected);
  });

  it('leaves text as it is without colours', () => {
    expect(painter(false)('bad', 'x')).toBe('x');
    expect(painter(true)('bad', 'x')).toBe('\u001B[31mx\u001B[0m');
  });
});
