import type { TokenDependencies } from '../tokens/dependencies.ts';
import type { ExchangeCode } from './code-exchange.ts';
import type { BrowserCookies } from './cookies.ts';
import type { AuthorizationStore } from './store.ts';

/** What the callback does, it does through these. No refresh is among them. */
export interface AuthorizationDependencies extends Pick<
  TokenDependencies,
  | 'store'
  | 'rescue'
  | 'sealer'
  | 'credentials'
  | 'clock'
  | 'random'
  | 'wait'
  | 'log'
  | 'metrics'
  | 'events'
  | 'providers'
  | 'redirectUri'
  | 'owner'
> {
  readonly authorizations: AuthorizationStore;
  readonly exchange: ExchangeCode;
  readonly cookies: BrowserCookies;
  /** Wakes the publisher after events. */
  readonly announce: (shard: string) => Promise<void>;
}
