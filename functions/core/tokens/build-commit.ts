import type { Connection, SealedToken } from '../connections/connection.ts';
import { generationFingerprint, tokenFingerprint } from '../connections/fingerprint.ts';
import type { TokenCommit } from '../connections/store.ts';
import type { Provider, TokenReply } from '../provider.ts';
import type { SealInHand } from '../sealing/sealer.ts';
import { DAY_MS, SECOND_MS } from '../time.ts';
import { backOffUntil, nextRefreshAt } from './next-refresh.ts';
import { REPLY_REFUSED, refusedText } from './reply-events.ts';

/** Where a provider's folder states no life for its refresh tokens they are taken to outlast everything. */
const UNLIMITED_MS = 3650 * DAY_MS;

/** Two ends closer than this are the same end: the same token, handed out again with what is left of its life. */
const SAME_END_MS = 5 * SECOND_MS;

/** A refresh token that stays although its connection's generation moves on. */
export interface KeptRefresh {
  readonly fingerprint: string;
  readonly token: SealedToken;
}

export interface CommitParts {
  readonly connection: Connection;
  readonly provider: Provider;
  readonly reply: TokenReply;
  /** When the token request was sent. */
  readonly sentAt: Date;
  readonly seal: SealInHand;
  readonly generation: number;
  readonly attempt: string;
  readonly spent: string;
  readonly resolves: readonly string[];
  readonly releasesLease: boolean;
  readonly rejections: number;
  /** The refresh token that was spent; kept where the provider sends no other (R32). */
  readonly spentToken?: string;
  /** What stays where a consent brings no refresh token; its life is unproved until the next refresh. */
  readonly kept?: KeptRefresh;
  readonly authorization?: TokenCommit['authorization'];
}

/** The token set to store, sealed for its generation. */
export function buildCommit(parts: CommitParts): TokenCommit {
  const { connection, provider, reply, generation, attempt } = parts;
  const access = sealedAccess(parts);
  const refresh = sealedRefresh(parts);
  const rotates = provider.grant === 'authorization-code';
  const missing = rotates && refresh === undefined;
  const isUnproved = refresh !== undefined && refresh === parts.kept;
  // Its access has run out as it comes: there is a refresh token and nothing to work with.
  const lapsed = access.expiresAt <= access.issuedAt;
  const failures = connection.failures + 1;
  const next = nextRefreshAt({
    name: connection.name,
    paused: connection.paused,
    access,
    ...(refresh === undefined ? {} : { refresh: refresh.token }),
    ...(connection.demand === undefined ? {} : { demand: connection.demand }),
    sameToken: !rotates && isSameEnd(connection.access, access),
  });
  return {
    name: connection.name,
    provider: provider.id,
    attempt,
    spent: parts.spent,
    generation,
    fingerprint: refresh?.fingerprint ?? generationFingerprint(connection.name, generation),
    access,
    ...(refresh === undefined ? {} : { refresh: refresh.token }),
    ...(reply.apiEndpoint === undefined ? {} : { apiEndpoint: reply.apiEndpoint }),
    ...(reply.scopes === undefined ? {} : { scopes: reply.scopes }),
    ...(reply.account === undefined ? {} : { providerAccount: reply.account }),
    // Without a refresh token the grant dies with the access token: never called healthy (S36).
    health: missing || isUnproved || lapsed ? 'suspect' : 'connected',
    nextRefreshAt: missing ? access.expiresAt : lapsed ? backOffUntil(connection, failures, parts.sentAt) : next,
    ...(isUnproved && !lapsed ? { nextRefreshAt: parts.sentAt } : {}),
    ...(lapsed ? { failures } : {}),
    rejections: parts.rejections,
    ...(isSameEnd(connection.refresh, refresh?.token) ? { warnedDays: connection.warnedDays } : {}),
    ...noted(parts, refresh),
    resolves: parts.resolves,
    releasesLease: parts.releasesLease,
    ...(parts.authorization === undefined ? {} : { authorization: parts.authorization }),
  };
}

/** What people should know of a token set that is stored all the same. */
function noted(
  { provider, reply, sentAt, kept }: CommitParts,
  refresh: KeptRefresh | undefined,
): Pick<TokenCommit, 'lastError'> {
  if (provider.grant === 'authorization-code' && (refresh === undefined || refresh === kept)) {
    const message = `${provider.title} sent no refresh token${refresh === undefined ? '' : '; the one from before is tried'}`;
    return { lastError: { code: 'REFRESH_TOKEN_MISSING', message, at: sentAt } };
  }
  if ((reply.refused ?? []).length === 0) return {};
  return { lastError: { code: REPLY_REFUSED, message: refusedText(provider, reply), at: sentAt } };
}

function sealedAccess({ reply, sentAt, seal, connection, provider, generation }: CommitParts): SealedToken {
  return {
    sealed: seal(reply.accessToken, {
      provider: provider.id,
      connection: connection.name,
      purpose: 'access',
      generation,
    }),
    issuedAt: sentAt,
    expiresAt: new Date(sentAt.getTime() + Math.floor(reply.expiresInSeconds * SECOND_MS)),
  };
}

/** The refresh token of the reply, or the one that was spent. Its assumed life begins anew only where it is a new one. */
function sealedRefresh(parts: CommitParts): KeptRefresh | undefined {
  const { connection, provider, reply, sentAt, seal, generation, spentToken } = parts;
  if (provider.grant !== 'authorization-code') return undefined;
  const text = reply.refreshToken ?? spentToken;
  if (text === undefined) return parts.kept;
  const sealed = seal(text, { provider: provider.id, connection: connection.name, purpose: 'refresh', generation });
  const fingerprint = tokenFingerprint(text);
  const life = provider.token.assumedRefreshTokenLifetimeMs?.(connection.settings) ?? UNLIMITED_MS;
  const kept = text === spentToken ? connection.refresh : undefined;
  return {
    fingerprint,
    token: {
      sealed,
      issuedAt: kept?.issuedAt ?? sentAt,
      expiresAt: kept?.expiresAt ?? new Date(sentAt.getTime() + life),
    },
  };
}

function isSameEnd(before: SealedToken | undefined, after: SealedToken | undefined): boolean {
  if (before === undefined || after === undefined) return false;
  return Math.abs(before.expiresAt.getTime() - after.expiresAt.getTime()) <= SAME_END_MS;
}
