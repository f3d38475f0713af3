import {
  type AuthorizationStore,
  MISMATCHES_TO_BURN,
  type PendingAuthorization,
  type Ticket,
} from '../../functions/core/authorization/store.ts';
import { checkedEvents } from './event-problems.ts';
import type { OutboxRow } from '../../functions/core/events.ts';

/** Tickets and pending authorizations in memory. */
export interface MemoryAuthorizations extends AuthorizationStore {
  readonly tickets: Map<string, Ticket>;
  readonly pending: Map<string, PendingAuthorization>;
  readonly outbox: OutboxRow[];
  /** What a consent's transaction does to them. */
  complete(done: { readonly stateHash: string; readonly ticketHash: string }, at: Date): void;
}

export function createMemoryAuthorizations(outbox: OutboxRow[] = []): MemoryAuthorizations {
  const tickets = new Map<string, Ticket>();
  const pendings = new Map<string, PendingAuthorization>();
  const mismatches = new Map<string, number>();
  const store: MemoryAuthorizations = {
    tickets,
    pending: pendings,
    outbox,
    async createTicket(ticket) {
      tickets.set(ticket.hash, ticket);
    },
    async findTicket(hash) {
      return tickets.get(hash);
    },
    async begin(pending, now) {
      const ticket = tickets.get(pending.ticketHash);
      if (ticket === undefined || ticket.consumedAt !== undefined || ticket.expiresAt <= now) return false;
      if (ticket.stateHash !== undefined) pendings.delete(ticket.stateHash);
      pendings.set(pending.stateHash, pending);
      tickets.set(ticket.hash, { ...ticket, stateHash: pending.stateHash });
      return true;
    },
    async find(stateHash) {
      return pendings.get(stateHash);
    },
    async countMismatch(stateHash, now) {
      const pending = pendings.get(stateHash);
      if (pending === undefined || pending.burntAt !== undefined) return;
      const count = (mismatches.get(stateHash) ?? 0) + 1;
      mismatches.set(stateHash, count);
      if (count >= MISMATCHES_TO_BURN) pendings.set(stateHash, { ...pending, burntAt: now });
    },
    async burn(pending, now) {
      const stored = pendings.get(pending.stateHash);
      if (stored === undefined || stored.burntAt !== undefined || stored.expiresAt <= now) return false;
      if (stored.provider !== pending.provider || stored.browserHash !== pending.browserHash) return false;
      pendings.set(pending.stateHash, { ...stored, burntAt: now });
      return true;
    },
    async finish(pending, outcome, events) {
      const stored = pendings.get(pending.stateHash);
      if (stored === undefined) return;
      pendings.set(pending.stateHash, { ...stored, outcome });
      outbox.push(...checkedEvents(events));
    },
    complete({ stateHash, ticketHash }, at) {
      const pending = pendings.get(stateHash);
      if (pending !== undefined) pendings.set(stateHash, { ...pending, outcome: 'connected' });
      const ticket = tickets.get(ticketHash);
      if (ticket !== undefined) tickets.set(ticketHash, { ...ticket, consumedAt: at });
    },
  };
  return store;
}
