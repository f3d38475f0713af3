import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { HookRecovery } from '../../core/provider.ts';
import { HOOK_EVENTS } from './hook-events.ts';
import { STAMPS } from './stamps.ts';

/** What polling by stamps finds of events that no hook told of, and what it cannot find. */
export function hookRecovery(options: JsonObject, events: readonly string[]): HookRecovery {
  const judged = events.map((event) => ({ event, why: lossOf(event, options.resources) }));
  return {
    polled: judged.filter(({ why }) => why === undefined).map(({ event }) => event),
    lost: judged.flatMap(({ event, why }) => (why === undefined ? [] : [{ event, why }])),
  };
}

/** Why no poll finds it; `undefined` where one does. */
function lossOf(event: string, resources: JsonValue | undefined): string | undefined {
  const resource = HOOK_EVENTS[event] ?? event;
  const stamp = STAMPS[resource];
  if (event.endsWith('Deleted')) return 'what was deleted is in no list';
  if (stamp === undefined) return `${resource} carry no stamp of their change`;
  if (!stamp.moves && !event.endsWith('Created')) return `the stamp of ${resource} stays when one is edited`;
  return Array.isArray(resources) && resources.includes(resource) ? undefined : `the job does not poll ${resource}`;
}
