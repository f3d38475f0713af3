import type { SealedToken } from '../connections/connection.ts';
import type { TokenCommit } from '../connections/store.ts';
import { ConfigInvalidError } from '../errors.ts';

/** Where a token set goes when the table does not take it: keyed, strongly consistent, independent of DynamoDB. */
export interface RescueStore {
  put(connection: string, spent: string, body: string): Promise<void>;
  find(connection: string, spent: string): Promise<string | undefined>;
  remove(connection: string, spent: string): Promise<void>;
}

const SCHEMA = 1;

/** A commit as text. Its tokens are sealed; nothing else in it is secret. */
export function rescueText(commit: TokenCommit): string {
  return JSON.stringify({
    schema: SCHEMA,
    ...commit,
    access: tokenText(commit.access),
    refresh: commit.refresh && tokenText(commit.refresh),
  });
}

/** @throws ConfigInvalidError when another version wrote it, or none: it is left where it lies, not guessed at. */
export function rescueFromText(text: string): TokenCommit {
  try {
    return fromStored(JSON.parse(text) as StoredCommit);
  } catch (error) {
    if (error instanceof ConfigInvalidError) throw error;
    throw new ConfigInvalidError('A rescued token set cannot be read', { cause: error });
  }
}

function fromStored(stored: StoredCommit): TokenCommit {
  if (stored.schema !== SCHEMA) {
    throw new ConfigInvalidError(
      `A rescued token set was written by another version (schema ${String(stored.schema)})`,
    );
  }
  const { schema: _schema, access, refresh, nextRefreshAt, lastError, authorization, ...plain } = stored;
  return {
    ...plain,
    access: tokenFromText(access),
    ...(refresh === undefined ? {} : { refresh: tokenFromText(refresh) }),
    ...(nextRefreshAt === undefined ? {} : { nextRefreshAt: new Date(nextRefreshAt) }),
    ...(lastError === undefined ? {} : { lastError: { ...lastError, at: new Date(lastError.at) } }),
    ...(authorization === undefined
      ? {}
      : { authorization: { ...authorization, authorizedAt: new Date(authorization.authorizedAt) } }),
  };
}

type Plain = Omit<TokenCommit, 'access' | 'refresh' | 'nextRefreshAt' | 'lastError' | 'authorization'>;

interface StoredCommit extends Plain {
  readonly schema: number;
  readonly access: TokenText;
  readonly refresh?: TokenText;
  readonly nextRefreshAt?: string;
  readonly lastError?: { readonly code: string; readonly message: string; readonly at: string };
  readonly authorization?: Omit<NonNullable<TokenCommit['authorization']>, 'authorizedAt'> & {
    readonly authorizedAt: string;
  };
}

interface TokenText {
  readonly sealed: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
  readonly generation?: number;
}

function tokenText(token: SealedToken): TokenText {
  return {
    sealed: Buffer.from(token.sealed).toString('base64'),
    issuedAt: token.issuedAt.toISOString(),
    expiresAt: token.expiresAt.toISOString(),
    ...(token.generation === undefined ? {} : { generation: token.generation }),
  };
}

function tokenFromText(token: TokenText): SealedToken {
  return {
    sealed: new Uint8Array(Buffer.from(token.sealed, 'base64')),
    issuedAt: new Date(token.issuedAt),
    expiresAt: new Date(token.expiresAt),
    ...(token.generation === undefined ? {} : { generation: token.generation }),
  };
}
