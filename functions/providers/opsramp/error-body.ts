import { bodyJson, bodyText, type HttpResponse } from '../../core/http.ts';

/** Where the several services of the platform put their reason. */
const MESSAGE_MEMBERS = ['message', 'error_description', 'description', 'detail', 'errorMessage', 'error'] as const;

const MOST_CHARACTERS = 160;

/** The reason in an error's body: an object, an array of them, or nothing where a gateway answered HTML. */
export function errorReason(response: HttpResponse): string {
  const body = bodyJson(response);
  const first: unknown = Array.isArray(body) ? body[0] : body;
  if (typeof first === 'string') return first;
  if (first === null || typeof first !== 'object') return '';
  for (const member of MESSAGE_MEMBERS) {
    const value = (first as Record<string, unknown>)[member];
    if (typeof value === 'string' && value !== '') return value;
  }
  return '';
}

/** Whether the `error` code of an OAuth-like body is one of these. */
export function hasErrorCode(response: HttpResponse, codes: ReadonlySet<string>): boolean {
  const body = bodyJson(response);
  const code = body !== null && typeof body === 'object' ? (body as Record<string, unknown>).error : undefined;
  return typeof code === 'string' && codes.has(code.toLowerCase());
}

/**
 * A reason as it may stand in an error message: one line, short, and without anything that looks like a token.
 * Access tokens of this provider are UUIDs, and its framework likes to repeat them.
 */
export function printableReason(reason: string): string {
  const line = reason
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27,}/giu, '…')
    .trim();
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}…` : line;
}

/** Whether the words stand anywhere in the body, JSON or not. */
export function bodySays(response: HttpResponse, words: RegExp): boolean {
  return words.test(bodyText(response).slice(0, 4096));
}
