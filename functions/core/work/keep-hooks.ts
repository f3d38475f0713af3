import type { OpenApi } from '../api.ts';
import type { EventOrigin } from '../alerts/alert-event.ts';
import { ServiceError } from '../errors.ts';
import type { AlertJob } from '../jobs.ts';
import type { Log } from '../log.ts';
import type { HookKeeping, HookProfile, StandingHook } from '../provider.ts';
import { type Clock, HOUR_MS, type Random } from '../time.ts';
import type { HookAbsence, HookStore, WantedHook } from './hook.ts';
import { disabledRow, restoredRow } from './hook-rows.ts';
import { hashHookSecret } from './receive-hook.ts';

/** How often a webhook that stands is looked at. */
const KEEP_EVERY_MS = HOUR_MS;
const SECRET_BYTES = 32;

export interface KeepHooksDependencies {
  readonly hooks: HookStore;
  /** https address of the HTTP API, without a trailing slash. */
  readonly baseUrl: string;
  readonly origin: EventOrigin;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * Looks after the webhooks that feed a job: registers what is wanted, switches on what a vendor switched off, and says
 * both, each with the write that makes it known.
 *
 * Only the hash of a hook's secret is stored, so the address of one that stands is learnt from the provider, and told by its
 * hash. One that is gone gets another secret. A keeper that fails is no reason for a poll to fail.
 */
export function createKeepHooks(dependencies: KeepHooksDependencies) {
  const { hooks, clock, log } = dependencies;
  return async (job: AlertJob, api: OpenApi): Promise<boolean> => {
    const profile = api.provider.hooks;
    if (profile?.standing === undefined || profile.alertSource !== job.source) return false;
    const { standing } = profile;
    const keeper: Keeper = { ...dependencies, job, api, profile: { ...profile, standing }, announced: false };
    try {
      for (const hook of await hooks.wanted(job.connection)) {
        if (hook.job === job.name && !isFresh(hook, clock.now())) await keep(keeper, hook);
      }
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      log.warn('hook.unkept', { connection: job.connection, job: job.name, code: error.code });
    }
    return keeper.announced;
  };
}

function isFresh({ keptAt, changed, off }: WantedHook, now: Date): boolean {
  if (changed === true || off !== undefined) return false;
  return keptAt !== undefined && now.getTime() - keptAt.getTime() < KEEP_EVERY_MS;
}

/** Whose webhooks are looked after. */
interface Keeper extends KeepHooksDependencies {
  readonly job: AlertJob;
  readonly api: OpenApi;
  readonly profile: HookProfile & Required<Pick<HookProfile, 'standing'>>;
  /** There is something for the publisher. */
  announced: boolean;
}

async function keep(keeper: Keeper, hook: WantedHook): Promise<void> {
  const { hooks, baseUrl, clock, random, profile, api } = keeper;
  const prefix = `${baseUrl}/hooks/${encodeURIComponent(hook.connection)}/`;
  const standing = await profile.standing(api.call);
  const known = (await hooks.list(hook.connection)).filter(({ name }) => name === hook.name);
  const target = ourTarget(standing, prefix, [hook.secretHash, ...known.map(({ secretHash }) => secretHash)]);
  const off = hook.off ?? (await findOff(keeper, hook, standing, target));
  const secret = target?.slice(prefix.length) ?? Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url');
  const secretHash = hashHookSecret(secret);
  const { connection, provider, name, job, shard } = hook;
  // Our table knows the address before the provider does, so that no delivery of it is turned away.
  await hooks.put({ connection, provider, name, job, shard, secretHash }, clock.now());
  const keeping = await profile.keep(api.call, hook.events, `${prefix}${secret}`);
  await noteKept(keeper, hook, secretHash, keeping, off);
  for (const old of known) if (old.secretHash !== secretHash) await hooks.remove(connection, old.secretHash);
}

/** Notes and says what is off before it is mended, so that no failure on the way keeps it from being told. */
async function findOff(
  keeper: Keeper,
  hook: WantedHook,
  standing: readonly StandingHook[],
  target: string | undefined,
): Promise<HookAbsence | undefined> {
  const off = absenceOf(hook, standing, target, keeper.clock.now());
  if (off === undefined) return undefined;
  const recovery = keeper.profile.recovery(keeper.job.options, off.events);
  await keeper.hooks.foundOff(hook, off, [disabledRow(keeper.origin, hook, off, recovery)]);
  keeper.announced = true;
  return off;
}

async function noteKept(
  keeper: Keeper,
  hook: WantedHook,
  secretHash: string,
  keeping: HookKeeping,
  off: HookAbsence | undefined,
): Promise<void> {
  const { hooks, clock, log, profile, job, origin } = keeper;
  const now = clock.now();
  const rows =
    off === undefined
      ? []
      : [restoredRow(origin, hook, { off, keeping, recovery: profile.recovery(job.options, off.events), now })];
  await hooks.kept(hook, secretHash, rows, now);
  keeper.announced ||= rows.length > 0;
  const mended = keeping.reenabled.length + keeping.registered.length;
  const first = hook.secretHash === undefined;
  log.info('hook.kept', { connection: hook.connection, active: keeping.active.length, mended, first });
}

/** The address under which we stand at the provider: the one that was kept, else one that an earlier keeper left behind. */
function ourTarget(
  standing: readonly StandingHook[],
  prefix: string,
  hashes: readonly (string | undefined)[],
): string | undefined {
  const ours = standing.map(({ targetUrl }) => targetUrl).filter((url) => url.startsWith(prefix));
  const byHash = new Map<string | undefined, string>(
    ours.map((url) => [hashHookSecret(url.slice(prefix.length)), url]),
  );
  return hashes.map((hash) => byHash.get(hash)).find((url) => url !== undefined);
}

/** Events that stood when the hook was last kept, are still wanted, and are not active now. */
function absenceOf(
  hook: WantedHook,
  standing: readonly StandingHook[],
  target: string | undefined,
  now: Date,
): HookAbsence | undefined {
  const { keptAt } = hook;
  if (keptAt === undefined) return undefined;
  const ours = standing.filter(({ targetUrl }) => targetUrl === target);
  const kept = hook.keptEvents ?? hook.events;
  const events = hook.events.filter(
    (event) => kept.includes(event) && !ours.some((one) => one.event === event && one.active),
  );
  if (events.length === 0) return undefined;
  // Each was on until its last delivery; the first that went off counts.
  const since = events.map((event) => {
    const deliveries = ours.filter((one) => one.event === event).map(({ lastDeliveryAt }) => lastDeliveryAt?.getTime());
    return Math.max(keptAt.getTime(), ...deliveries.map((at) => at ?? 0));
  });
  return { at: now, since: new Date(Math.min(...since)), events };
}
