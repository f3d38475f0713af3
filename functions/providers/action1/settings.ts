import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { isEndpointOrigin } from '../../core/endpoint-origin.ts';
import { ConfigInvalidError } from '../../core/errors.ts';
import type { ProviderContext, ProviderSettings } from '../../core/provider.ts';

/** An account lives in one region and answers there only. */
const HOSTS = {
  NorthAmerica: 'app.action1.com',
  'NorthAmerica-2': 'app.na-2.action1.com',
  Europe: 'app.eu.action1.com',
  Australia: 'app.au.action1.com',
  UnitedKingdom: 'app.uk.action1.com',
} as const;

type Region = keyof typeof HOSTS;
const REGIONS = Object.keys(HOSTS) as readonly Region[];
/** Short names that the vendor's own module takes too. */
const SHORT: Readonly<Record<string, Region>> = { 'NA-2': 'NorthAmerica-2', UK: 'UnitedKingdom' };
const API_PATH = '/api/3.0/';
/** `api-key-` + the enterprise's UUID + the credential's own UUID + `@action1.com`, without a separator. */
const CLIENT_ID = /^api-key-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})[0-9a-f]{8}-/i;

const settingsSchema = v.strictObject({
  region: v.optional(
    v.pipe(
      v.string(),
      v.transform((name) => SHORT[name] ?? name),
      v.picklist(REGIONS, `must be one of ${REGIONS.join(', ')}`),
    ),
  ),
  endpoint: v.optional(
    v.pipe(v.string(), v.url('must be an absolute URL'), v.check(isSafe, 'must be https, or http on loopback')),
  ),
  enterprise: v.optional(v.pipe(v.string(), v.trim(), v.minLength(1, 'must not be empty'))),
});

/** @throws ConfigInvalidError naming the field and what it may be. */
export function parseSettings(input: unknown): ProviderSettings {
  const result = v.safeParse(settingsSchema, input);
  if (!result.success) throw new ConfigInvalidError(`Action1 settings: ${issueText(result.issues)}`);
  const { region, endpoint, enterprise } = result.output;
  if (region === undefined && endpoint === undefined) {
    throw new ConfigInvalidError(`Action1 settings: region is missing; it is one of ${REGIONS.join(', ')}`);
  }
  return {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(enterprise === undefined ? {} : { enterprise }),
  };
}

/** Base of the API, with a trailing slash. An `endpoint` override may be the origin or the whole base. */
export function apiBase(settings: ProviderSettings): URL {
  if (settings.endpoint === undefined) return new URL(`https://${hostOf(settings)}${API_PATH}`);
  const base = new URL(settings.endpoint);
  if (base.pathname === '/') base.pathname = API_PATH;
  else if (!base.pathname.endsWith('/')) base.pathname += '/';
  base.search = '';
  base.hash = '';
  return base;
}

/** Only the region's own host, only https, only below the API's path. */
export function allows(url: URL, { settings }: ProviderContext): boolean {
  return (
    settings['region'] !== undefined &&
    url.protocol === 'https:' &&
    url.host === hostOf(settings) &&
    url.username === '' &&
    url.pathname.startsWith(API_PATH)
  );
}

/**
 * Whose 30 requests a minute these are. The limit is the enterprise's, whatever the credential, and a client id
 * carries the enterprise's UUID; `enterprise` in the settings is for ids of another shape.
 */
export function budgetAccount(settings: ProviderSettings, clientId: string | undefined): string {
  const named = settings['enterprise'];
  if (typeof named === 'string') return named.toLowerCase();
  if (clientId === undefined) return apiBase(settings).host;
  const enterprise = CLIENT_ID.exec(clientId)?.[1];
  return enterprise?.toLowerCase() ?? `client-${createHash('sha256').update(clientId).digest('hex').slice(0, 32)}`;
}

/** `field.path: what it must be`, for every issue. */
export function issueText(issues: readonly v.BaseIssue<unknown>[]): string {
  return issues.map((issue) => `${v.getDotPath(issue) ?? 'value'}: ${issue.message}`).join('; ');
}

function hostOf(settings: ProviderSettings): string {
  const host = HOSTS[settings['region'] as Region];
  if (host === undefined) throw new ConfigInvalidError('Action1 settings: region is missing');
  return host;
}

/** The whole base may be named, unlike with other providers: the API's path is part of it. */
function isSafe(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && isEndpointOrigin(url.origin) && url.username === '' && url.password === '';
}
