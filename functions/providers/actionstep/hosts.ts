import { ConfigInvalidError } from '../../core/errors.ts';
import type { ProviderContext, ProviderSettings } from '../../core/provider.ts';
import { readSettings, type ActionstepEnvironment } from './settings.ts';

/** Registered domain per environment. `go` has the pages that people see, `api` the token endpoint. */
const DOMAIN: Readonly<Record<ActionstepEnvironment, string>> = {
  production: 'actionstep.com',
  staging: 'actionstepstaging.com',
};

/**
 * The shape of a regional host's label: `ap-southeast-2`, `us-west-2`. Actionstep publishes no list of its regions.
 *
 * Any label at all would be too much: the domain also has hosts for documentation and content that are not
 * Actionstep's API, and a bearer token must not reach them.
 */
const REGION = /^[a-z]{2}(?:-[a-z]{3,12}){1,3}-[0-9]{1,2}$/u;

/** No user information, port, query, fragment, percent sign, backslash, blank or letter outside ASCII gets past it:
 * without the `i` flag, which would take U+212A for a K. */
const PLAIN_HTTPS = /^[Hh][Tt][Tt][Pp][Ss]:\/\/([A-Za-z0-9.-]{1,253})(\/[a-z/]*)?$/u;

/** What `api_endpoint` may end with, and accidental forms of it seen in the wild. */
const API_PATHS: readonly string[] = ['', '/', '/api', '/api/', '/api/rest', '/api/rest/'];

/** Whether API calls of an environment may go to a host: its regions, `api` and `go`. Host in lower case. */
function isActionstepHost(host: string, environment: ActionstepEnvironment): boolean {
  const suffix = `.${DOMAIN[environment]}`;
  if (!host.endsWith(suffix)) return false;
  const label = host.slice(0, -suffix.length);
  return label === 'api' || label === 'go' || REGION.test(label);
}

/**
 * Checks the `api_endpoint` of a token response and gives it its one form: `https://<host>/api/`.
 *
 * A false endpoint would be handed our bearer tokens ("counterfeit resource server"), so that it is matched as
 * text before any URL parser has had the chance to be helpful with it.
 *
 * `undefined` where it is none of the hosts of the settings' environment.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.9.1
 */
export function checkedApiEndpoint(value: unknown, settings: ProviderSettings): string | undefined {
  if (typeof value !== 'string') return undefined;
  const { environment, endpoint } = readSettings(settings);
  const [host, path] = endpoint === undefined ? matchHosts(value, environment) : matchOverride(value, endpoint);
  return host === undefined || !API_PATHS.includes(path) ? undefined : `${host}/api/`;
}

type Match = readonly [origin: string | undefined, path: string];

function matchHosts(value: string, environment: ActionstepEnvironment): Match {
  const match = PLAIN_HTTPS.exec(value);
  const host = match?.[1]?.toLowerCase() ?? '';
  return [isActionstepHost(host, environment) ? `https://${host}` : undefined, match?.[2] ?? ''];
}

function matchOverride(value: string, endpoint: string): Match {
  const { origin } = new URL(endpoint);
  return [value.toLowerCase().startsWith(origin) ? origin : undefined, value.slice(origin.length)];
}

/**
 * Whether a request of a connection may go to `url`. Once the connection's own region is known no other one is allowed,
 * so that a `nextPage` link cannot take the token elsewhere. The `endpoint` override is judged by the caller.
 */
export function allows(url: URL, context: ProviderContext): boolean {
  const { environment } = readSettings(context.settings);
  if (url.protocol !== 'https:' || url.port !== '' || url.username !== '' || url.password !== '') return false;
  const domain = DOMAIN[environment];
  if (url.hostname === `api.${domain}` || url.hostname === `go.${domain}`) return true;
  if (context.apiEndpoint !== undefined && url.hostname !== new URL(context.apiEndpoint).hostname) return false;
  return isActionstepHost(url.hostname, environment);
}

/** Base of the REST resources. @throws ConfigInvalidError before a token response has named it. */
export function apiBase(context: ProviderContext): URL {
  const { endpoint } = context.settings;
  const base = context.apiEndpoint ?? (endpoint === undefined ? undefined : new URL('/api/', endpoint).href);
  if (base === undefined) {
    throw new ConfigInvalidError(
      `Connection ${context.connection} has no API address yet: Actionstep names it when somebody authorizes it`,
    );
  }
  return new URL('rest/', base);
}

/** Where people agree. */
export function authorizationEndpoint(settings: ProviderSettings): URL {
  return at('go', '/api/oauth/authorize', settings);
}

/** Where grants become tokens. */
export function tokenEndpoint(settings: ProviderSettings): URL {
  return at('api', '/api/oauth/token', settings);
}

function at(label: string, path: string, settings: ProviderSettings): URL {
  const { environment, endpoint } = readSettings(settings);
  return new URL(path, endpoint ?? `https://${label}.${DOMAIN[environment]}`);
}
