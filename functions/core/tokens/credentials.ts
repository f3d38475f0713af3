import type { SecretReference } from '../connections/connection.ts';
import type { ClientCredentials } from '../provider.ts';

/** Which version of a secret is asked for. */
export interface CredentialsOptions {
  /** Past the cache: our credentials were just refused. */
  readonly fresh?: boolean;
  /** The version before the current one, while a rotation is under way. */
  readonly previous?: boolean;
}

/** Our own identity at the providers. */
export interface CredentialsSource {
  /**
   * @throws CredentialsMissingError naming the secret and the field that is not there
   * @throws StoreUnavailableError when there is no answer and nothing is cached
   */
  get(secret: SecretReference, options?: CredentialsOptions): Promise<ClientCredentials>;
}
