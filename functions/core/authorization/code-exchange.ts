import type { SecretReference } from '../connections/connection.ts';
import type { ClientCredentials, Provider, ProviderContext } from '../provider.ts';
import type { Deadline } from '../time.ts';
import type { TokenCallResult } from '../tokens/token-call.ts';

/** One exchange of an authorization code for a token set. */
export interface CodeExchange {
  readonly provider: Provider;
  readonly context: ProviderContext;
  readonly secret: SecretReference;
  readonly credentials: ClientCredentials;
  readonly code: string;
  readonly redirectUri: string;
  readonly codeVerifier?: string;
  readonly deadline: Deadline;
  readonly timeoutMs: number;
}

/**
 * Exchanges a code, once. What comes back is checked against RFC 6749 5.1 and the provider's own shape.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3
 */
export type ExchangeCode = (exchange: CodeExchange) => Promise<TokenCallResult>;
