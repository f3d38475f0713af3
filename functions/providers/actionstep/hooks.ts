import * as v from 'valibot';
import type { JsonObject } from '../../core/json.ts';
import type { CallApi, HookKeeping, HookProfile } from '../../core/provider.ts';
import { hintId, parseHook } from './hook-events.ts';
import { hookRecovery } from './hook-recovery.ts';
import { ActionstepRefusedError } from './judge.ts';
import { MAX_PAGE_SIZE, MEDIA_TYPE, parsePage } from './paging.ts';
import { restHookSchema } from './schemas.ts';
import { parseStamp } from './stamps.ts';

/** A REST hook as Actionstep shows it. */
interface RestHook {
  readonly id: string;
  readonly eventName: string;
  readonly targetUrl: string;
  readonly status: 'Active' | 'Disabled' | 'Deleted' | 'unknown';
  readonly lastDeliveryAt: Date | undefined;
}

const HEADERS = { accept: MEDIA_TYPE, 'content-type': MEDIA_TYPE };
/** Twenty-one events exist, and a few integrations may share a system. */
const MAX_PAGES = 10;

/** All REST hooks that the connection can see. */
export async function listHooks(call: CallApi): Promise<readonly RestHook[]> {
  const hooks: RestHook[] = [];
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const response = await call({
      method: 'GET',
      path: 'resthooks',
      query: [
        ['sort', 'id'],
        ['pageSize', String(MAX_PAGE_SIZE)],
        ['page', String(page)],
      ],
      headers: HEADERS,
    });
    const { rows, paging } = parsePage(response, 'resthooks');
    hooks.push(...rows.map(toHook).filter((hook) => hook !== undefined));
    if (rows.length === 0 || page >= (paging?.pageCount ?? 1)) return hooks;
  }
  return hooks;
}

/** Registers one event at one target. */
export async function registerHook(call: CallApi, eventName: string, targetUrl: string): Promise<RestHook | undefined> {
  const body = JSON.stringify({ resthooks: { eventName, targetUrl } });
  const response = await call({ method: 'POST', path: 'resthooks', headers: HEADERS, body });
  return parsePage(response, 'resthooks').rows.map(toHook)[0];
}

/**
 * Switches a hook on again. The specification lists only name and target as changeable, clients change `status`, so
 * that all three are sent.
 *
 * @returns the hook as Actionstep shows it after; `undefined` where it is gone or cannot be switched on
 */
export async function enableHook(call: CallApi, hook: RestHook): Promise<RestHook | undefined> {
  const body = { resthooks: { eventName: hook.eventName, targetUrl: hook.targetUrl, status: 'Active' } };
  try {
    const response = await call({
      method: 'PUT',
      path: `resthooks/${encodeURIComponent(hook.id)}`,
      headers: HEADERS,
      body: JSON.stringify(body),
    });
    const [after] = parsePage(response, 'resthooks').rows.map(toHook);
    return after?.status === 'Active' ? after : undefined;
  } catch (error) {
    if (error instanceof ActionstepRefusedError) return undefined;
    throw error;
  }
}

/**
 * Sees to it that every wanted event has one active hook at our target: Actionstep switches a hook off at the first answer
 * that is not 200, tells nobody and sends nothing again.
 */
export async function keepHooks(call: CallApi, events: readonly string[], targetUrl: string): Promise<HookKeeping> {
  const hooks = await listHooks(call);
  const ours = hooks.filter((hook) => hook.targetUrl === targetUrl);
  const active: string[] = [];
  const reenabled: string[] = [];
  const registered: string[] = [];
  for (const event of events) {
    const standing = ours.filter((hook) => hook.eventName === event && hook.status !== 'Deleted');
    if (standing.some((hook) => hook.status === 'Active')) {
      active.push(event);
      continue;
    }
    const [first] = standing;
    if (first !== undefined && (await enableHook(call, first)) !== undefined) {
      reenabled.push(event);
      continue;
    }
    await registerHook(call, event, targetUrl);
    registered.push(event);
  }
  return { active, reenabled, registered, foreign: hooks.length - ours.length };
}

function toHook(row: JsonObject): RestHook | undefined {
  const parsed = v.safeParse(restHookSchema, row);
  if (!parsed.success) return undefined;
  const { id, eventName, targetUrl, status, triggeredLastTimestamp } = parsed.output;
  return {
    id: String(id),
    eventName,
    targetUrl,
    status: status === 'Active' || status === 'Disabled' || status === 'Deleted' ? status : 'unknown',
    lastDeliveryAt: parseStamp(triggeredLastTimestamp ?? undefined),
  };
}

/** Actionstep's webhooks; their hints are read by the alert source `hooks`. */
export const hooks: HookProfile = {
  alertSource: 'hooks',
  hints: (body) => [...new Set(parseHook(body).map(hintId))],
  keep: keepHooks,
  standing: async (call) =>
    (await listHooks(call)).map(({ eventName, targetUrl, status, lastDeliveryAt }) => ({
      event: eventName,
      targetUrl,
      active: status === 'Active',
      ...(lastDeliveryAt === undefined ? {} : { lastDeliveryAt }),
    })),
  recovery: hookRecovery,
};
