import type { ActionstepSimulatorOptions } from './options.ts';
import type { Rest } from './rest.ts';
import { LINK_TYPES } from './envelope.ts';
import { phpJson, stampText } from './wire.ts';

/** One POST to a registered target. */
export interface Delivery {
  readonly hook: string;
  readonly eventName: string;
  readonly targetUrl: string;
  readonly body: string;
}

/** What goes out for an event about a record: one delivery per active hook. */
export function deliveriesFor(
  rest: Rest,
  options: ActionstepSimulatorOptions,
  event: { readonly name: string; readonly resource: string; readonly id: string },
): readonly Delivery[] {
  const hooks = rest.records('resthooks').filter((hook) => hook.eventName === event.name && hook.status === 'Active');
  return hooks.map((hook) => ({
    hook: String(hook.id),
    eventName: event.name,
    targetUrl: String(hook.targetUrl),
    body: phpJson(payload(rest, options, event, hook.id ?? '')),
  }));
}

function payload(
  rest: Rest,
  options: ActionstepSimulatorOptions,
  event: { readonly name: string; readonly resource: string; readonly id: string },
  hook: number | string,
): unknown {
  const row = rest.records(event.resource).find((candidate) => String(candidate.id) === event.id);
  const meta = { debug: { resthook: { id: hook, event_name: event.name } } };
  if (options.hookPayload === 'rest') return { [event.resource]: [row ?? { id: event.id }], meta };
  const { id: _id, links, ...attributes } = row ?? { id: event.id, links: {} };
  const relationships = Object.entries(links).map(([name, value]) => {
    const data = value === null ? null : { type: LINK_TYPES[name] ?? `${name.toLowerCase()}s`, id: String(value) };
    return [name, { data }] as const;
  });
  return {
    data: { type: event.resource, id: event.id, attributes, relationships: Object.fromEntries(relationships) },
    meta,
  };
}

/** What the target answered: 200 counts, 401 deletes the hook, anything else switches it off, and nobody is told. */
export function settleDelivery(
  rest: Rest,
  options: ActionstepSimulatorOptions,
  delivery: Delivery,
  status: number,
  now: Date,
): void {
  const hook = rest.records('resthooks').find((candidate) => String(candidate.id) === delivery.hook);
  if (hook === undefined) return;
  hook.triggeredCount = Number(hook.triggeredCount ?? 0) + 1;
  hook.triggeredLastTimestamp = stampText(now, options.timeZone);
  if (status !== 200) hook.status = status === 401 ? 'Deleted' : 'Disabled';
}
