import * as v from 'valibot';
import { isEndpointOrigin } from '../../core/endpoint-origin.ts';
import { ConfigInvalidError } from '../../core/errors.ts';
import type { ProviderContext, ProviderSettings } from '../../core/provider.ts';

/** Newer documents and most clients; `/auth/oauth/token` is the older address of the same endpoint. */
const DEFAULT_TOKEN_PATH = '/tenancy/auth/oauth/token';

/** Pods, partners' own subdomains, and nothing that merely ends in the same letters. */
const HOST = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+opsramp\.com$/u;

/** `client_1234`, `msp_1234` or a UUID: opaque, but never a path. */
const TENANT = /^[A-Za-z0-9_-]{1,64}$/u;

const settingsSchema = v.strictObject({
  host: v.pipe(
    v.string(),
    v.toLowerCase(),
    v.regex(HOST, 'a host name under opsramp.com, such as acme.api.opsramp.com'),
  ),
  tenantId: v.pipe(v.string(), v.regex(TENANT, 'a tenant id, such as client_1234, msp_1234 or a UUID')),
  tokenPath: v.optional(
    v.pipe(v.string(), v.regex(/^\/[A-Za-z0-9/_-]{1,200}$/u, 'a path, such as /tenancy/auth/oauth/token')),
    DEFAULT_TOKEN_PATH,
  ),
  /** Core's own: the account's budget. */
  requestsPerMinute: v.exactOptional(v.number()),
  endpoint: v.optional(v.pipe(v.string(), v.check(isEndpointOrigin, 'an https origin, or http on loopback'))),
});

type OpsrampSettings = v.InferOutput<typeof settingsSchema>;

/** @throws ConfigInvalidError naming the field and what it may be. */
export function parseSettings(input: unknown): ProviderSettings {
  const result = v.safeParse(settingsSchema, input);
  if (result.success) return settingsOf(result.output);
  const [issue] = result.issues;
  const field = v.getDotPath(issue) ?? 'settings';
  throw new ConfigInvalidError(`OpsRamp: ${field}: ${issue.message}`);
}

function settingsOf({ endpoint, ...rest }: OpsrampSettings): ProviderSettings {
  return endpoint === undefined ? rest : { ...rest, endpoint };
}

/** Settings as `parseSettings` stored them. */
export function opsrampSettings(settings: ProviderSettings): OpsrampSettings {
  return v.parse(settingsSchema, settings);
}

/** The connection's own host, over https, on its usual port. */
export function allows(url: URL, { settings }: Pick<ProviderContext, 'settings'>): boolean {
  const { host } = opsrampSettings(settings);
  const bare = url.username === '' && url.password === '';
  return url.protocol === 'https:' && url.hostname === host && url.port === '' && bare;
}

function origin(settings: ProviderSettings): string {
  const { host, endpoint } = opsrampSettings(settings);
  return endpoint === undefined ? `https://${host}` : new URL(endpoint).origin;
}

export function tokenUrl(settings: ProviderSettings): URL {
  return new URL(`${origin(settings)}${opsrampSettings(settings).tokenPath}`);
}

/** Everything that is read belongs to one tenant: its path is the base of every call. */
export function apiBase({ settings }: Pick<ProviderContext, 'settings'>): URL {
  return new URL(`${origin(settings)}/api/v2/tenants/${encodeURIComponent(opsrampSettings(settings).tenantId)}/`);
}

/** Limits are counted per tenant; tenant ids such as `client_14` are only unique within a pod. */
export function budgetAccount(settings: ProviderSettings): string {
  const { host, tenantId } = opsrampSettings(settings);
  return `${host}/${tenantId}`;
}
