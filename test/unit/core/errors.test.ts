import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../../functions/core/environment.ts';
import * as errors from '../../../functions/core/errors.ts';

const all: readonly [errors.ServiceError, string, string, boolean][] = [
  [new errors.ConfigInvalidError('x'), 'ConfigInvalidError', 'CONFIG_INVALID', false],
  [new errors.UsageError('x'), 'UsageError', 'USAGE_INVALID', false],
  [new errors.NotFoundError('x'), 'NotFoundError', 'NOT_FOUND', false],
  [new errors.ConflictError('x'), 'ConflictError', 'CONFLICT', true],
  [new errors.StoreUnavailableError('x'), 'StoreUnavailableError', 'STORE_UNAVAILABLE', true],
  [new errors.SealBrokenError('x'), 'SealBrokenError', 'SEAL_BROKEN', false],
  [new errors.CredentialsMissingError('x'), 'CredentialsMissingError', 'CREDENTIALS_MISSING', false],
  [new errors.DeadlineTooNearError('x'), 'DeadlineTooNearError', 'DEADLINE_TOO_NEAR', true],
  [new errors.EgressRefusedError('x'), 'EgressRefusedError', 'EGRESS_REFUSED', false],
  [new errors.GrantRejectedError('x'), 'GrantRejectedError', 'GRANT_REJECTED', false],
  [new errors.ClientRejectedError('x'), 'ClientRejectedError', 'CLIENT_REJECTED', false],
  [new errors.ReauthorizationRequiredError('c'), 'ReauthorizationRequiredError', 'REAUTHORIZATION_REQUIRED', false],
  [new errors.AccessTokenRejectedError('x'), 'AccessTokenRejectedError', 'ACCESS_TOKEN_REJECTED', true],
  [new errors.AccessDeniedError('x'), 'AccessDeniedError', 'ACCESS_DENIED', false],
  [new errors.ConnectionPausedError('c'), 'AccessDeniedError', 'ACCESS_DENIED', false],
  [new errors.ProviderRefusedError('x'), 'ProviderRefusedError', 'PROVIDER_REFUSED', false],
  [new errors.ProviderRateLimitedError('x'), 'ProviderRateLimitedError', 'PROVIDER_RATE_LIMITED', true],
  [new errors.BudgetExhaustedError('x', 1), 'BudgetExhaustedError', 'BUDGET_EXHAUSTED', true],
  [new errors.ProviderUnavailableError('x', { sent: true }), 'ProviderUnavailableError', 'PROVIDER_UNAVAILABLE', true],
  [new errors.ProviderResponseInvalidError('x'), 'ProviderResponseInvalidError', 'PROVIDER_RESPONSE_INVALID', true],
  [new errors.ResponseTooLargeError('x'), 'ResponseTooLargeError', 'PROVIDER_RESPONSE_INVALID', true],
  [new errors.ExportIncompleteError('x'), 'ExportIncompleteError', 'EXPORT_INCOMPLETE', true],
];

describe('errors', () => {
  it('have a name, a code that alarms match on, and say whether trying again may help', () => {
    expect(all.map(([{ name, code, retryable }]) => [name, code, retryable])).toEqual(
      all.map(([, name, code, retryable]) => [name, code, retryable]),
    );
  });

  it('are all here', () => {
    const classes = Object.values(errors).filter((one) => one !== errors.ServiceError);
    expect(new Set(all.map(([error]) => error.constructor))).toEqual(new Set(classes));
  });

  it('say of a connection what to do', () => {
    expect(new errors.ReauthorizationRequiredError('acme').message).toContain('steward connect acme');
    expect(new errors.ConnectionPausedError('acme').message).toContain('steward resume acme');
  });
});

describe('readEnvironment()', () => {
  it('reads what is asked for and nothing else', () => {
    expect(readEnvironment(['A', 'B'], { A: '1', B: '2', C: '3' })).toEqual({ A: '1', B: '2' });
  });

  it('names everything that is missing or empty at once', () => {
    const read = () => readEnvironment(['A', 'B', 'C'], { B: '2', C: '' });
    expect(read).toThrow(errors.ConfigInvalidError);
    expect(read).toThrow(/A, C$/);
  });
});
