import { describe, expect, it } from 'vitest';
import {
  ConfigInvalidError,
  ConflictError,
  CredentialsMissingError,
  NotFoundError,
  StoreUnavailableError,
  UsageError,
} from '../../../functions/core/errors.ts';
import { EXIT, exitCodeOf, failureText } from '../../../infra/cli/exit.ts';

describe('what a failure answers to the shell', () => {
  it.each([
    [new UsageError('u'), EXIT.usage],
    [new ConfigInvalidError('c'), EXIT.usage],
    [new NotFoundError('n'), EXIT.usage],
    [new CredentialsMissingError('m'), EXIT.usage],
    [new StoreUnavailableError('s'), EXIT.unavailable],
    [new ConflictError('x'), EXIT.unavailable],
    [new TypeError('t'), EXIT.bug],
    ['thrown text', EXIT.bug],
  ])('%s exits with %i', (error, code) => {
    expect(exitCodeOf(error)).toBe(code);
  });

  it('tells a sentence of what we know, what AWS said of what it refused, and the stack of a bug', () => {
    expect(failureText(new UsageError('Say --from'))).toBe('Say --from');
    const refusal = Object.assign(new Error('not allowed'), { name: 'AccessDeniedException', $metadata: {} });
    expect(failureText(refusal)).toBe('AWS refused: AccessDeniedException: not allowed');
    expect(failureText(new TypeError('a bug'))).toMatch(/^TypeError: a bug\n\s+at /);
    expect(failureText('text')).toBe('text');
  });
});
