import { expect, it } from 'vitest';
import type { AuthorizationStore, PendingAuthorization, Ticket } from '../../functions/core/authorization/store.ts';
import { eventId, type OutboxRow } from '../../functions/core/events.ts';

const now = new Date('2026-03-01T12:00:00Z');
const inMs = (ms: number) => new Date(now.getTime() + ms);
const row = (about: string): OutboxRow => ({
  topic: 'events',
  order: now.getTime(),
  event: {
    id: eventId(about),
    type: 'steward.connection.resumed',
    source: '/steward/test/c1',
    subject: 'connection/c1',
    time: now,
    summary: 'declined',
    data: {},
  },
});
let counter = 0;
const unique = () => `${process.pid}-${Date.now()}-${(counter += 1)}`.padStart(64, 'a');

/**
 * What every AuthorizationStore promises.
 *
 * @param rowsOf what stands in the outbox beside the store
 */
export function itIsAnAuthorizationStore<S extends AuthorizationStore>(
  create: () => S,
  rowsOf: (store: S) => Promise<readonly OutboxRow[]>,
): void {
  const ticketOf = (overrides: Partial<Ticket> = {}): Ticket => ({
    hash: unique(),
    connection: 'c1',
    provider: 'acme',
    authorizedBy: 'Kim',
    replaceAccount: false,
    expiresAt: inMs(3_600_000),
    ...overrides,
  });
  const pendingOf = (ticket: Ticket, overrides: Partial<PendingAuthorization> = {}): PendingAuthorization => ({
    stateHash: unique(),
    ticketHash: ticket.hash,
    connection: 'c1',
    provider: 'acme',
    browserHash: 'b'.repeat(64),
    sealedVerifier: new Uint8Array([1, 2, 3]),
    redirectUri: 'https://steward.example/callback/acme',
    scopes: ['read'],
    authorizedBy: 'Kim',
    replaceAccount: false,
    expiresAt: inMs(600_000),
    ...overrides,
  });
  const begun = async () => {
    const store = create();
    const ticket = ticketOf();
    await store.createTicket(ticket);
    const pending = pendingOf(ticket);
    expect(await store.begin(pending, now)).toBe(true);
    return { store, ticket, pending };
  };

  it('finds what was stored, and nothing else', async () => {
    const { store, ticket, pending } = await begun();
    expect(await store.findTicket(ticket.hash)).toEqual({ ...ticket, stateHash: pending.stateHash });
    expect(await store.find(pending.stateHash)).toEqual(pending);
    expect(await store.findTicket(unique())).toBeUndefined();
    expect(await store.find(unique())).toBeUndefined();
  });

  it('keeps who may answer, and that another account may take the place of the one before', async () => {
    const store = create();
    const ticket = ticketOf({ replaceAccount: true });
    await store.createTicket(ticket);
    const pending = pendingOf(ticket, { replaceAccount: true, issuer: 'https://issuer.example' });
    await store.begin(pending, now);
    expect(await store.findTicket(ticket.hash)).toEqual({ ...ticket, stateHash: pending.stateHash });
    expect(await store.find(pending.stateHash)).toEqual(pending);
  });

  it('begins nothing on a ticket that is over or unknown', async () => {
    const store = create();
    const over = ticketOf({ expiresAt: now });
    await store.createTicket(over);
    expect(await store.begin(pendingOf(over), now)).toBe(false);
    expect(await store.begin(pendingOf(ticketOf()), now)).toBe(false);
  });

  it('lets a new authorization of a ticket take the place of the last', async () => {
    const { store, ticket, pending } = await begun();
    const second = pendingOf(ticket);
    expect(await store.begin(second, now)).toBe(true);
    expect(await store.find(pending.stateHash)).toBeUndefined();
    expect(await store.burn(pending, now)).toBe(false);
    expect(await store.burn(second, now)).toBe(true);
  });

  it('S07: burns a state once, however many come at once', async () => {
    const { store, pending } = await begun();
    const burnt = await Promise.all(Array.from({ length: 20 }, () => store.burn(pending, now)));
    expect(burnt.filter(Boolean)).toHaveLength(1);
    expect((await store.find(pending.stateHash))?.burntAt).toEqual(now);
  });

  it('S03, S08, S10: burns for its provider and browser only, and not after its time', async () => {
    const { store, pending } = await begun();
    expect(await store.burn({ ...pending, provider: 'other' }, now)).toBe(false);
    expect(await store.burn({ ...pending, browserHash: 'c'.repeat(64) }, now)).toBe(false);
    expect(await store.burn(pending, inMs(600_000))).toBe(false);
    expect(await store.burn(pending, inMs(599_999))).toBe(true);
  });

  it('S03: burns at the fifth wrong browser', async () => {
    const { store, pending } = await begun();
    for (let count = 0; count < 4; count += 1) await store.countMismatch(pending.stateHash, now);
    expect((await store.find(pending.stateHash))?.burntAt).toBeUndefined();
    await store.countMismatch(pending.stateHash, now);
    expect((await store.find(pending.stateHash))?.burntAt).toEqual(now);
    await store.countMismatch(unique(), now);
    for (let count = 0; count < 6; count += 1) await store.countMismatch(pending.stateHash, inMs(1000));
    expect((await store.find(pending.stateHash))?.burntAt).toEqual(now);
  });

  it('remembers how it ended and tells of it, and makes nothing of one that is gone', async () => {
    const { store, ticket, pending } = await begun();
    const told = async () => (await rowsOf(store)).map(({ event }) => event.id);
    await store.finish(pending, 'declined', [row(pending.stateHash)], now);
    expect((await store.find(pending.stateHash))?.outcome).toBe('declined');
    expect(await told()).toContain(eventId(pending.stateHash));
    const gone = pendingOf(ticket);
    await store.finish(gone, 'declined', [row(gone.stateHash)], now);
    expect(await store.find(gone.stateHash)).toBeUndefined();
    expect(await told()).not.toContain(eventId(gone.stateHash));
  });
}
