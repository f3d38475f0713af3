/** What stands in a manifest beside its content. */
export interface Signature {
  /** ARN of the key, or a name that begins with `local`. */
  readonly key: string;
  /** ECDSA on P-256 over SHA-256 of the signed text, DER. */
  readonly algorithm: 'ECDSA_SHA_256';
  /** Base64. */
  readonly value: string;
}

/** Signs with a key that never leaves its store. */
export interface Signer {
  sign(text: string): Promise<Signature>;
}
