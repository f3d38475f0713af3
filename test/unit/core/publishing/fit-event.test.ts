import { describe, expect, it } from 'vitest';
import type { ServiceEvent } from '../../../../functions/core/events.ts';
import type { JsonObject } from '../../../../functions/core/json.ts';
import { cutText, fitEvent } from '../../../../functions/core/publishing/fit-event.ts';
import { toMessage } from '../../../../functions/core/publishing/message.ts';

const MARK = '… [cut]';
const MARK_BYTES = Buffer.byteLength(MARK);

const anEvent = (data: JsonObject, change: Partial<ServiceEvent> = {}): ServiceEvent => ({
  id: 'e1',
  type: 'steward.alert.opened',
  source: '/steward/test/acme',
  subject: 'watch/a1',
  time: new Date('2026-03-01T12:00:00Z'),
  connection: 'acme',
  provider: 'opsramp',
  summary: 'Disk is full',
  data,
  ...change,
});
const sizeOf = (event: ServiceEvent) => Buffer.byteLength(JSON.stringify(event));
const fitted = (data: JsonObject, limit: number) => fitEvent(anEvent(data), limit);

describe('cutText()', () => {
  it('A06: leaves what fits, and marks what it cuts, to the byte', () => {
    expect(cutText('a'.repeat(20), 20)).toBe('a'.repeat(20));
    expect(cutText('a'.repeat(21), 20)).toBe(`${'a'.repeat(20 - MARK_BYTES)}${MARK}`);
    expect(cutText('ä'.repeat(11), 21)).toBe(`${'ä'.repeat(6)}${MARK}`);
    expect(cutText('😀'.repeat(6), 20)).toBe(`😀😀${MARK}`);
    expect([17, 16].map((limit) => cutText('😀'.repeat(6), limit))).toEqual([`😀😀${MARK}`, `😀${MARK}`]);
    expect(cutText('abc', 2)).toBe(MARK);
  });
});

describe('fitEvent()', () => {
  it('A06: leaves an event that fits, to the byte, and cuts one that is a byte larger', () => {
    const event = anEvent({ note: 'x'.repeat(500) });
    expect(fitEvent(event, sizeOf(event))).toBe(event);
    const cut = fitEvent(event, sizeOf(event) - 1);
    expect(cut.data).toMatchObject({ cut: true });
    expect(sizeOf(cut)).toBeLessThan(sizeOf(event));
  });

  it('A06: cuts the longest texts first, and takes as little as will do by halves', () => {
    const { data } = fitted({ note: 'x'.repeat(3000), short: 'y'.repeat(100) }, 2000);
    expect(data).toEqual({ note: `${'x'.repeat(1000 - MARK_BYTES)}${MARK}`, short: 'y'.repeat(100), cut: true });
  });

  it('A06: fills its limit to the byte, and cuts to 64 bytes before it empties what is nested', () => {
    const bare = sizeOf(anEvent({ note: '', cut: true }));
    expect(sizeOf(fitted({ note: 'x'.repeat(3000) }, 2 * bare))).toBe(2 * bare);
    const notes = Object.fromEntries(Array.from({ length: 7 }, (_, index) => [`note-${index}`, 'x'.repeat(200)]));
    const { data } = fitted({ ...notes, deep: { deeper: { id: 'a1' } } }, 1024);
    expect(data).toMatchObject({ deep: { deeper: { id: 'a1' } }, 'note-6': `${'x'.repeat(64 - MARK_BYTES)}${MARK}` });
  });

  it('A06: cuts texts in lists and objects, shortens lists, and leaves numbers, truths and nothing alone', () => {
    const list = Array.from({ length: 400 }, (_, index) => index);
    const { data } = fitted(
      { deep: { note: 'x'.repeat(3000), n: 1, yes: true, none: null }, list, texts: ['z'] },
      1500,
    );
    expect(data).toMatchObject({ deep: { n: 1, yes: true, none: null }, texts: ['z'], cut: true });
    const { deep, list: left } = data as { deep: { note: string }; list: number[] };
    expect(deep.note.endsWith(MARK)).toBe(true);
    expect(left).toEqual(list.slice(0, left.length));
    expect(left.length).toBeGreaterThan(10);
    expect(left.length).toBeLessThan(400);
  });

  it('A06: cuts what is above the data to half a kibibyte', () => {
    const whole = anEvent({ note: 'x'.repeat(3000) }, { summary: 's'.repeat(600), resource: 'r'.repeat(600) });
    const cut = fitEvent(whole, 3000);
    expect(cut.summary).toBe(`${'s'.repeat(512 - MARK_BYTES)}${MARK}`);
    expect(cut.resource).toBe(`${'r'.repeat(512 - MARK_BYTES)}${MARK}`);
    expect(cut).toMatchObject({ id: 'e1', type: 'steward.alert.opened', subject: 'watch/a1' });
    expect(fitted({ note: 'x'.repeat(3000) }, 1000)).not.toHaveProperty('resource');
  });

  it('A06: leaves the form of data without end: its top and what stands below, emptied of what is nested deeper', () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`member-${index}`, 'v'.repeat(20)]));
    const { data } = fitted(
      {
        job: 'watch',
        long: 'x'.repeat(200),
        none: null,
        ['k'.repeat(64)]: 1,
        ['k'.repeat(65)]: 2,
        list: [1, 2],
        alert: { id: 'a1', title: 'y'.repeat(100), tags: ['t'], details: { deeper: 1 } },
        many,
      },
      600,
    );
    expect(data).toMatchObject({
      job: 'watch',
      none: null,
      ['k'.repeat(64)]: 1,
      list: [],
      alert: { id: 'a1', title: `${'y'.repeat(64 - MARK_BYTES)}${MARK}`, tags: [], details: {} },
      cut: true,
    });
    expect(data).not.toHaveProperty('k'.repeat(65));
    expect(data.long).toBe(`${'x'.repeat(64 - MARK_BYTES)}${MARK}`);
    expect(Object.keys(data.many as JsonObject)).toEqual(Object.keys(many).slice(0, 50));
    expect(Object.keys(fitted(many, 600).data)).toHaveLength(51);
  });
});

