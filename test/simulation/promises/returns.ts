import { AMBIGUOUS } from '../faults.ts';
import type { Invocation } from '../scheduler.ts';
import type { World } from '../worlds.ts';
import { fail, type Looks } from './promises.ts';

/** Faults that leave a process all of its time. */
const QUICK = ['throttle', 'partial', 'stale-index'];
/** What one refresh may ask of the table: the lease and its end, the item and its high water (I25). */
const MOST_WRITES = 2;
const MOST_READS = 2;

/** I9, I16, I25, I26 and P01: what an invocation leaves when it returns, or is dead. */
export class ReturnChecks {
  readonly #world: World;
  readonly #looks: Looks;
  readonly #ended = new Set<Invocation>();
  #from = 0;

  constructor(world: World, looks: Looks) {
    this.#world = world;
    this.#looks = looks;
  }

  check(): void {
    const { invocations } = this.#world.scheduler;
    while (this.#from < invocations.length && this.#ended.has(invocations[this.#from] as Invocation)) this.#from += 1;
    for (let index = this.#from; index < invocations.length; index += 1) {
      const invocation = invocations[index] as Invocation;
      if (this.#ended.has(invocation) || (!invocation.isDone && !invocation.isDead)) continue;
      this.#ended.add(invocation);
      if (invocation.isDead) this.#checkDead(invocation);
      else this.#checkReturned(invocation);
    }
  }

  #checkDead({ key, faults }: Invocation): void {
    if (faults.every(({ fault }) => QUICK.includes(fault))) {
      fail(`P01: ${key} ran into its time-out with nothing that held it up`);
    }
  }

  #checkReturned(invocation: Invocation): void {
    const { key, pending, error } = invocation;
    if (pending > 0) fail(`I9: ${key} returned with ${pending} effects under way`);
    if (error instanceof Error && isBug(error)) {
      fail(`${key} failed in a way that nobody foresaw: ${error.stack ?? ''}`);
    }
    this.#checkDurable(invocation);
    if (invocation.function === 'token-refresher') this.#checkSweep(invocation);
  }

  #checkDurable({ key, faults }: Invocation): void {
    const { vendors } = this.#world;
    const hurts = faults.some(({ effect, fault }) => effect === 'send.token' && AMBIGUOUS.includes(fault));
    if (hurts) return;
    for (const { issued, connection, invocation } of vendors.presentations) {
      if (invocation !== key || issued === undefined) continue;
      this.#looks.at('I9');
      if (!this.#isKept(issued, connection, key)) {
        fail(`I9: ${key} returned, and the token that it bought for ${connection} is nowhere`);
      }
    }
  }

  #isKept(issued: string, connection: string, key: string): boolean {
    const { vendors, cloud, lines } = this.#world;
    const item = cloud.connections.items.get(connection);
    const token = vendors.issued.get(issued);
    const stored = vendors.issued.get(item?.fingerprint ?? '');
    return (
      (token !== undefined && stored !== undefined && stored.sequence >= token.sequence) ||
      [...cloud.rescued.values()].some((body) => body.includes(issued)) ||
      item?.health === 'disconnected' ||
      item?.fingerprint === undefined ||
      lines.some(
        (line) =>
          line.invocation === key && (line.event === 'token.spill-failed' || line.fields['reason'] === 'other-account'),
      ) ||
      cloud.connections.outbox.some(
        ({ event }) => event.connection === connection && event.type.endsWith('disconnected'),
      )
    );
  }

  /** What a sweep that nothing disturbed has read and written, connection by connection. */
  #checkSweep(invocation: Invocation): void {
    const { key, touched, indexed, startedAt, faults } = invocation;
    const read = new Set(touched.filter(({ effect }) => effect === 'store.find').map(({ name }) => name));
    this.#looks.at('I26');
    for (const name of read) if (!indexed.has(name)) fail(`I26: ${key} reads ${name}, which no index named`);
    if (touched.some(({ effect }) => effect === 'store.list')) fail(`I26: ${key} lists all connections`);
    if (faults.length > 0 || invocation.error !== undefined) return;
    const time = invocation.endsAt - startedAt;
    for (const name of indexed) {
      this.#looks.at('I16');
      // A provider that keeps silent uses up the time of those that come after its twenty.
      const isOutOfTime = this.#world.scheduler.now - startedAt > time / 2;
      if (!read.has(name) && !isOutOfTime) fail(`I16: ${key} gave ${name} no turn, although it was due`);
    }
    for (const name of read) this.#checkCost(invocation, name);
  }

  #checkCost({ key, touched, waits }: Invocation, name: string): void {
    const mine = touched.filter((one) => one.name === name);
    const count = (pattern: RegExp) => mine.filter(({ effect }) => pattern.test(effect)).length;
    if (count(/^store\.commit$/u) === 0) return;
    this.#looks.at('I25');
    if (count(/^send\.token$/u) > 1) fail(`I25: ${key} calls the provider more than once for ${name}`);
    const writes = count(/^store\.(?:lease|commit|change|reject$)/u);
    if (writes > MOST_WRITES) fail(`I25: ${key} writes ${name} ${writes} times`);
    const reads = count(/^store\.(?:find|highWater)$/u);
    // Who had to wait for its account's budget is looked at once more when its turn comes; who was refused, before its
    // successor is taken out of the rescue bucket.
    const wasRefused = this.#world.vendors.presentations.some(
      (one) => one.invocation === key && one.connection === name && one.error === 'invalid_grant',
    );
    if (reads > MOST_READS * (1 + waits) + (wasRefused ? 1 : 0)) fail(`I25: ${key} reads ${name} ${reads} times`);
  }
}

/** Errors that a failing store explains are failures; anything else is a bug. */
function isBug(error: Error): boolean {
  if (error instanceof AggregateError) return error.errors.some((one) => one instanceof Error && isBug(one));
  return !('code' in error && 'retryable' in error);
}
