import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { AuthorizationStore } from '../../core/authorization/store.ts';
import type { ConnectionStore } from '../../core/connections/store.ts';
import { STORE_PATIENCE } from '../../core/tokens/timing.ts';
import { createAuthorizationStore } from './authorization-store.ts';
import { createConnectionStore, type ConnectionStoreOptions } from './connection-store.ts';

export interface ConsentStores {
  readonly store: ConnectionStore;
  readonly authorizations: AuthorizationStore;
}

/**
 * The stores of the callback on a client of their own.
 *
 * One module, so that one `import()` loads them with only those parts of the SDK that they use: what is behind an
 * `import()` of the SDK itself cannot be shaken.
 */
export function createConsentStores(options: Omit<ConnectionStoreOptions, 'client'>): ConsentStores {
  const given = { ...options, client: new DynamoDBClient(STORE_PATIENCE) };
  return { store: createConnectionStore(given), authorizations: createAuthorizationStore(given) };
}
