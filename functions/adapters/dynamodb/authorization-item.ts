import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { toItem } from './table.ts';
import { Update } from './update.ts';

/** Keys of the two items of an authorization. Both are hashes: what is in the link is nowhere at rest. */
export function ticketKey(ticketHash: string) {
  return toItem({ pk: `ticket#${ticketHash}`, sk: 'ticket' });
}

export function authorizationKey(stateHash: string) {
  return toItem({ pk: `authorization#${stateHash}`, sk: 'authorization' });
}

/** How long finished items stay: a reload of the callback still finds its outcome. */
const KEPT_SECONDS = 24 * 3600;

/**
 * What makes a consent complete, in the transaction that stores its tokens: the ticket is used up, the outcome known.
 *
 * Unconditional, for a ticket that expired meanwhile must not cost the grant.
 */
export function completeAuthorizationWrites(
  tableName: string,
  done: { readonly stateHash: string; readonly ticketHash: string; readonly authorizedAt: Date },
): TransactWriteItem[] {
  const ttl = Math.ceil(done.authorizedAt.getTime() / 1000) + KEPT_SECONDS;
  const ticket = new Update();
  ticket.set(['consumedAt'], done.authorizedAt.getTime());
  ticket.set(['ttl'], ttl);
  const authorization = new Update();
  authorization.set(['outcome'], 'connected');
  authorization.set(['ttl'], ttl);
  return [
    { Update: { TableName: tableName, Key: ticketKey(done.ticketHash), ...ticket.parts() } },
    { Update: { TableName: tableName, Key: authorizationKey(done.stateHash), ...authorization.parts() } },
  ];
}
