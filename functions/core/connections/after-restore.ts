import { allEnded } from '../all-ended.ts';
import { ConflictError } from '../errors.ts';
import type { Clock } from '../time.ts';
import type { ConnectionEvents } from '../tokens/connection-events.ts';
import type { Connection } from './connection.ts';
import type { ConnectionStore } from './store.ts';

export interface AfterRestoreDependencies {
  readonly store: Pick<ConnectionStore, 'list' | 'highWater' | 'raiseHighWater' | 'change'>;
  /** Puts the high water where it is told, down too: for a person who knows better. */
  readonly setHighWater: (name: string, generation: number) => Promise<void>;
  readonly events: ConnectionEvents;
  readonly clock: Clock;
}

/** A connection whose refresh token rotates, as it lies in a restored table. */
export interface RestoredConnection {
  readonly connection: Connection;
  readonly highWater: number;
  /** Nothing is presented until a person decides. */
  readonly held: boolean;
}

/**
 * What a person does after the tables came out of a backup (DESIGN 5.2). The tokens in it may have been spent since, and
 * presenting one of those can cost the whole grant.
 */
export interface AfterRestore {
  /** Rotating connections that have a token, with what is known of them. */
  look(): Promise<readonly RestoredConnection[]>;
  /**
   * Holds a connection: the high water is raised above what is stored, so that its tokens are neither opened nor presented
   * by anybody, whatever else was restored with them.
   */
  hold(restored: RestoredConnection, by: string): Promise<void>;
  /**
   * Lets a held connection go on: nothing was refreshed between the backup and the damage, so that what is stored is the
   * last.
   *
   * @throws ConflictError when it changed meanwhile
   */
  trust(restored: RestoredConnection, by: string): Promise<void>;
}

export function createAfterRestore({ store, setHighWater, events, clock }: AfterRestoreDependencies): AfterRestore {
  return {
    async look() {
      const rotating = (await store.list()).filter(({ refresh }) => refresh !== undefined);
      return allEnded(
        rotating.map(async (connection) => {
          const highWater = await store.highWater(connection.name);
          return { connection, highWater, held: connection.generation < highWater };
        }),
      );
    },
    async hold({ connection }, by) {
      const { name, generation } = connection;
      const now = clock.now();
      // First, and for good: whatever happens after it, nobody presents the token.
      await store.raiseHighWater(name, generation + 1);
      const message = `Came out of a backup with generation ${generation}`;
      const row = events(connection, 'suspect', now, {
        summary: `${name} came out of a backup and is held until somebody decides: steward connect ${name}`,
        about: `held:${generation}:${now.getTime()}`,
        severity: 'high',
        data: { cause: 'restored', actor: by, generation, command: `steward connect ${name}` },
      });
      const lastError = { code: 'SEAL_BROKEN', message, at: now };
      const change = { health: 'suspect', nextRefreshAt: null, rejectedGeneration: null, lastError } as const;
      await store.change(name, { generation }, change, [row], now);
    },
    async trust({ connection }, by) {
      const { name, generation } = connection;
      const now = clock.now();
      const row = events(connection, 'restored', now, {
        summary: `${by} vouches for the tokens of ${name}: it goes on`,
        about: `trusted:${generation}:${now.getTime()}`,
        data: { cause: 'restored', actor: by, generation },
      });
      await setHighWater(name, generation);
      const change = { health: 'connected', nextRefreshAt: now, failures: 0, lastError: null } as const;
      if (!(await store.change(name, { generation, unleasedAt: now }, change, [row], now)))
        throw new ConflictError(`${name} changed meanwhile: look again with steward restore`);
    },
  };
}
