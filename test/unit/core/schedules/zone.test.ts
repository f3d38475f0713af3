import { describe, expect, it } from 'vitest';
import { zoneProblem } from '../../../../functions/core/schedules/zone.ts';

const WINTER = new Date('2026-01-15T12:00:00Z');
const SUMMER = new Date('2026-07-15T12:00:00Z');
const problem = (zone: string, now = WINTER) => zoneProblem(zone, now) ?? '';
/** The zones that an offset's message names. */
const named = (zone: string, now = WINTER) => problem(zone, now).split(' now: ')[1]?.split(', ') ?? [];

describe('zoneProblem()', () => {
  it('is none for an IANA name', () => {
    for (const zone of ['UTC', 'Europe/Berlin', 'Etc/GMT+5']) expect(zoneProblem(zone, WINTER)).toBeUndefined();
  });

  it('names the nearest of an unknown name, or an example where none is near', () => {
    expect(problem('Europe/Berlni')).toBe(
      'names the unknown time zone Europe/Berlni: it must be an IANA name. Did you mean Europe/Berlin or Europe/Jersey or Europe/Tirane?',
    );
    expect(problem('Europe/Lond')).toMatch(/Did you mean Europe\/London( or [A-Z][\w/]+)*\?$/);
    expect(problem('x'.repeat(60))).toMatch(/it must be an IANA name\. For example: Europe\/Berlin$/);
    const several = problem('America/Argentina/').split('Did you mean ')[1]?.split(' or ') ?? [];
    expect(several).toHaveLength(3);
  });

  it('names three zones that show the same as an offset now, and the one that always does', () => {
    for (const [offset, fixed] of [
      ['+02:00', 'Etc/GMT-2'],
      ['-05:00', 'Etc/GMT+5'],
      ['+12:00', 'Etc/GMT-12'],
      ['-11:00', 'Etc/GMT+11'],
    ]) {
      const names = named(offset as string);
      expect(names).toHaveLength(4);
      expect(names.at(-1)).toBe(`always: ${fixed}`);
    }
    expect(problem('+02:00')).toMatch(/^is the offset \+02:00: it must be an IANA name, because/);
    expect(named('+02:00')).not.toContain('Europe/Berlin');
    expect(named('+02:00', SUMMER)).not.toEqual(named('+02:00', WINTER));
  });

  it('names no fixed zone where an offset has minutes', () => {
    for (const name of named('+05:30')) expect(zoneProblem(name, WINTER)).toBeUndefined();
    expect(named('+20:00')).toEqual(['']);
    expect(named('+05:30')).toContain('Asia/Colombo');
  });

  it('takes an offset as short as it may be written', () => {
    for (const zone of ['+02', '+0200']) expect(named(zone).at(-1)).toBe('always: Etc/GMT-2');
    expect(named('+1200').at(-1)).toBe('always: Etc/GMT-12');
  });
});
