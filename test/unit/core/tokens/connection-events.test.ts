import { describe, expect, it } from 'vitest';
import { eventId } from '../../../../functions/core/events.ts';
import { createConnectionEvents } from '../../../../functions/core/tokens/connection-events.ts';

describe('an event of a connection', () => {
  it('goes to the topic of events, with an id that is the same whenever the same is told', () => {
    const now = new Date('2026-03-01T12:00:00Z');
    const events = createConnectionEvents('test');
    const tell = (about: string | number) =>
      events({ name: 'c1', provider: 'acme' }, 'restored', now, { summary: 'c1 works again', about });
    expect(tell(3)).toEqual({
      topic: 'events',
      order: now.getTime(),
      event: {
        id: eventId('connection', 'c1', 'restored', 3),
        type: 'steward.connection.restored',
        source: '/steward/test/c1',
        subject: 'connection/c1',
        time: now,
        connection: 'c1',
        provider: 'acme',
        summary: 'c1 works again',
        data: { connection: 'c1', provider: 'acme' },
      },
    });
    expect(tell(4).event.id).not.toBe(tell(3).event.id);
  });
});
