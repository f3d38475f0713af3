import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  ConfigInvalidError,
  ConflictError,
  CredentialsMissingError,
  NotFoundError,
  StoreUnavailableError,
  UsageError,
} from '../../../functions/core/errors.ts';
import { EXIT, exitCodeOf, failureJson, failureText } from '../../../infra/cli/exit.ts';

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

  it('tells a sentence of what we know, and the stack of a bug', () => {
    expect(failureText(new UsageError('Say --from'))).toBe('Say --from');
    expect(failureText(new TypeError('a bug'))).toMatch(/^TypeError: a bug\n\s+at /);
    expect(failureText('text')).toBe('text');
  });

  const ofAws = (name: string, httpStatusCode?: number) =>
    Object.assign(new Error('not now'), { name, $metadata: httpStatusCode === undefined ? {} : { httpStatusCode } });

  it.each([
    [
      ofAws('AccessDeniedException', 400),
      EXIT.usage,
      /^AWS refused: AccessDeniedException: not now\n.*steward doctor$/,
    ],
    [ofAws('ExpiredTokenException', 403), EXIT.usage, /Sign in again/],
    [ofAws('ValidationException', 400), EXIT.usage, /^AWS refused: ValidationException: not now$/],
    [ofAws('ThrottlingException', 400), EXIT.unavailable, /Try again\.$/],
    [ofAws('InternalServerError', 500), EXIT.unavailable, /Try again\.$/],
    [ofAws('TimeoutError'), EXIT.unavailable, /^AWS did not answer: not now\nTry again\.$/],
    [
      Object.assign(new Error('Could not load credentials'), { name: 'CredentialsProviderError' }),
      EXIT.usage,
      /Set AWS_PROFILE and AWS_REGION/,
    ],
    [new Error('Region is missing'), EXIT.usage, /Set AWS_PROFILE and AWS_REGION/],
  ])('%s of AWS exits with %i and says what is next', (error, code, sentence) => {
    expect(exitCodeOf(error)).toBe(code);
    expect(failureText(error)).toMatch(sentence);
  });

  it('tells a program the same, under --json', () => {
    expect(JSON.parse(failureJson(new StoreUnavailableError('later')))).toEqual({
      error: { code: 'STORE_UNAVAILABLE', message: 'later', retryable: true, exitCode: 3 },
    });
    expect(JSON.parse(failureJson(new UsageError('u')))).toMatchObject({ error: { retryable: false, exitCode: 2 } });
  });
});

describe('a reader that has seen enough', () => {
  it('ends the command, and is no failure of it', async () => {
    const child = spawn(process.execPath, ['infra/cli/steward.ts', 'completion', 'bash'], {
      cwd: join(import.meta.dirname, '../../..'),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    const said: string[] = [];
    child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect([code, said.join('')]).toEqual([0, '']);
  });
});
