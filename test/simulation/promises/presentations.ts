import type { Fault } from '../faults.ts';
import type { Presentation } from '../vendors.ts';
import type { World } from '../worlds.ts';
import { fail, type Looks } from './promises.ts';

/** I3: presented again only after an outcome that nobody knows, and once for each of those. */
export class PresentationChecks {
  readonly #world: World;
  readonly #looks: Looks;
  #seen = 0;

  constructor(world: World, looks: Looks) {
    this.#world = world;
    this.#looks = looks;
  }

  check(): void {
    const { presentations } = this.#world.vendors;
    for (; this.#seen < presentations.length; this.#seen += 1) {
      const latest = presentations[this.#seen] as Presentation;
      if (latest.fingerprint !== undefined) this.#checkOne(latest, presentations.slice(0, this.#seen));
    }
  }

  #checkOne(latest: Presentation, before: readonly Presentation[]): void {
    const { restores, unmarked, held } = this.#world;
    this.#looks.at('I3');
    if (this.#world.beyondSkew) return;
    const same = before.filter(({ fingerprint }) => fingerprint === latest.fingerprint);
    const spent = same.findIndex(({ status, issued }) => status === 200 && issued !== latest.fingerprint);
    if (spent < 0) return;
    const back = restores.find(({ at, of, what }) => {
      const since = same[spent]?.at ?? 0;
      return what.includes('connections') && since >= of && since <= at && latest.at > at;
    });
    // The high water tells what was spent since the backup; with both put back nothing does.
    const isHeld = held.has(latest.connection);
    if (back?.what.includes('state') === true && !isHeld) return;
    const isStored = this.#world.stored.has(same[spent]?.issued ?? '');
    if (back !== undefined && isStored && (isHeld || !unmarked.has(latest.connection))) {
      fail(`I3: ${latest.connection} presents a token after a restore that was spent before it`);
    }
    const unknown = same.slice(spent).filter((one) => this.#isUnknown(one)).length;
    // An intent that was written after the backup is gone with it.
    const forgotten = back === undefined ? 0 : 1;
    if (same.length - spent > unknown + forgotten) {
      fail(`I3: ${latest.connection} presents a spent token again after a known outcome`);
    }
  }

  #isUnknown({ invocation: key }: Presentation): boolean {
    const { scheduler } = this.#world;
    const invocation = scheduler.invocations.find((one) => one.key === key);
    if (invocation === undefined) return true;
    // A refusal whose verdict could not be written down (the breaker's count comes before it) is found out again, and so is
    // one whose verdict waited while the process stood still until its time was gone.
    const hurts = (effect: string) => /^(?:send|store|rescue|breakers)\./u.test(effect);
    const frozen: readonly Fault[] = ['freeze-before', 'freeze-after'];
    return invocation.isDead || invocation.faults.some(({ fault, effect }) => frozen.includes(fault) || hurts(effect));
  }
}
