import { NotFoundError } from '../errors.ts';
import type { Clock } from '../time.ts';
import type { ConnectionEvents } from '../tokens/connection-events.ts';
import { nextRefreshAt } from '../tokens/next-refresh.ts';
import type { Connection } from './connection.ts';
import type { ConnectionStore } from './store.ts';

export interface ConnectionControlDependencies {
  readonly store: ConnectionStore;
  readonly events: ConnectionEvents;
  readonly clock: Clock;
}

/** What an operator does to a connection. Each is an event with the operator's name in it. */
export interface ConnectionControl {
  /** No job runs on it any more. It is still kept alive every seven days, so that pausing costs nobody a consent. */
  pause(name: string, by: string): Promise<void>;
  resume(name: string, by: string): Promise<void>;
  /** Forgets the tokens, keeps configuration and history. */
  disconnect(name: string, by: string): Promise<void>;
}

/** All throw NotFoundError where there is no such connection. */
export function createConnectionControl({ store, events, clock }: ConnectionControlDependencies): ConnectionControl {
  const setPaused = async (name: string, paused: boolean, by: string): Promise<void> => {
    const connection = await get(name);
    const now = clock.now();
    const kind = paused ? 'paused' : 'resumed';
    const row = events(connection, kind, now, {
      summary: `${name} was ${kind} by ${by}`,
      about: now.getTime(),
      data: { actor: by },
    });
    const change = { paused, ...rescheduled(connection, paused, now) };
    if (await store.change(name, { unleasedAt: now }, change, [row], now)) return;
    // Whoever holds the lease sets the schedule: a consent under way is due at its lease's end, should it die.
    await store.change(name, {}, { paused }, [row], now);
  };
  const get = async (name: string): Promise<Connection> => {
    const connection = await store.find(name);
    if (connection === undefined) throw new NotFoundError(`There is no connection ${name}`);
    return connection;
  };
  return {
    pause: (name, by) => setPaused(name, true, by),
    resume: (name, by) => setPaused(name, false, by),
    async disconnect(name, by) {
      const connection = await get(name);
      const now = clock.now();
      const row = events(connection, 'disconnected', now, {
        summary: `${name} was disconnected by ${by}; its tokens are forgotten`,
        about: now.getTime(),
        data: { actor: by, generation: connection.generation },
      });
      await store.disconnect(name, [row], now);
    },
  };
}

/** Only what is scheduled is rescheduled: a connection that waits for a person goes on waiting. */
function rescheduled(connection: Connection, paused: boolean, now: Date): { readonly nextRefreshAt?: Date } {
  const { access, refresh, demand, name } = connection;
  if (connection.nextRefreshAt === undefined || access === undefined || connection.failures > 0) return {};
  const at = nextRefreshAt({
    name,
    paused,
    access,
    ...(refresh === undefined ? {} : { refresh }),
    ...(demand === undefined ? {} : { demand }),
  });
  return { nextRefreshAt: at < now ? now : at };
}
