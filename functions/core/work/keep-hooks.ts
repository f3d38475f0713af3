import type { OpenApi } from '../api.ts';
import type { EventOrigin } from '../alerts/alert-event.ts';
import { ServiceError } from '../errors.ts';
import { eventId, type OutboxRow } from '../events.ts';
import type { AlertJob } from '../jobs.ts';
import type { Log } from '../log.ts';
import type { HookKeeping, HookProfile } from '../provider.ts';
import { type Clock, HOUR_MS, type Random } from '../time.ts';
import type { HookStore, WantedHook } from './hook.ts';
import { hashHookSecret } from './receive-hook.ts';

/** How often a webhook that stands is looked at. */
const KEEP_EVERY_MS = HOUR_MS;
const SECRET_BYTES = 32;

export interface KeepHooksDependencies {
  readonly hooks: HookStore;
  readonly announce: (shard: string, rows: readonly OutboxRow[], now: Date) => Promise<void>;
  /** https address of the HTTP API, without a trailing slash. */
  readonly baseUrl: string;
  readonly origin: EventOrigin;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * Looks after the webhooks that feed a job: registers what is wanted, switches on what a vendor switched off.
 *
 * Only the hash of a hook's secret is stored, so the address of one that stands is learnt from the provider, and told by its
 * hash. One that is gone gets another secret. A keeper that fails is no reason for a poll to fail.
 */
export function createKeepHooks(dependencies: KeepHooksDependencies) {
  const { hooks, clock, log } = dependencies;
  return async (job: AlertJob, api: OpenApi): Promise<boolean> => {
    const profile = api.provider.hooks;
    if (profile?.targets === undefined || profile.alertSource !== job.source) return false;
    let announced = false;
    try {
      for (const hook of await hooks.wanted(job.connection)) {
        if (hook.job !== job.name || isFresh(hook, clock.now())) continue;
        announced = (await keep(dependencies, profile, hook, api)) || announced;
      }
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      log.warn('hook.unkept', { connection: job.connection, job: job.name, code: error.code });
    }
    return announced;
  };
}

function isFresh({ keptAt }: WantedHook, now: Date): boolean {
  return keptAt !== undefined && now.getTime() - keptAt.getTime() < KEEP_EVERY_MS;
}

/** The address is known to our table before it is to the provider, so that no delivery of it is turned away. */
async function keep(
  dependencies: KeepHooksDependencies,
  profile: HookProfile,
  hook: WantedHook,
  api: OpenApi,
): Promise<boolean> {
  const { hooks, baseUrl, clock, random, log } = dependencies;
  const prefix = `${baseUrl}/hooks/${encodeURIComponent(hook.connection)}/`;
  const targets = (await profile.targets?.(api.call)) ?? [];
  const standing = targets.find(
    (target) => target.startsWith(prefix) && hashHookSecret(target.slice(prefix.length)) === hook.secretHash,
  );
  const secret = standing?.slice(prefix.length) ?? Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url');
  const secretHash = hashHookSecret(secret);
  const { connection, provider, name, job, shard } = hook;
  await hooks.put({ connection, provider, name, job, shard, secretHash }, clock.now());
  const keeping = await profile.keep(api.call, hook.events, `${prefix}${secret}`);
  const isFirst = hook.secretHash === undefined;
  if (hook.secretHash !== undefined && hook.secretHash !== secretHash) await hooks.remove(connection, hook.secretHash);
  const mended = [...keeping.reenabled, ...keeping.registered];
  log.info('hook.kept', { connection, active: keeping.active.length, mended: mended.length, first: isFirst });
  const now = clock.now();
  if (!isFirst && mended.length > 0) {
    await dependencies.announce(shard, [restoredRow(dependencies.origin, hook, keeping, now)], now);
  }
  await hooks.kept(hook, secretHash, now);
  return !isFirst && mended.length > 0;
}

/** Says what was switched off, since when at most, and what no poll finds again. */
function restoredRow(origin: EventOrigin, hook: WantedHook, keeping: HookKeeping, now: Date): OutboxRow {
  const { connection, provider, name, job } = hook;
  const { reenabled, registered } = keeping;
  const events = [...reenabled, ...registered];
  const since = hook.keptAt?.toISOString();
  return {
    topic: 'events',
    order: now.getTime(),
    event: {
      id: eventId('hook', connection, name, 'restored', now.getTime()),
      type: 'steward.hook.restored',
      source: `/steward/${origin.stage}/${connection}`,
      subject: `connection/${connection}`,
      time: now,
      connection,
      provider,
      summary:
        `${connection}: webhook ${name} was off for ${events.join(', ')} and is on again; the poll of ${job} finds ` +
        'records that carry a stamp of their change, changes of records without one are lost',
      data: {
        connection,
        hook: name,
        job,
        reenabled,
        registered,
        ...(since === undefined ? {} : { lastSeenActive: since }),
      },
    },
  };
}
