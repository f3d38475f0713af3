import { SECRET_TEXT } from './secrets.ts';

/** What a well-formed authorization response says. @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2 */
export interface CallbackQuery {
  readonly state: string;
  readonly code?: string;
  readonly error?: string;
  readonly iss?: string;
}

const LONGEST_QUERY = 8192;
const MOST_PARAMETERS = 50;
const LONGEST_CODE = 2048;
const LONGEST_ERROR = 1024;

/** `code`: VSCHAR. @see https://www.rfc-editor.org/rfc/rfc6749#appendix-A.11 */
const CODE_TEXT = /^[\x20-\x7e]+$/;
/** `error`, `error_description`: NQSCHAR, as the RFC has it. @see https://www.rfc-editor.org/rfc/rfc6749#appendix-A.7 */
const ERROR_TEXT = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;
const ISSUER_TEXT = /^[\x21-\x7e]{1,512}$/;

/** Parameters that may come once at most; others are ignored. @see https://www.rfc-editor.org/rfc/rfc6749#section-3.1 */
const KNOWN = new Set(['state', 'code', 'error', 'error_description', 'error_uri', 'iss']);

/**
 * Reads an authorization response from the query as it was sent; `undefined` where anything about it is off.
 *
 * From the raw text, because Lambda's parsed forms join, drop or overwrite duplicates (S61), and with our own decoder,
 * because a lenient one turns bytes that are not UTF-8 into something that looks harmless (S60).
 */
export function readCallbackQuery(rawQuery: string | undefined): CallbackQuery | undefined {
  if (rawQuery === undefined || rawQuery.length > LONGEST_QUERY) return undefined;
  const found = knownParameters(rawQuery);
  if (found === undefined) return undefined;
  const state = found.get('state');
  const code = found.get('code');
  const error = found.get('error');
  const iss = found.get('iss');
  if (state === undefined || !SECRET_TEXT.test(state)) return undefined;
  if (code === undefined && error === undefined) return undefined;
  if (code !== undefined && (code.length > LONGEST_CODE || !CODE_TEXT.test(code))) return undefined;
  if (error === '' || !areErrorTexts([error, found.get('error_description'), found.get('error_uri')])) return undefined;
  if (iss !== undefined && !ISSUER_TEXT.test(iss)) return undefined;
  return {
    state,
    ...(code === undefined ? {} : { code }),
    ...(error === undefined ? {} : { error }),
    ...(iss === undefined ? {} : { iss }),
  };
}

/**
 * Descriptions are not used, only bounded: what a provider writes there in its own language must not cost a person the
 * word that the consent was declined, but control characters and novels are not a provider's.
 */
function areErrorTexts([error, ...others]: readonly (string | undefined)[]): boolean {
  const isBounded = (text: string | undefined) =>
    text === undefined || (text.length <= LONGEST_ERROR && !/\p{Cc}/u.test(text));
  return isBounded(error) && (error === undefined || ERROR_TEXT.test(error)) && others.every(isBounded);
}

function knownParameters(rawQuery: string): ReadonlyMap<string, string> | undefined {
  const pairs = rawQuery.split('&');
  if (pairs.length > MOST_PARAMETERS) return undefined;
  const found = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const name = decode(at < 0 ? pair : pair.slice(0, at));
    const value = decode(at < 0 ? '' : pair.slice(at + 1));
    if (name === undefined || value === undefined) return undefined;
    // `state[]` and `state[$ne]` are other frameworks' ways to say `state`: somebody is trying something.
    const bare = name.replace(/\[.*/s, '');
    if (!KNOWN.has(bare)) continue;
    if (bare !== name || found.has(name)) return undefined;
    found.set(name, value);
  }
  return found;
}

/** Form-decoding, strict: an incomplete escape, an overlong form or a stray byte is refused. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
