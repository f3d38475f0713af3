import type { PendingAuthorization, Ticket } from '../../core/authorization/store.ts';
import { fromEpoch, type Item } from './table.ts';

/** How long after its end an item is left to TTL, for clocks that differ. */
const KEPT_MS = 3_600_000;

function timeToLive(expiresAt: Date): number {
  return Math.ceil((expiresAt.getTime() + KEPT_MS) / 1000);
}

export function ticketItem(ticket: Ticket): Item {
  const { hash, expiresAt, consumedAt: _consumedAt, ...plain } = ticket;
  return {
    pk: `ticket#${hash}`,
    sk: 'ticket',
    schema: 1,
    ...plain,
    expiresAt: expiresAt.getTime(),
    ttl: timeToLive(expiresAt),
  };
}

/** A ticket that was consumed after TTL took it has no connection any more: it is not one. */
export function ticketFromItem(hash: string, item: Item | undefined): Ticket | undefined {
  if (typeof item?.connection !== 'string') return undefined;
  const consumedAt = fromEpoch(item.consumedAt);
  return {
    hash,
    connection: item.connection,
    provider: item.provider as string,
    replaceAccount: item.replaceAccount === true,
    expiresAt: new Date(item.expiresAt as number),
    ...(typeof item.authorizedBy === 'string' ? { authorizedBy: item.authorizedBy } : {}),
    ...(typeof item.stateHash === 'string' ? { stateHash: item.stateHash } : {}),
    ...(consumedAt === undefined ? {} : { consumedAt }),
  };
}

export function authorizationItem(pending: PendingAuthorization): Item {
  const { stateHash, expiresAt, burntAt: _burntAt, outcome: _outcome, ...plain } = pending;
  return {
    pk: `authorization#${stateHash}`,
    sk: 'authorization',
    schema: 1,
    ...plain,
    expiresAt: expiresAt.getTime(),
    ttl: timeToLive(expiresAt),
  };
}

export function authorizationFromItem(stateHash: string, item: Item | undefined): PendingAuthorization | undefined {
  if (typeof item?.connection !== 'string') return undefined;
  const burntAt = fromEpoch(item.burntAt);
  const optional = ['sealedVerifier', 'issuer', 'authorizedBy', 'outcome'].filter((name) => item[name] !== undefined);
  return {
    stateHash,
    ticketHash: item.ticketHash as string,
    connection: item.connection,
    provider: item.provider as string,
    browserHash: item.browserHash as string,
    redirectUri: item.redirectUri as string,
    scopes: item.scopes as string[],
    replaceAccount: item.replaceAccount === true,
    expiresAt: new Date(item.expiresAt as number),
    ...(burntAt === undefined ? {} : { burntAt }),
    ...Object.fromEntries(optional.map((name) => [name, item[name]])),
  };
}
