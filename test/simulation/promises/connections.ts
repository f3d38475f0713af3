import { DAY_MS } from '../../../functions/core/time.ts';
import { WARNING_DAYS } from '../../../functions/core/tokens/timing.ts';
import type { Connection } from '../../../functions/core/connections/connection.ts';
import { wasDisturbed } from '../scheduler.ts';
import type { World } from '../worlds.ts';
import { fail, type Looks } from './promises.ts';

/** I1, I4, I5, I6 and I10: what changed of a connection since the last step. */
export class ConnectionChecks {
  readonly #world: World;
  readonly #looks: Looks;
  readonly #seen = new Map<string, Connection>();
  /** Generations that were ever committed. */
  readonly #highest = new Map<string, number>();
  readonly #warned = new Set<string>();
  #outbox = 0;

  constructor(world: World, looks: Looks) {
    this.#world = world;
    this.#looks = looks;
  }

  check(): void {
    const { items } = this.#world.cloud.connections;
    for (const [name, item] of items) {
      const before = this.#seen.get(name);
      if (before === item) continue;
      this.#seen.set(name, item);
      if (item.fingerprint !== undefined) this.#world.stored.add(item.fingerprint);
      // What an operator put back is older than what was there: that is what a restore is.
      if (before === undefined || this.#world.restored.has(item)) continue;
      this.#checkChange(before, item);
    }
    this.#checkWarnings();
  }

  #checkChange(before: Connection, item: Connection): void {
    const { name, generation, health } = item;
    const highWater = this.#world.cloud.connections.highWaters.get(name) ?? 0;
    this.#looks.at('I4');
    const highest = Math.max(generation, this.#highest.get(name) ?? 0, this.#world.held.get(name) ?? 0);
    this.#highest.set(name, highest);
    // It may lag, and says of no generation that it was committed before it was.
    if (highWater > highest) fail(`I4: the high water of ${name} is ahead of it`);
    if (generation < before.generation) fail(`I4: ${name} went from generation ${before.generation} to ${generation}`);
    this.#checkNewer(before, item);
    this.#checkWarned(before, item);
    if (health === 'reauthorization-required' && before.health !== health) this.#checkRequired(item);
    if (health === 'disconnected' && (item.refresh !== undefined || item.access !== undefined)) {
      fail(`I11: ${name} is disconnected and holds tokens`);
    }
  }

  /** A commit never replaces a token by one that the provider issued earlier in the same grant. */
  #checkNewer(before: Connection, item: Connection): void {
    const { issued } = this.#world.vendors;
    const was = issued.get(before.fingerprint ?? '');
    const is = issued.get(item.fingerprint ?? '');
    if (was === undefined || is === undefined || was.grant !== is.grant) return;
    if (is.sequence < was.sequence) fail(`I4: ${item.name} holds an older token than before`);
  }

