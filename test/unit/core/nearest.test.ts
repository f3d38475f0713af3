import { describe, expect, it } from 'vitest';
import { nearest, suggestion } from '../../../functions/core/nearest.ts';

describe('nearest()', () => {
  it('finds what was mistyped, by letters that were changed, added or left out', () => {
    const names = ['alerts', 'exports', 'windows'];
    for (const word of ['alrets', 'alert', 'alertss', 'Alerts', 'slerts'])
      expect(nearest(word, names)).toEqual(['alerts']);
    expect(nearest('zzzzzz', names)).toEqual([]);
  });

  it('takes one that holds the other for near, in any case of letters', () => {
    expect(nearest('REPORT', ['daily-report-of-everything'])).toEqual(['daily-report-of-everything']);
    expect(nearest('my-daily-report-now', ['Report'])).toEqual(['Report']);
  });

  it('takes two letters of a short name, and a third of a long one', () => {
    expect(nearest('axy', ['abc'])).toEqual(['abc']);
    expect(nearest('xyz', ['abc'])).toEqual([]);
    expect(nearest('abcdefxxx', ['abcdefghi'])).toEqual(['abcdefghi']);
    expect(nearest('abcdexxxx', ['abcdefghi'])).toEqual([]);
  });

  it('names the nearest first, equal ones by their names, and three at most', () => {
    expect(nearest('job', ['jox', 'jab', 'job-1', 'job'])).toEqual(['jab', 'job', 'job-1']);
    expect(nearest('jobs', ['jabx', 'jobx'])).toEqual(['jobx', 'jabx']);
    expect(nearest('job', ['d', 'jobc', 'joba', 'jobb'], 2)).toEqual(['joba', 'jobb']);
  });
});

describe('suggestion()', () => {
  it('asks for what was meant, else tells what there is, where that is not too much', () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);
    expect(suggestion('jab', ['job', 'tab'])).toBe(' Did you mean job or tab?');
    expect(suggestion('zzzzzzzz', ['a', 'b'])).toBe(' There is: a, b.');
    expect(suggestion('zzzzzzzz', [])).toBe('');
    expect(suggestion('zzzzzzzz', many(20))).toMatch(/^ There is: n0, .*, n19\.$/);
    expect(suggestion('zzzzzzzz', many(21))).toBe('');
  });
});
