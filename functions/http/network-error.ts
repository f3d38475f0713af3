/** Undici's and Node's errors; anything else is a bug and is thrown on, a header that undici does not take among them. */
export function isNetworkError(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' && code !== 'UND_ERR_INVALID_ARG';
}

/** What a message may say of a failure: its code, else its name. */
export function reason(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.name;
}

/** Failures before a byte of the request left this machine. */
const NOT_SENT = new Set([
  'EADDRNOTPUBLIC',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * The same for TLS: a certificate that is refused, or two sides that cannot agree. Other alerts may come after a request.
 *
 * @see https://nodejs.org/api/tls.html#x509-certificate-error-codes
 */
const NO_HANDSHAKE =
  /^(?:CERT_|UNABLE_TO_|(?:DEPTH_ZERO_)?SELF_SIGNED_CERT|ERR_TLS_CERT_|HOSTNAME_MISMATCH$|ERR_SSL_(?:.{0,20}HANDSHAKE_FAILURE|.{0,20}PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|WRONG_VERSION_NUMBER)$)/;

/**
 * Whether bytes of the request may have reached the provider: then the fate of a token that was in it is unknown.
 *
 * A host with several addresses is tried on one after the other; such a failure has the code of the first, so that a
 * silence (`ETIMEDOUT`, which an open connection may also end with) can hide refusals. What counts is that all of them
 * failed in `connect`.
 */
export function mayHaveArrived(error: Error): boolean {
  if (error instanceof AggregateError) return !(error.errors.length > 0 && error.errors.every(isConnectFailure));
  const { code = '' } = error as NodeJS.ErrnoException;
  return !NOT_SENT.has(code) && !NO_HANDSHAKE.test(code) && !isConnectFailure(error);
}

function isConnectFailure(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).syscall === 'connect';
}