  /** A failure that is noted past a threshold has its warning in the same write. */
  #checkWarned(before: Connection, { name, failures, refresh, warnedDays, lastError }: Connection): void {
    if (refresh === undefined || lastError === undefined || failures <= before.failures) return;
    const left = refresh.expiresAt.getTime() - lastError.at.getTime();
    if (left <= 0) return;
    const unsaid = WARNING_DAYS.filter((days) => left <= days * DAY_MS && !warnedDays.includes(days));
    if (unsaid.length > 0) fail(`I10: nobody is warned of ${unsaid.join(' and ')} days for ${name}`);
    const fresh = warnedDays.filter((days) => !before.warnedDays.includes(days));
    if (fresh.length === 0) return;
    const days = Math.min(...fresh);
    const isTold = this.#world.cloud.connections.outbox.some(
      ({ event }) =>
        event.connection === name &&
        event.data['daysLeft'] === days &&
        event.data['expiresAt'] === refresh.expiresAt.toISOString(),
    );
    if (!isTold) fail(`I10: ${name} is noted as warned of ${days} days, and nobody was told`);
  }

  /** A person is asked for only when no stored token would do, and only because the provider said so. */
  #checkRequired(item: Connection): void {
    const { vendors, scheduler, cloud, restored, held } = this.#world;
    const now = new Date(scheduler.now);
    this.#looks.at('I5');
    if (vendors.isLive(item.fingerprint, now))
      fail(`I5: ${item.name} waits for a person with a live token in the table`);
    for (const [key, body] of cloud.rescued) {
      if (!key.startsWith(`${item.name}/`)) continue;
      const { fingerprint, authorization } = JSON.parse(body) as {
        readonly fingerprint?: string;
        readonly authorization?: object;
      };
      // A consent is kept under its own name, and a backup has no attempt that says so; whoever restores is to hold the
      // connection first (RUNBOOK).
      const isForgotten = [...restored].some(({ name }) => name === item.name) && !held.has(item.name);
      if (authorization !== undefined && isForgotten) continue;
      if (vendors.isLive(fingerprint, now))
        fail(`I5: ${item.name} waits for a person with a live token in the rescue bucket`);
    }
    const refused = vendors.presentations.some(
      ({ fingerprint, error }) => fingerprint === item.fingerprint && error === 'invalid_grant',
    );
    this.#looks.at('I6');
    if (!refused) fail(`I6: ${item.name} waits for a person although the provider never refused its token`);
    const cause = cloud.connections.outbox.findLast(
      ({ event }) => event.connection === item.name && event.type.endsWith('reauthorization-required'),
    )?.event.data['cause'];
    if (cause === undefined) fail(`I5: ${item.name} waits for a person and nobody was told`);
    this.#looks.at('I1');
    // Whatever it is called: without anything that got lost no grant is.
    if (!this.#mayBeLost(item)) {
      fail(`I1: ${item.name} lost its grant (${JSON.stringify(cause)}) with nothing lost on the way`);
    }
  }

  #mayBeLost(item: Connection): boolean {
    const { vendors, restores, unmarked, held } = this.#world;
    // What is held presents nothing: whatever a restore brought back, nothing is lost by it.
    if (held.has(item.name)) return this.#wasDisturbed(item);
    if (unmarked.has(item.name)) return true;
    // With both tables put back nothing is left that knows of the newer token.
    if (restores.some(({ what }) => what.includes('connections') && what.includes('state'))) return true;
    // Clocks beyond their allowance: two may hold a lease, and a provider that revokes a family does so then.
    if (this.#world.beyondSkew && vendors.rotation === 'reuse-revokes') return true;
    return this.#wasDisturbed(item);
  }

  #wasDisturbed(item: Connection): boolean {
    const { scheduler, vendors } = this.#world;
    return scheduler.invocations.some(
      (invocation) =>
        ['token-refresher', 'oauth-callback'].includes(invocation.function) &&
        (wasDisturbed(invocation) || invocation.faults.length > 1) &&
        vendors.presentations.some((one) => one.invocation === invocation.key && one.connection === item.name),
    );
  }

  /** Once for each refresh token and threshold, and true when it is said. */
  #checkWarnings(): void {
    const { outbox } = this.#world.cloud.connections;
    for (; this.#outbox < outbox.length; this.#outbox += 1) {
      const event = outbox[this.#outbox]?.event;
      if (event === undefined || !event.type.endsWith('.expiring')) continue;
      const { daysLeft, expiresAt } = event.data as { readonly daysLeft: number; readonly expiresAt: string };
      const key = `${event.connection ?? ''} ${expiresAt} ${daysLeft}`;
      this.#looks.at('I10');
      if (this.#warned.has(key)) fail(`I10: ${event.connection ?? ''} is warned of ${daysLeft} days twice`);
      this.#warned.add(key);
      const left = (Date.parse(expiresAt) - event.time.getTime()) / 86_400_000;
      if (left > daysLeft)
        fail(`I10: ${event.connection ?? ''} is warned of ${daysLeft} days with ${left.toFixed(1)} left`);
    }
  }
}
