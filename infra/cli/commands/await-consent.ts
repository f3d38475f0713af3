import { setTimeout as wait } from 'node:timers/promises';
import { secretHash } from '../../../functions/core/authorization/secrets.ts';
import type { AuthorizationStore } from '../../../functions/core/authorization/store.ts';
import type { Connection } from '../../../functions/core/connections/connection.ts';
import { EXIT } from '../exit.ts';
import { missingScopesOf } from '../read-overview.ts';
import { relative } from '../words.ts';
import { regionWarnings } from '../placement.ts';
import { regionOf } from '../target.ts';
import { connectionNamed } from './connections.ts';
import type { CommandContext } from './context.ts';

const LOOK_EVERY_MS = 1000;

type Waiting = Pick<CommandContext, 'terminal' | 'services'> & {
  readonly tickets: Pick<AuthorizationStore, 'find' | 'findTicket'>;
  readonly url: string;
  readonly expiresAt: Date;
};

/** Looks until somebody has consented after `before`, or nobody can any more, and says how each try of the link ended. */
export async function awaitConsent(waiting: Waiting, before: Connection): Promise<number> {
  const { terminal, services, expiresAt } = waiting;
  const { name } = before;
  let told = '';
  for (;;) {
    const connection = await connectionNamed(services, name);
    if ((connection.authorizedAt ?? 0) > (before.authorizedAt ?? 0)) return connected(waiting, connection);
    if (services.clock.now() > expiresAt) {
      terminal.note(`Nobody consented in time. Make a new link: steward connect ${name}`);
      if (terminal.json) terminal.out(JSON.stringify({ connection: name, status: connection.health }));
      return EXIT.failed;
    }
    const last = await lastTry(waiting);
    if (last !== undefined && last.stateHash !== told) {
      told = last.stateHash;
      terminal.note(tryText(name, last.outcome));
    }
    terminal.progress(`Waiting for the consent; the link ends ${relative(expiresAt, services.clock.now())}`);
    await wait(LOOK_EVERY_MS);
  }
}

/** The newest try of the link that has ended without tokens in the table. */
async function lastTry({ tickets, url }: Waiting) {
  const { stateHash } = (await tickets.findTicket(secretHash(url.slice(url.lastIndexOf('/') + 1)))) ?? {};
  const pending = stateHash === undefined ? undefined : await tickets.find(stateHash);
  if (pending?.outcome === undefined || pending.outcome === 'connected') return undefined;
  return { stateHash: pending.stateHash, outcome: pending.outcome };
}

function tryText(name: string, outcome: string): string {
  if (outcome === 'received') return 'The consent was received; its tokens are stored within minutes.';
  if (outcome === 'other-account')
    return `It was another account than before, and was refused. To take it: steward connect ${name} --replace-account`;
  const what = outcome === 'declined' ? 'The consent was declined' : `The consent did not succeed (${outcome})`;
  return `${what}. The same link may be used again.`;
}

function connected({ terminal, services }: Waiting, connection: Connection): number {
  const { name, providerAccount, health } = connection;
  const { target } = services;
  terminal.note(`${name} is connected${providerAccount === undefined ? '' : ` to ${providerAccount}`}.`);
  const warnings = target.directory === undefined ? regionWarnings([connection], regionOf(target)) : [];
  for (const { about, what } of warnings) terminal.note(`Look at ${about}: ${what}`);
  const missingScopes = missingScopesOf(services, connection);
  if (health !== 'connected') terminal.note(`It is ${health}: steward status says why.`);
  if (missingScopes.length > 0) terminal.note(`Nobody consented to its scopes ${missingScopes.join(' ')}.`);
  if (terminal.json) {
    const status = { connection: name, status: health, account: providerAccount ?? null, missingScopes };
    terminal.out(JSON.stringify({ ...status, warnings: warnings.map(({ what }) => what) }));
  }
  return EXIT.done;
}
