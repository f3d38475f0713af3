import { AMBIGUOUS } from '../faults.ts';
import type { World } from '../worlds.ts';
import { fail, type Looks } from './promises.ts';

interface PublishedEvent {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly data: { readonly version?: number };
}

/** I13 and I14: each message as SNS took it. */
export class EventChecks {
  readonly #world: World;
  readonly #looks: Looks;
  readonly #times = new Map<string, number>();
  readonly #last = new Map<string, number>();
  #seen = 0;
  #restores = 0;

  constructor(world: World, looks: Looks) {
    this.#world = world;
    this.#looks = looks;
  }

  check(): void {
    const { cloud, restores } = this.#world;
    for (; this.#restores < restores.length; this.#restores += 1) {
      if (restores[this.#restores]?.what.includes('state')) this.#goBack();
    }
    const { taken } = cloud.publisher;
    for (; this.#seen < taken.length; this.#seen += 1) this.#checkOne(taken[this.#seen]?.message.body ?? '{}');
  }

  /** The outbox is as it was: what was published since is published again, and heads count on from there. */
  #goBack(): void {
    this.#times.clear();
    this.#last.clear();
    for (const rows of this.#world.cloud.tables.published.values()) {
      for (const { event, order } of rows) {
        if (event.type.startsWith('steward.alert.')) {
          this.#last.set(event.subject, Math.max(order, this.#last.get(event.subject) ?? 0));
        }
      }
    }
  }

  #checkOne(body: string): void {
    const event = JSON.parse((JSON.parse(body) as { default: string }).default) as PublishedEvent;
    const times = (this.#times.get(event.id) ?? 0) + 1;
    this.#times.set(event.id, times);
    this.#looks.at('I13');
    if (times > 1 && !this.#world.beyondSkew && times > 1 + this.#excuses() + this.#world.restores.length) {
      fail(`I13: ${event.type} of ${event.subject} was published ${times} times`);
    }
    const { version } = event.data;
    if (typeof version !== 'number' || !event.type.startsWith('steward.alert.')) return;
    const last = this.#last.get(event.subject) ?? 0;
    this.#looks.at('I14');
    if (version > last + 1) fail(`I14: version ${version} of ${event.subject} was published after version ${last}`);
    this.#last.set(event.subject, Math.max(last, version));
  }

  /** Publishers that may have published without being able to say so. */
  #excuses(): number {
    return this.#world.scheduler.invocations.filter(
      (invocation) =>
        invocation.function === 'event-publisher' &&
        (invocation.isDead ||
          invocation.faults.some(
            ({ effect, fault }) =>
              (effect === 'publisher.publish' && AMBIGUOUS.includes(fault)) || effect === 'outbox.markPublished',
          )),
    ).length;
  }
}
