import { describe, expect, it } from 'vitest';
import type { ServiceEvent } from '../../../../functions/core/events.ts';
import { cutText, fitEvent } from '../../../../functions/core/publishing/fit-event.ts';
import { SNS_LIMIT_BYTES, toMessage } from '../../../../functions/core/publishing/message.ts';
import { NOON } from '../../../support/alert-world.ts';

function anEvent(change: Partial<ServiceEvent> = {}): ServiceEvent {
  return {
    id: 'f'.repeat(64),
    type: 'steward.alert.opened',
    source: '/steward/test/acme',
    subject: 'watch/a1',
    time: NOON,
    connection: 'acme',
    provider: 'opsramp',
    severity: 'critical',
    state: 'open',
    resource: 'host-1',
    summary: '[critical] Disk is full (host-1): opened, open',
    data: { job: 'watch', version: 1 },
    ...change,
  };
}

const hash = () => 'hashed';
const build = (event: ServiceEvent, limit?: number) => toMessage(event, hash, limit);
const cloudEvent = (body: string) => JSON.parse(JSON.parse(body).default) as Record<string, unknown>;
const sizeOf = ({ body, subject, attributes }: ReturnType<typeof toMessage>) =>
  Buffer.byteLength(body + subject) +
  Object.entries(attributes).reduce((sum, [name, value]) => sum + Buffer.byteLength(`${name}String${value}`), 0);

describe('a message', () => {
  it('is a CloudEvent for machines and a text for people', () => {
    const message = build(anEvent());
    expect(cloudEvent(message.body)).toEqual({
      specversion: '1.0',
      id: 'f'.repeat(64),
      source: '/steward/test/acme',
      type: 'steward.alert.opened',
      subject: 'watch/a1',
      time: '2026-03-01T12:00:00.000Z',
      datacontenttype: 'application/json',
      dataschema: 'urn:steward:event:steward.alert.opened:1',
      connection: 'acme',
      provider: 'opsramp',
      severity: 'critical',
      state: 'open',
      resource: 'host-1',
      summary: '[critical] Disk is full (host-1): opened, open',
      data: { job: 'watch', version: 1 },
    });
    const mail = JSON.parse(message.body).email as string;
    expect(mail.split('\n')[0]).toBe('[critical] Disk is full (host-1): opened, open');
    expect(mail).toContain('Severity:   critical');
    expect(message.attributes).toEqual({
      type: 'steward.alert.opened',
      provider: 'opsramp',
      connection: 'acme',
      severity: 'critical',
      state: 'open',
      resource: 'host-1',
    });
    expect(message.bytes).toBe(sizeOf(message));
  });

  it('has no attribute where there is no value: SNS refuses empty ones', () => {
    expect(build(anEvent({ resource: '', state: '' })).attributes).not.toHaveProperty('resource');
  });

  it.each([
    ['plain', 'x'],
    ['quotes, which double in JSON within JSON', '"'],
    ['two bytes', 'é'],
    ['four bytes', '😀'],
  ])('A06, I17: is left alone at the limit and cut above it, at a character boundary (%s)', (_what, character) => {
    const event = (length: number) => anEvent({ data: { text: character.repeat(length), id: 'a1' } });
    let whole = 1;
    for (let step = 1 << 18; step >= 1; step = Math.floor(step / 2)) {
      if (
        sizeOf(build(event(whole + step))) <= SNS_LIMIT_BYTES &&
        cloudEvent(build(event(whole + step)).body)['data']
      ) {
        const { cut } = cloudEvent(build(event(whole + step)).body)['data'] as { cut?: boolean };
        if (cut === undefined) whole += step;
      }
    }
    expect(SNS_LIMIT_BYTES - build(event(whole)).bytes).toBeLessThan(8);
    for (const length of [whole + 1, whole * 3]) {
      const message = build(event(length));
      expect(message.bytes).toBeLessThanOrEqual(SNS_LIMIT_BYTES);
      const { data } = cloudEvent(message.body) as { data: { cut: boolean; text: string; id: string } };
      expect(data).toMatchObject({ cut: true, id: 'a1' });
      expect(data.text.isWellFormed()).toBe(true);
      expect(data.text).toMatch(/… \[cut\]$/);
      expect(data.text.slice(0, 2)).toBe(character.repeat(2).slice(0, 2));
    }
  });

  it('A07: has nothing in it that SNS takes in no message', () => {
    const evil = `a\u0000b\u0008c\u000Bd\uFFFEe\uD800f\tg\nh\u001F`;
    const message = build(anEvent({ summary: evil, resource: evil, data: { [evil]: [evil] } }));
    const mail = JSON.parse(message.body).email as string;
    for (const text of [mail, message.attributes['resource'] ?? '', message.body]) {
      expect(text.isWellFormed()).toBe(true);
      // oxlint-disable-next-line no-control-regex -- they must not be there
      expect(text).not.toMatch(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/);
    }
    expect(message.subject).toMatch(/^[ -~]{1,99}$/);
    expect(cloudEvent(message.body)['summary']).toContain('abcde');
  });

  it('A06: ends where no room is enough for it', () => {
    expect(build(anEvent(), 100).bytes).toBeGreaterThan(100);
  });

  it('groups by subject, or by its hash where SNS takes no such group', () => {
    expect(build(anEvent()).groupId).toBe('watch/a1');
    expect(build(anEvent({ subject: 'watch/with space' })).groupId).toBe('hashed');
    expect(build(anEvent({ subject: `watch/${'x'.repeat(200)}` })).groupId).toBe('hashed');
  });
});

describe('fitting an event', () => {
  it('shortens lists and deep structures until they fit', () => {
    const many = Array.from({ length: 50_000 }, (_, n) => ({ endpoint: `host-${n}`, note: 'n'.repeat(20) }));
    const fitted = fitEvent(anEvent({ data: { job: 'watch', alert: { id: 'a1', affected: many } } }), 64 * 1024);
    expect(Buffer.byteLength(JSON.stringify(fitted))).toBeLessThanOrEqual(64 * 1024);
    expect(fitted.data).toMatchObject({ job: 'watch', cut: true, alert: { id: 'a1' } });
  });

  it('empties what has no end of members, and keeps what stands at the top and just below', () => {
    const wide = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`key-${n}`, n]));
    const fitted = fitEvent(anEvent({ data: { job: 'watch', alert: { id: 'a', details: wide } } }), 16 * 1024);
    expect(fitted.data).toEqual({ job: 'watch', alert: { id: 'a', details: {} }, cut: true });
  });

  it('never ends a text inside a character', () => {
    for (let limit = 12; limit < 40; limit += 1) {
      const cut = cutText('a😀'.repeat(20), limit);
      expect(cut.isWellFormed()).toBe(true);
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(limit);
    }
    expect(cutText('short', 5)).toBe('short');
  });
});