describe('a mail', () => {
  const mail = (event: ServiceEvent) => (JSON.parse(toMessage(event, () => '').body) as { email: string }).email;
  const subject = (summary: string) => toMessage(anEvent({}, { summary }), () => '').subject;

  it('says what happened, where and when, and the data in lines', () => {
    const event = anEvent(
      { job: 'watch', none: null, empty: '', alert: { id: 'a1', deep: { yes: true } }, list: ['a', 1, { b: 2 }, null] },
      { severity: 'critical', state: 'open', resource: 'host-1' },
    );
    expect(mail(event)).toBe(
      [
        'Disk is full',
        '',
        'Severity:   critical',
        'State:      open',
        'Resource:   host-1',
        'Connection: acme',
        'Provider:   opsramp',
        'Time:       2026-03-01T12:00:00.000Z',
        'Type:       steward.alert.opened',
        'About:      watch/a1',
        'Event:      e1',
        '',
        'job: watch',
        'alert:',
        '  id: a1',
        '  deep:',
        '    yes: true',
        'list: a, 1, {"b":2}, null',
      ].join('\n'),
    );
    expect(mail(anEvent({ job: 'watch' }))).toMatch(/^Disk is full\n\nConnection: acme\n/);
  });

  it('A07: has a subject of 99 characters of ASCII, and always one', () => {
    expect(subject('  Disk\r\n\tis  füll ')).toBe('Disk is f?ll');
    expect(subject('x'.repeat(120))).toBe('x'.repeat(99));
    expect(subject(' \n ')).toBe('Steward');
  });

  it('A06: is cut to its limit, and the whole message to SNS’s', () => {
    const event = anEvent({ note: 'x"'.repeat(20_000) });
    expect(Buffer.byteLength(mail(event))).toBeLessThanOrEqual(4096);
    const whole = toMessage(event, () => '');
    const exact = toMessage(event, () => '', whole.bytes);
    expect(exact.body).toBe(whole.body);
    const cut = toMessage(event, () => '', whole.bytes - 1);
    expect(cut.bytes).toBeLessThan(whole.bytes);
    expect(cut.bytes).toBeGreaterThan(whole.bytes / 4);
    expect(cut.body).toContain('cut');
  });
});
