import type { Connection } from './connection.ts';

/** A connection whose access token is open in memory. Never logged, never returned from a durable step. */
export interface OpenConnection {
  readonly connection: Connection;
  readonly accessToken: string;
}

/** What pollers may do with connections: open the access token, and say that it was rejected. */
export interface ConnectionAccess {
  /**
   * Reads the connection and opens its access token.
   *
   * @throws NotFoundError no such connection
   * @throws ReauthorizationRequiredError when a person has to consent (or has not yet)
   * @throws AccessTokenRejectedError when the stored token has expired; *refresh now* was asked for
   * @throws AccessDeniedError when the connection is marked access-denied, or paused (ConnectionPausedError)
   * @throws SealBrokenError when the stored token does not open or is older than the high-water generation
   */
  open(name: string): Promise<OpenConnection>;
  /** Asks for a refresh, on condition that `generation` is still the stored one. A newer one makes it a no-op. */
  reject(name: string, generation: number): Promise<void>;
  /** Reads the connection's item without opening anything. */
  find(name: string): Promise<Connection | undefined>;
}
