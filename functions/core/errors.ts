/**
 * Every failure this service raises on purpose.
 *
 * Log filters and alarms match on these strings, so a code outlives the class that carries it:
 * rename classes freely, never a code.
 */
export type ServiceErrorCode =
  | 'ACCESS_DENIED'
  | 'ACCESS_TOKEN_REJECTED'
  | 'BUDGET_EXHAUSTED'
  | 'CLIENT_REJECTED'
  | 'CONFIG_INVALID'
  | 'CONFLICT'
  | 'CREDENTIALS_MISSING'
  | 'DEADLINE_TOO_NEAR'
  | 'EGRESS_REFUSED'
  | 'EXPORT_INCOMPLETE'
  | 'GRANT_REJECTED'
  | 'NOT_FOUND'
  | 'PROVIDER_RATE_LIMITED'
  | 'PROVIDER_REFUSED'
  | 'PROVIDER_RESPONSE_INVALID'
  | 'PROVIDER_UNAVAILABLE'
  | 'REAUTHORIZATION_REQUIRED'
  | 'SEAL_BROKEN'
  | 'STORE_UNAVAILABLE'
  | 'USAGE_INVALID';

/** Base of every failure this service raises on purpose. Anything else that is thrown is a bug. */
export abstract class ServiceError extends Error {
  /** A literal in each subclass: a minifier may rename the class, not the string. */
  abstract override readonly name: string;

  abstract readonly code: ServiceErrorCode;

  /** Whether the same call may succeed later with nobody stepping in. */
  abstract readonly retryable: boolean;
}

/** A place in what was given, as a path of names and indexes, and what is wrong there. */
export interface ConfigFault {
  readonly path: readonly (string | number)[];
  readonly problem: string;
}

/** Configuration, an option or the environment is wrong. The message says what, where, and what to do. */
export class ConfigInvalidError extends ServiceError {
  override readonly name = 'ConfigInvalidError';
  override readonly code = 'CONFIG_INVALID';
  override readonly retryable = false;
  /** For who knows the file that it was given in: a line and a column can be named. */
  readonly fault: ConfigFault | undefined;

  constructor(message: string, options: ErrorOptions & { readonly fault?: ConfigFault } = {}) {
    super(message, options);
    this.fault = options.fault;
  }
}

/** A person asked for something that the command does not take. */
export class UsageError extends ServiceError {
  override readonly name = 'UsageError';
  override readonly code = 'USAGE_INVALID';
  override readonly retryable = false;
}

/** A named thing (connection, job, report, window) does not exist. The message lists the nearest names. */
export class NotFoundError extends ServiceError {
  override readonly name = 'NotFoundError';
  override readonly code = 'NOT_FOUND';
  override readonly retryable = false;
}

/** Somebody else changed the item first: a conditional write did not hold. Read again, then decide. */
export class ConflictError extends ServiceError {
  override readonly name = 'ConflictError';
  override readonly code = 'CONFLICT';
  override readonly retryable = true;
}

/** An AWS store did not answer or throttled after its client's own retries. */
export class StoreUnavailableError extends ServiceError {
  override readonly name = 'StoreUnavailableError';
  override readonly code = 'STORE_UNAVAILABLE';
  override readonly retryable = true;
}

/** A sealed value does not open: changed, swapped, rolled back, or sealed for another purpose. Never repaired. */
export class SealBrokenError extends ServiceError {
  override readonly name = 'SealBrokenError';
  override readonly code = 'SEAL_BROKEN';
  override readonly retryable = false;
}

/** A secret or one of its fields is not there. The message names both, never a value. */
export class CredentialsMissingError extends ServiceError {
  override readonly name = 'CredentialsMissingError';
  override readonly code = 'CREDENTIALS_MISSING';
  override readonly retryable = false;
}

/** What is left of the invocation does not cover the work. The next tick takes it. */
export class DeadlineTooNearError extends ServiceError {
  override readonly name = 'DeadlineTooNearError';
  override readonly code = 'DEADLINE_TOO_NEAR';
  override readonly retryable = true;
}

/** A request to a host, scheme, port or address that the allow-list does not have. Nothing was sent. */
export class EgressRefusedError extends ServiceError {
  override readonly name = 'EgressRefusedError';
  override readonly code = 'EGRESS_REFUSED';
  override readonly retryable = false;
}

