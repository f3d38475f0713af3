import type { JsonObject } from '../../../../functions/core/json.ts';

/** What a vendor may do in more than one way, as switches. */
export interface Oauth2Switches {
  readonly clientAuthentication: 'basic' | 'post' | 'either';
  /** `refused`: an unknown parameter is an error. */
  readonly pkce: 'required' | 'refused';
  /** Whether a refresh brings a new refresh token, and ends the old one. */
  readonly rotates: boolean;
  readonly expiresIn: 'number' | 'text' | 'absent';
  /** Sent as `iss` with the authorization response (RFC 9207). */
  readonly issuer?: string;
  /** Rows that no page has more of, whatever was asked for. */
  readonly maxPageSize: number;
  /** Hides every so many-th row after the page was cut: pages are short in the middle. 0: none. */
  readonly hidesEvery: number;
  /** Added to the true total. */
  readonly totalLie: number;
  /** What a page number or an offset past the end brings. */
  readonly pastTheEnd: 'empty' | 'last-page' | 'no-content';
  readonly links: 'absolute' | 'relative' | 'foreign' | 'circle';
  /** Requests of the API that are answered 429 from now on. */
  readonly limited: number;
  readonly retryAfterSeconds: number;
}

export interface Oauth2ModelOptions extends Oauth2Switches {
  /** Where it is reached: absolute links name it. */
  readonly origin: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Tokens come from it. */
  readonly seed: string;
  readonly accessLifeSeconds: number;
  readonly refreshLifeSeconds: number;
  /** Rows by the last segment of a list's path. Rows with `updatedAt` can be asked for by it. */
  readonly collections: Readonly<Record<string, readonly JsonObject[]>>;
}

export const DEFAULT_OPTIONS: Oauth2ModelOptions = {
  origin: 'http://127.0.0.1',
  clientId: 'generic-client',
  clientSecret: 'generic-client-secret',
  seed: 'oauth2',
  accessLifeSeconds: 3600,
  refreshLifeSeconds: 90 * 86_400,
  collections: {},
  clientAuthentication: 'either',
  pkce: 'required',
  rotates: true,
  expiresIn: 'number',
  maxPageSize: 100,
  hidesEvery: 0,
  totalLie: 0,
  pastTheEnd: 'empty',
  links: 'absolute',
  limited: 0,
  retryAfterSeconds: 2,
};
