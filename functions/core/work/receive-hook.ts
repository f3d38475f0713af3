import { createHash, timingSafeEqual } from 'node:crypto';
import { StoreUnavailableError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Clock, Random } from '../time.ts';
import type { Hook, HookStore } from './hook.ts';
import type { WorkStore } from './work.ts';

/** Hooks carry one record; what is larger is no hook. */
export const HOOK_LIMIT_BYTES = 1024 * 1024;
/**
 * Options of the client behind it: two tries at a table that never answers take less than a second, and then the answer
 * is 200 all the same.
 */
export const HOOK_PATIENCE = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 250, requestTimeout: 300, throwOnRequestTimeout: true },
} as const;
/** Records that one delivery may name. */
const HINT_LIMIT = 100;
const CONNECTION = /^[\w.-]{1,128}$/;
const SECRET = /^[\w-]{16,256}$/;

export interface ReceiveHookDependencies {
  readonly hooks: Pick<HookStore, 'find'>;
  readonly work: Pick<WorkStore, 'add'>;
  /** Ids that a provider's body speaks of; empty for a provider without webhooks. Never throws. */
  readonly hints: (provider: string, body: unknown) => readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface HookDelivery {
  readonly connection: string;
  readonly secret: string;
  readonly contentType: string | undefined;
  readonly body: string;
}

/** SHA-256 of a hook's secret: all that is stored of it. */
export function hashHookSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/**
 * Takes a webhook's delivery: its secret, then which records it speaks of; one row of work for each.
 *
 * Whoever has the secret is answered well whatever became of the rest: a vendor switches a hook off at the first bad
 * answer, while the poll finds what a lost hint was about. `false`: no such hook, or another secret; nobody is told which.
 */
export async function receiveHook(dependencies: ReceiveHookDependencies, delivery: HookDelivery): Promise<boolean> {
  const { log } = dependencies;
  try {
    const hook = await findHook(dependencies, delivery);
    if (hook === undefined) return false;
    await addWork(dependencies, hook, delivery);
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    log.error('hook.lost', { connection: delivery.connection, code: error.code });
  }
  return true;
}

async function findHook({ hooks }: ReceiveHookDependencies, delivery: HookDelivery): Promise<Hook | undefined> {
  const { connection, secret } = delivery;
  if (!CONNECTION.test(connection) || !SECRET.test(secret)) return undefined;
  const given = hashHookSecret(secret);
  const hook = await hooks.find(connection, given);
  if (hook === undefined || hook.connection !== connection) return undefined;
  // The look-up by hash leaks nothing of the secret; the comparison keeps that true for any store behind it.
  return timingSafeEqual(Buffer.from(given, 'hex'), Buffer.from(hook.secretHash, 'hex')) ? hook : undefined;
}

async function addWork(
  { work, hints, clock, random, log }: ReceiveHookDependencies,
  hook: Hook,
  delivery: HookDelivery,
): Promise<void> {
  const ids = [...new Set(hints(hook.provider, parseBody(delivery)))].slice(0, HINT_LIMIT);
  const { connection, job, provider, shard } = hook;
  if (ids.length === 0) log.warn('hook.unreadable', { connection, provider });
  const createdAt = clock.now();
  const revision = Buffer.from(random.bytes(12)).toString('base64url');
  for (const id of ids) {
    const payload = { job, id };
    await work.add(shard, { connection, kind: 'hook', id: `${job}#${id}`, payload, createdAt, revision, attempts: 0 });
  }
  log.info('hook.taken', { connection, provider, hints: ids.length });
}

/** The body where it says that it is JSON and is; `undefined` otherwise. */
function parseBody({ contentType, body }: HookDelivery): unknown {
  if (contentType !== undefined && !/^\s*[\w.+-]+\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(contentType)) return undefined;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}
