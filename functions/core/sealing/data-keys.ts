import type { SealPurpose } from '../connections/connection.ts';

/** A data key as KMS hands it out: to be used now, and to be stored beside what it sealed. */
export interface DataKey {
  /** 32 bytes. Stays in memory. */
  readonly plaintext: Uint8Array;
  readonly wrapped: Uint8Array;
}

/** Where data keys come from. The purpose is bound to the key, so that who may open `access` cannot open `refresh`. */
export interface DataKeys {
  generate(purpose: SealPurpose): Promise<DataKey>;
  /**
   * @throws SealBrokenError when the wrapped key is not one of ours, or of another purpose
   * @throws StoreUnavailableError when there is no answer; never a way round
   */
  open(wrapped: Uint8Array, purpose: SealPurpose): Promise<Uint8Array>;
}
