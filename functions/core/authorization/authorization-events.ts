import type { Connection } from '../connections/connection.ts';
import type { TokenCommit } from '../connections/store.ts';
import type { OutboxRow } from '../events.ts';
import type { AuthorizationDependencies } from './dependencies.ts';
import type { PendingAuthorization } from './store.ts';

/**
 * Scopes that were asked for and not granted (S38). A provider that does not say is taken at its word, and one that
 * grants `offline_access` often says so by nothing but a refresh token.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#OfflineAccess
 */
export function missingScopes(asked: readonly string[], granted: readonly string[] | undefined): readonly string[] {
  return granted === undefined ? [] : asked.filter((scope) => scope !== 'offline_access' && !granted.includes(scope));
}

/** What a consent says, in the transaction that stores it. */
export function authorizationEvents(
  { events, clock }: Pick<AuthorizationDependencies, 'events' | 'clock'>,
  pending: PendingAuthorization,
  connection: Connection,
  commit: TokenCommit,
): OutboxRow[] {
  const now = clock.now();
  const { name, health, generation, providerAccount } = connection;
  const missing = missingScopes(pending.scopes, commit.scopes);
  const by = pending.authorizedBy === undefined ? '' : ` by ${pending.authorizedBy}`;
  const rows = [
    events(connection, 'authorized', now, {
      summary: `${name} was authorized${by}${missing.length === 0 ? '' : `, without ${missing.join(' ')}`}`,
      about: pending.stateHash,
      ...(missing.length === 0 ? {} : { severity: 'medium' as const }),
      data: {
        again: generation > 0,
        scopes: [...(commit.scopes ?? [])],
        missingScopes: [...missing],
        ...(pending.authorizedBy === undefined ? {} : { authorizedBy: pending.authorizedBy }),
        ...(commit.providerAccount === undefined ? {} : { account: commit.providerAccount }),
        ...(providerAccount === undefined || providerAccount === commit.providerAccount
          ? {}
          : { replacedAccount: providerAccount }),
      },
    }),
  ];
  const wasBroken = health === 'suspect' || health === 'reauthorization-required' || health === 'access-denied';
  if (wasBroken && commit.health === 'connected') {
    rows.push(
      events(connection, 'restored', now, {
        summary: `${name} works again`,
        about: commit.generation,
        data: { was: health },
      }),
    );
  }
  const isKept = commit.refresh?.generation !== undefined;
  if (commit.refresh === undefined || isKept) {
    rows.push(
      events(connection, 'suspect', now, {
        summary: isKept
          ? `${name} came without a refresh token: the one from before is being tried`
          : `${name} came without a refresh token: it works until ${commit.access.expiresAt.toISOString()}`,
        about: pending.stateHash,
        severity: 'high',
        data: { cause: 'refresh-token-missing', keptTheOneBefore: isKept },
      }),
    );
  }
  return rows;
}
