import { allEnded } from '../all-ended.ts';
import {
  AccessDeniedError,
  ConnectionPausedError,
  AccessTokenRejectedError,
  NotFoundError,
  ReauthorizationRequiredError,
  SealBrokenError,
} from '../errors.ts';
import type { Sealer } from '../sealing/sealer.ts';
import type { Clock } from '../time.ts';
import type { ConnectionAccess } from './access.ts';
import type { Connection, SealedToken } from './connection.ts';
import type { ConnectionStore } from './store.ts';

export interface ConnectionAccessDependencies {
  readonly store: Pick<ConnectionStore, 'find' | 'highWater' | 'reject'>;
  readonly sealer: Pick<Sealer, 'open'>;
  readonly clock: Clock;
}

/**
 * The pollers' way to a connection: opens the access token, and nothing else.
 *
 * The generation is compared with the high water before anything is opened: an item that came back from a backup holds
 * tokens that were spent long ago (RELIABILITY S82).
 */
export function createConnectionAccess(dependencies: ConnectionAccessDependencies): ConnectionAccess {
  const { store, sealer, clock } = dependencies;
  return {
    find: (name) => store.find(name),
    reject: (name, generation) => store.reject(name, generation),
    async open(name) {
      const [found, highWater] = await allEnded([store.find(name), store.highWater(name)]);
      // A refresh may have been committed between the two reads: only an item that stays behind was rolled back.
      const connection = found !== undefined && found.generation < highWater ? await store.find(name) : found;
      if (connection === undefined) throw new NotFoundError(`There is no connection ${name}`);
      const access = usableAccess(connection);
      if (connection.generation < highWater) {
        throw new SealBrokenError(
          `Connection ${name} holds generation ${connection.generation}, older than generation ${highWater} that was committed`,
        );
      }
      if (connection.rejectedGeneration === connection.generation) {
        throw new AccessTokenRejectedError(`The access token of ${name} was rejected; a refresh is asked for`);
      }
      if (access.expiresAt.getTime() <= clock.now().getTime()) {
        await store.reject(name, connection.generation);
        throw new AccessTokenRejectedError(`The access token of ${name} has expired; a refresh is asked for`);
      }
      const accessToken = await sealer.open(access.sealed, {
        provider: connection.provider,
        connection: name,
        purpose: 'access',
        generation: connection.generation,
      });
      return { connection, accessToken };
    },
  };
}

/** The stored access token of a connection that may be used, or the reason why it may not. */
function usableAccess(connection: Connection): SealedToken {
  const { name, health, access } = connection;
  if (connection.paused) throw new ConnectionPausedError(name);
  if (health === 'access-denied') {
    throw new AccessDeniedError(`Connection ${name} is denied access although its token is fresh`);
  }
  if (health === 'reauthorization-required' || health === 'disconnected') throw new ReauthorizationRequiredError(name);
  if (access !== undefined) return access;
  // Client credentials need no person: the first refresh is due, it has only not come yet.
  if (connection.fingerprint !== undefined) {
    throw new AccessTokenRejectedError(`Connection ${name} has no access token yet; its first refresh is due`);
  }
  throw new ReauthorizationRequiredError(name);
}
