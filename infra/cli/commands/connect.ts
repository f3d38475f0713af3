import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createAuthorizationStore } from '../../../functions/adapters/dynamodb/authorization-store.ts';
import type { AuthorizationStore } from '../../../functions/core/authorization/store.ts';
import type { Connection } from '../../../functions/core/connections/connection.ts';
import { callbackName } from '../../../functions/core/authorization/callback-name.ts';
import { createTicket } from '../../../functions/core/authorization/ticket.ts';
import { auditEvent, recordAudit } from '../audit.ts';
import { EXIT } from '../exit.ts';
import type { Services } from '../services.ts';
import { relative } from '../words.ts';
import { awaitConsent } from './await-consent.ts';
import { connectionNamed } from './connections.ts';
import type { CommandContext } from './context.ts';

export interface ConnectOptions {
  readonly authorizedBy?: string | undefined;
  readonly replaceAccount?: boolean;
}

/** A one-time link for one person and one connection. */
export async function connectLink(services: Services, name: string, options: ConnectOptions): Promise<string> {
  return (await issue(services, name, options)).url;
}

function ticketsOf({ stateTable, target }: Services): AuthorizationStore {
  return createAuthorizationStore({
    client: stateTable.client,
    stateTable: target.stateTableName,
    shardCount: target.shardCount,
  });
}

async function issue(services: Services, name: string, { authorizedBy, replaceAccount = false }: ConnectOptions) {
  const { connections, clock, providers, target } = services;
  const tickets = ticketsOf(services);
  const random = { bytes: (length: number) => randomBytes(length) };
  return createTicket(
    { tickets, connections, providers, clock, random, publicBaseUrl: target.publicBaseUrl },
    { connection: name, replaceAccount, ...(authorizedBy === undefined ? {} : { authorizedBy }) },
  );
}

/** `steward connect`: prints the link, waits for the person, says how it ended. */
export async function connectCommand(
  { terminal, services }: CommandContext,
  name: string,
  options: ConnectOptions & { readonly open?: boolean; readonly wait: boolean },
): Promise<number> {
  const before = await connectionNamed(services, name);
  if (before.health === 'disconnected' && services.providers[before.provider]?.grant === 'client-credentials')
    return reopen({ terminal, services }, before);
  const { url, expiresAt } = await issue(services, name, options);
  const { authorizedBy, replaceAccount = false } = options;
  await recordAudit(
    services,
    auditEvent(services, 'steward.connection.invited', {
      connection: name,
      provider: before.provider,
      summary: `A link to connect ${name} was made`,
      data: { expiresAt: expiresAt.toISOString(), replaceAccount, authorizedBy: authorizedBy ?? null },
    }),
  );
  const redirectUri = redirectUriOf(services, before);
  if (terminal.json) terminal.out(JSON.stringify({ connection: name, url, expiresAt, redirectUri }));
  else terminal.out(url);
  terminal.note(`The provider has to know the redirect URI ${redirectUri}`);
  terminal.note(
    `Whoever opens this link can connect one account, once, ${relative(expiresAt, services.clock.now())} at the latest.`,
  );
  if (options.open === true) openBrowser(url);
  if (!options.wait) return EXIT.done;
  return awaitConsent({ terminal, services, tickets: ticketsOf(services), url, expiresAt }, before);
}

/** What is registered with the provider by hand, once: it sends nobody anywhere else. */
export function redirectUriOf({ providers, target }: Services, { provider, settings }: Connection): string {
  const known = providers[provider];
  return `${target.publicBaseUrl}/callback/${known === undefined ? provider : callbackName(known, settings)}`;
}

/** A connection that nobody has to consent to: its tokens are fetched with the secret again. */
async function reopen(
  { terminal, services }: Pick<CommandContext, 'terminal' | 'services'>,
  { name, provider }: Connection,
): Promise<number> {
  const now = services.clock.now();
  await services.connections.reopen(name, 'client-credentials', now);
  const summary = `${name} is being connected again`;
  await recordAudit(
    services,
    auditEvent(services, 'steward.connection.invited', { connection: name, provider, summary }),
  );
  terminal.note(`${summary}, with its secret: nobody has to consent. steward status says when it is.`);
  if (terminal.json) terminal.out(JSON.stringify({ connection: name, status: 'pending' }));
  return EXIT.done;
}

/** The desktop's own way to open an address. Where there is none, the printed link is there. */
function openBrowser(url: string): void {
  const [program = 'xdg-open', ...args] =
    process.platform === 'darwin' ? ['open'] : process.platform === 'win32' ? ['cmd', '/c', 'start', ''] : ['xdg-open'];
  spawn(program, [...args, url], { stdio: 'ignore', detached: true })
    .once('error', () => undefined)
    .unref();
}
