import { describe, expect, it } from 'vitest';
import { followed, nextOfHeader } from '../../../../functions/providers/oauth2/links.ts';

const PAGE = new URL('https://api.vendor.example/v2/things?page=1');

describe('the Link header (RFC 8288)', () => {
  it.each([
    ['<https://a.example/2>; rel="next"', 'https://a.example/2'],
    ['<https://a.example/2>; rel=next', 'https://a.example/2'],
    ['<https://a.example/0>; rel="prev", <https://a.example/2>; rel="next"', 'https://a.example/2'],
    ['</2>; title="a, b; rel=next"; rel="last next"', '/2'],
    ['<https://a.example/a,b>;rel="NEXT prefetch"', 'https://a.example/a,b'],
    ['<https://a.example/2>; rel="nexttime"', undefined],
    ['<https://a.example/2>; rel="prev"', undefined],
    ['https://a.example/2; rel="next"', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s', (header, target) => {
    expect(nextOfHeader(header)).toBe(target);
  });

  it('takes a hostile header in no time', () => {
    const began = performance.now();
    nextOfHeader(`${'<a>; '.repeat(20_000)}${'rel = '.repeat(20_000)}`);
    expect(performance.now() - began).toBeLessThan(1000);
  });
});

describe('S76: a link to the next page', () => {
  it.each([
    ['?page=2', 'https://api.vendor.example/v2/things?page=2'],
    ['/v3/things', 'https://api.vendor.example/v3/things'],
    ['https://api.vendor.example:443/x#top', 'https://api.vendor.example/x'],
  ])('%s is followed', (link, url) => {
    expect(followed(link, PAGE).href).toBe(url);
  });

  it.each([
    'https://evil.example/x',
    '//evil.example/x',
    'http://api.vendor.example/x',
    'https://api.vendor.example:8443/x',
    'https://api.vendor.example.evil.example/x',
    'https://user@api.vendor.example/x',
    'javascript:alert(1)',
    'https://[',
  ])('%s is not', (link) => {
    expect(() => followed(link, PAGE)).toThrow(/next page/u);
  });
});