/** `invalid_grant`: the code or refresh token that was presented is refused.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2 */
export class GrantRejectedError extends ServiceError {
  override readonly name = 'GrantRejectedError';
  override readonly code = 'GRANT_REJECTED';
  override readonly retryable = false;
}

/** `invalid_client`: our own credentials are refused. Says nothing about the connection.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2 */
export class ClientRejectedError extends ServiceError {
  override readonly name = 'ClientRejectedError';
  override readonly code = 'CLIENT_REJECTED';
  override readonly retryable = false;
}

/** A person has to authorize the connection again. The message names the connection and never the token. */
export class ReauthorizationRequiredError extends ServiceError {
  override readonly name = 'ReauthorizationRequiredError';
  override readonly code = 'REAUTHORIZATION_REQUIRED';
  override readonly retryable = false;
  readonly connection: string;

  constructor(connection: string, options?: ErrorOptions) {
    super(`Connection ${connection} has to be authorized again: steward connect ${connection}`, options);
    this.connection = connection;
  }
}

/** The provider no longer takes this access token (401, or OpsRamp's 407). A refresh may help; a retry will not. */
export class AccessTokenRejectedError extends ServiceError {
  override readonly name = 'AccessTokenRejectedError';
  override readonly code = 'ACCESS_TOKEN_REJECTED';
  override readonly retryable = true;
}

/** The provider knows us and says no (403): a permission or scope is missing. The message says which, where the provider does. */
export class AccessDeniedError extends ServiceError {
  override readonly name = 'AccessDeniedError';
  override readonly code = 'ACCESS_DENIED';
  override readonly retryable = false;
}

/** Somebody paused the connection: nothing is asked of its provider. Looking whether it goes on costs one read. */
export class ConnectionPausedError extends AccessDeniedError {
  constructor(connection: string) {
    super(`Connection ${connection} is paused: steward resume ${connection}`);
  }
}

/** The provider refused the request itself (400, 404, OpsRamp's 500 for a bad parameter). Sending it again changes nothing. */
export class ProviderRefusedError extends ServiceError {
  override readonly name = 'ProviderRefusedError';
  override readonly code = 'PROVIDER_REFUSED';
  override readonly retryable = false;
}

/** 429, or a budget of ours that is used up. `retryAfterMs` is the provider's own wait where it gave one. */
export class ProviderRateLimitedError extends ServiceError {
  override readonly name = 'ProviderRateLimitedError';
  override readonly code = 'PROVIDER_RATE_LIMITED';
  override readonly retryable = true;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number, options?: ErrorOptions) {
    super(message, options);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Our own budget for a provider's account has nothing left now. Nothing was sent. */
export class BudgetExhaustedError extends ServiceError {
  override readonly name = 'BudgetExhaustedError';
  override readonly code = 'BUDGET_EXHAUSTED';
  override readonly retryable = true;
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * The provider did not answer, or answered 5xx.
 *
 * `sent` says whether bytes of the request may have arrived: where they may, its fate is unknown and a POST is not repeated.
 */
export class ProviderUnavailableError extends ServiceError {
  override readonly name = 'ProviderUnavailableError';
  override readonly code = 'PROVIDER_UNAVAILABLE';
  override readonly retryable = true;
  readonly sent: boolean;

  constructor(message: string, options: ErrorOptions & { readonly sent: boolean }) {
    super(message, options);
    this.sent = options.sent;
  }
}

/** The provider's answer is not what its contract says: not JSON, too large, or a field that we need is missing. */
export class ProviderResponseInvalidError extends ServiceError {
  override readonly name: string = 'ProviderResponseInvalidError';
  override readonly code = 'PROVIDER_RESPONSE_INVALID';
  override readonly retryable = true;
}

/** An answer was cut off at its limit. Where it is a page of a list, a smaller one can be asked for. */
export class ResponseTooLargeError extends ProviderResponseInvalidError {
  override readonly name = 'ResponseTooLargeError';
}

/** What was read does not reconcile with the source's own total. The data is kept apart, no manifest is written. */
export class ExportIncompleteError extends ServiceError {
  override readonly name = 'ExportIncompleteError';
  override readonly code = 'EXPORT_INCOMPLETE';
  override readonly retryable = true;
}
