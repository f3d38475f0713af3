import type { Connection } from '../connections/connection.ts';
import type { TokenReply } from '../provider.ts';
import type { KeptRefresh } from '../tokens/build-commit.ts';

/**
 * The refresh token that goes on standing where a consent brought none.
 *
 * RFC 6749 makes it optional, and does not say that the one from before is dead then. Whether it is, the next refresh finds
 * out. It is given up where it is known to be dead (refused, or out of a backup), and where it may be another account's:
 * that account would come back with it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 */
export function keptRefresh(connection: Connection, reply: TokenReply, highWater: number): KeptRefresh | undefined {
  const { refresh, fingerprint, health, providerAccount, refusedFingerprint, generation } = connection;
  if (reply.refreshToken !== undefined || refresh === undefined || fingerprint === undefined) return undefined;
  if (providerAccount === undefined || reply.account !== providerAccount) return undefined;
  const isDead = health === 'reauthorization-required' || refusedFingerprint === fingerprint || generation < highWater;
  if (isDead) return undefined;
  return { fingerprint, token: { ...refresh, generation: refresh.generation ?? generation } };
}

/** Attempts that a consent settles: all, but for those whose holder may have spent the token that is kept. */
export function resolvedByConsent({ attempts }: Connection, kept: KeptRefresh | undefined): readonly string[] {
  return attempts
    .filter(({ kind, fingerprint }) => kind !== 'refresh' || fingerprint !== kept?.fingerprint)
    .map(({ id }) => id);
}
