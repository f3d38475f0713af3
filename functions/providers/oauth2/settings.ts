import * as v from 'valibot';
import { isEndpointOrigin } from '../../core/endpoint-origin.ts';
import { ConfigInvalidError } from '../../core/errors.ts';
import type { Provider, ProviderContext, ProviderSettings } from '../../core/provider.ts';
import { check, members, oneOf, stored, text, whole } from './checks.ts';

export type Grant = Provider['grant'];

const HOST = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/u;

/** Names that the protocol fills in, and names that are secrets elsewhere: neither may come from a file in git. */
const RESERVED = new Set([
  'response_type',
  'response_mode',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'redirect_uri',
  'state',
  'scope',
  'code',
  'code_challenge',
  'code_challenge_method',
  'code_verifier',
  'grant_type',
  'refresh_token',
  'assertion',
  'password',
  'request',
  'request_uri',
]);

/** Headers that a connection must not set: the sender's own, and those that carry credentials. */
const RESERVED_HEADERS =
  /^(?:host|connection|content-.*|transfer-encoding|authorization|proxy-.*|cookie|.*(?:key|token|secret).*)$/u;

const httpsUrl = v.pipe(
  v.string('must be an https address'),
  v.check(isPlainHttps, 'must be an https address with a host name, without user, query or fragment'),
);

const parameters = v.optional(
  v.record(
    v.pipe(
      text(/^[\w.-]{1,64}$/u, 'a parameter’s name'),
      v.check((name) => !RESERVED.has(name), 'is a parameter that Steward sets itself, or a secret'),
    ),
    v.string('must be a text'),
  ),
  {},
);

const shared = {
  tokenUrl: httpsUrl,
  apiBaseUrl: httpsUrl,
  /** Further hosts of the API, for recipes whose `path` is a whole address. Nothing else is ever asked. */
  moreHosts: v.optional(v.array(text(HOST, 'a host name, as reports.vendor.example')), []),
  clientAuthentication: v.optional(oneOf(['basic', 'post']), 'basic'),
  scopes: v.optional(v.array(text(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/u, 'a scope without blanks')), []),
  tokenParameters: parameters,
  /** Sent with each call of the API: a tenant, a version. */
  headers: v.optional(
    v.record(
      v.pipe(
        text(/^[a-z][a-z0-9-]{0,63}$/u, 'a header’s name in small letters'),
        v.check((name) => !RESERVED_HEADERS.test(name), 'is a header that Steward sets itself, or a secret'),
      ),
      text(/^[\x20-\x7e]{0,256}$/u, 'a short text of ASCII'),
    ),
    {},
  ),
  /** Whose allowance of requests it is, where the provider counts by account and one client has several. */
  account: v.optional(text(/^[\w.-]{1,100}$/u, 'a short name: letters, digits, dots, hyphens')),
  /** For replies without `expires_in`, which RFC 6749 5.1 allows. Too short costs a refresh, too long a rejected call. */
  assumedAccessTokenSeconds: v.optional(whole(60, 86_400 * 30), 1800),
  endpoint: v.optional(v.pipe(v.string(), v.check(isEndpointOrigin, 'must be an https origin, or http on loopback'))),
  /** Core's own: the account's budget. */
  requestsPerMinute: v.optional(v.number()),
};

const SCHEMAS = {
  'client-credentials': members(shared),
  'authorization-code': members({
    ...shared,
    authorizeUrl: httpsUrl,
    /** S256. Off for servers that refuse what they do not know: state bound to the browser then holds alone. */
    pkce: v.optional(v.boolean('must be true or false'), true),
    /** Where the server sends `iss` with its answers (RFC 9207): compared, and required from then on. */
    issuer: v.optional(
      v.pipe(
        v.string(),
        v.check((value) => URL.canParse(value), 'must be the issuer’s https address'),
      ),
    ),
    /** `access_type: offline`, `prompt: consent`, `audience`… */
    authorizeParameters: parameters,
    /** No response says how long a refresh token lives: from the vendor’s documentation. Absent: it outlasts everything. */
    assumedRefreshTokenDays: v.optional(whole(1, 3650)),
  }),
} as const;

type CodeSettings = v.InferOutput<(typeof SCHEMAS)['authorization-code']>;
type SharedSettings = v.InferOutput<(typeof SCHEMAS)['client-credentials']>;

/** @throws ConfigInvalidError with the place of the fault */
export function parseSettings(grant: Grant, input: unknown): ProviderSettings {
  return stored(check(SCHEMAS[grant], input, 'OAuth 2.0 settings'));
}

/** As `parseSettings` stored them: checked then, and a newer version's further members are left alone. */
export function readSettings(settings: ProviderSettings): SharedSettings {
  return settings as unknown as SharedSettings;
}

/** The same, of a connection that a person authorizes. */
export function readCodeSettings(settings: ProviderSettings): CodeSettings {
  return settings as unknown as CodeSettings;
}

/** An address of the settings, or the same path at the connection's `endpoint`. */
export function addressOf(url: string, { endpoint }: ProviderSettings): URL {
  const { pathname } = new URL(url);
  return endpoint === undefined ? new URL(url) : new URL(pathname, endpoint);
}

/** Exactly the hosts that the reviewed file names. The `endpoint` override is judged by the caller. */
export function allows(url: URL, { settings }: Pick<ProviderContext, 'settings'>): boolean {
  const { tokenUrl, apiBaseUrl, moreHosts } = readSettings(settings);
  const origins = [tokenUrl, apiBaseUrl, ...moreHosts.map((host) => `https://${host}`)].map(
    (one) => new URL(one).origin,
  );
  return url.protocol === 'https:' && url.username === '' && url.password === '' && origins.includes(url.origin);
}

/** Base of the API. Without the slash at its end the last segment would be replaced. */
export function apiBase({ connection, settings }: ProviderContext): URL {
  const { apiBaseUrl } = readSettings(settings);
  if (apiBaseUrl === undefined) throw new ConfigInvalidError(`Connection ${connection} has no apiBaseUrl`);
  return addressOf(apiBaseUrl.endsWith('/') ? apiBaseUrl : `${apiBaseUrl}/`, settings);
}

/** One client of one API, unless the settings say whose account it is. */
export function budgetAccount(settings: ProviderSettings, clientId: string | undefined): string {
  const { apiBaseUrl, account } = readSettings(settings);
  return `${new URL(apiBaseUrl).host}/${account ?? clientId ?? 'unknown'}`;
}

function isPlainHttps(value: string): boolean {
  if (!/^https:\/\/[a-z0-9.-]+(?::\d{1,5})?(?:\/[\w.~%!$&'()*+,;=:@/-]*)?$/u.test(value) || !URL.canParse(value))
    return false;
  return HOST.test(new URL(value).hostname);
}
