import type { ConnectionStore } from '../connections/store.ts';
import { NotFoundError, UsageError } from '../errors.ts';
import type { Provider } from '../provider.ts';
import { type Clock, MINUTE_MS, type Random } from '../time.ts';
import { newSecret, secretHash } from './secrets.ts';
import type { AuthorizationStore } from './store.ts';

/** How long a link waits for its person. */
export const TICKET_LIFE_MS = 60 * MINUTE_MS;

export interface TicketRequest {
  readonly connection: string;
  /** Who will consent, for the record. */
  readonly authorizedBy?: string;
  /** Let another account of the provider take the place of the one before (`--replace-account`). */
  readonly replaceAccount?: boolean;
}

export interface IssuedTicket {
  /** Whoever has this link can connect one account. It is shown once and stored nowhere. */
  readonly url: string;
  readonly expiresAt: Date;
}

export interface TicketDependencies {
  readonly tickets: Pick<AuthorizationStore, 'createTicket'>;
  readonly connections: Pick<ConnectionStore, 'find' | 'reopen'>;
  readonly providers: Readonly<Record<string, Provider>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly publicBaseUrl: string;
}

/**
 * Makes the link of `steward connect`. A connection that was disconnected becomes pending again.
 *
 * @throws NotFoundError no such connection
 * @throws UsageError when its provider needs nobody's consent; then it is reopened, and the refresher does the rest
 */
export async function createTicket(dependencies: TicketDependencies, request: TicketRequest): Promise<IssuedTicket> {
  const { tickets, connections, providers, clock, random, publicBaseUrl } = dependencies;
  const now = clock.now();
  const connection = await connections.find(request.connection);
  if (connection === undefined) throw new NotFoundError(`There is no connection ${request.connection}: steward apply`);
  const provider = providers[connection.provider];
  const grant = provider?.grant ?? 'client-credentials';
  if (connection.health === 'disconnected') await connections.reopen(connection.name, grant, now);
  if (provider?.authorization === undefined) {
    throw new UsageError(
      `Connection ${connection.name} needs nobody's consent: its tokens are fetched with the secret`,
    );
  }
  const secret = newSecret(random);
  const expiresAt = new Date(now.getTime() + TICKET_LIFE_MS);
  await tickets.createTicket({
    hash: secretHash(secret),
    connection: connection.name,
    provider: connection.provider,
    ...(request.authorizedBy === undefined ? {} : { authorizedBy: request.authorizedBy }),
    replaceAccount: request.replaceAccount ?? false,
    expiresAt,
  });
  return { url: `${publicBaseUrl}/connect/${secret}`, expiresAt };
}
