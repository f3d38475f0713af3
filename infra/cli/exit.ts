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
  if (!(error instanceof ServiceError)) return EXIT.bug;
  return error.retryable ? EXIT.unavailable : EXIT.usage;
}

/** What a person is told of a failure: a sentence for what we know, the stack for a bug. */
export function failureText(error: unknown): string {
  if (error instanceof ServiceError) return error.message;
  if (error instanceof Error && isAwsRefusal(error)) return `AWS refused: ${error.name}: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function isAwsRefusal(error: Error): boolean {
  return '$metadata' in error;
}
