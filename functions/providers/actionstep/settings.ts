import * as v from 'valibot';
import { isEndpointOrigin } from '../../core/endpoint-origin.ts';
import { ConfigInvalidError } from '../../core/errors.ts';
import type { ProviderSettings } from '../../core/provider.ts';

/** Credentials and hosts of the two are apart: nothing of one works at the other. */
export type ActionstepEnvironment = 'production' | 'staging';

/**
 * What the shipped sources read, and nothing more. A scope is the lower-case plural name of its resource; adding one
 * later needs a new consent, because scopes are fixed when a person agrees.
 */
const DEFAULT_SCOPES: readonly string[] = [
  'actions',
  'actionparticipants',
  'participants',
  'timeentries',
  'timerecords',
  'filenotes',
  'tasks',
  'disbursements',
  'users',
  'resthooks',
];

const members = {
  environment: v.optional(
    v.picklist(['production', 'staging'], 'environment must be production or staging'),
    'production',
  ),
  scopes: v.optional(
    v.pipe(
      v.array(
        v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]{0,63}$/u, 'scopes must be lower-case resource names, or all')),
      ),
      v.minLength(1, 'scopes must name at least one resource'),
    ),
    [...DEFAULT_SCOPES],
  ),
  orgkey: v.optional(
    v.pipe(v.string(), v.regex(/^[\w.-]{1,100}$/u, 'orgkey must be the organisation key of the system')),
  ),
  endpoint: v.optional(
    v.pipe(v.string(), v.check(isEndpointOrigin, 'endpoint must be an https origin, or http on loopback')),
  ),
  /** Core's own: the account's budget. */
  requestsPerMinute: v.optional(v.number()),
};

const schema = v.strictObject(members);
/** Another version may have stored a member that this one does not know (P13). */
const storedSchema = v.object(members);

type ActionstepSettings = v.InferOutput<typeof schema>;

/** @throws ConfigInvalidError naming the field and what it may be. */
export function parseSettings(input: unknown): ProviderSettings {
  const parsed = v.safeParse(schema, input ?? {});
  if (parsed.success) return withoutUndefined(parsed.output);
  const [issue] = parsed.issues;
  const field = v.getDotPath(issue) ?? 'settings';
  throw new ConfigInvalidError(`Actionstep settings: ${field}: ${issue.message}`);
}

/** The stored settings with their defaults; stored ones were checked by `parseSettings`. */
export function readSettings(settings: ProviderSettings): ActionstepSettings {
  const parsed = v.safeParse(storedSchema, settings);
  if (parsed.success) return parsed.output;
  throw new ConfigInvalidError(`Actionstep settings: ${parsed.issues[0].message}`);
}

function withoutUndefined(settings: ActionstepSettings): ProviderSettings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as ProviderSettings;
}
