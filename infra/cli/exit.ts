import { ServiceError } from '../../functions/core/errors.ts';

/** What the command answers to the shell. Documented in the README. */
export const EXIT = {
  done: 0,
  /** Something that was asked for did not succeed: an archive that does not verify, a doctor's finding. */
  failed: 1,
  /** The command, the configuration or a name in them is wrong; nothing was changed. */
  usage: 2,
  /** AWS or a provider did not answer: the same command may succeed later. */
  unavailable: 3,
  /** A bug. */
  bug: 70,
} as const;

/** The exit code of a failure. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ServiceError) return error.retryable ? EXIT.unavailable : EXIT.usage;
  if (hasNoCredentials(error)) return EXIT.usage;
  return isAwsFailure(error) ? (isTransient(error) ? EXIT.unavailable : EXIT.usage) : EXIT.bug;
}

/** What a person is told of a failure: a sentence for what we know, the stack for a bug. */
export function failureText(error: unknown): string {
  if (error instanceof ServiceError) return error.message;
  if (hasNoCredentials(error)) return `AWS cannot be asked: ${error.message}. Set AWS_PROFILE and AWS_REGION.`;
  if (isAwsFailure(error)) return `${awsText(error)}${awsAdvice(error)}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The same for a program, under `--json`. */
export function failureJson(error: unknown): string {
  const code = error instanceof ServiceError ? error.code : error instanceof Error ? error.name : 'unknown';
  const exitCode = exitCodeOf(error);
  return JSON.stringify({
    error: { code, message: failureText(error), retryable: exitCode === EXIT.unavailable, exitCode },
  });
}

/** An error of an AWS client; `httpStatusCode` is there when AWS answered. */
interface AwsFailure extends Error {
  readonly $metadata: { readonly httpStatusCode?: number };
}

function isAwsFailure(error: unknown): error is AwsFailure {
  return error instanceof Error && '$metadata' in error;
}

function hasNoCredentials(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return error.name === 'CredentialsProviderError' || error.message.startsWith('Region is missing');
}

function isTransient({ name, $metadata: { httpStatusCode = 503 } }: AwsFailure): boolean {
  return httpStatusCode >= 500 || httpStatusCode === 429 || /Throttl|TooManyRequests|SlowDown/.test(name);
}

function awsText({ name, message, $metadata: { httpStatusCode } }: AwsFailure): string {
  return httpStatusCode === undefined ? `AWS did not answer: ${message}` : `AWS refused: ${name}: ${message}`;
}

function awsAdvice(error: AwsFailure): string {
  if (isTransient(error)) return '\nTry again.';
  if (/Expired/.test(error.name)) return '\nSign in again, for one with: aws sso login';
  if (/AccessDenied|NotAuthorized|Forbidden/i.test(error.name))
    return '\nSee which permission is missing: steward doctor';
  return '';
}
