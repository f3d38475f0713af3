import { gunzipSync } from 'node:zlib';
import type { Connection } from '../../functions/core/connections/connection.ts';
import { verifyArchive } from '../../functions/core/reports/verify.ts';
import { AMBIGUOUS } from './faults.ts';
import { type Invocation, wasDisturbed } from './scheduler.ts';
import { PUBLIC_KEY } from './state.ts';
import type { Presentation } from './vendors.ts';
import type { World } from './worlds.ts';

/** A promise that did not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

function fail(text: string): never {
  throw new Violation(text);
}

/** What is remembered from step to step. */
interface Seen {
  readonly items: Map<string, Connection>;
  presentations: number;
  published: number;
  outbox: number;
  done: number;
  manifests: number;
}

/** The promises of RELIABILITY 6, looked at after every step of a run. */
export class Invariants {
  readonly #world: World;
  readonly #seen: Seen = {
    items: new Map(),
    presentations: 0,
    published: 0,
    outbox: 0,
    done: 0,
    manifests: 0,
  };
  readonly #publishedBy = new Map<string, number>();
  readonly #lastVersion = new Map<string, number>();
  readonly #ended = new Set<Invocation>();
  /** Manifests whose verification is still to be done, because it is asynchronous. */
  unverified = false;

  constructor(world: World) {
    this.#world = world;
  }

  check(): void {
    const { ports, vendors, executions } = this.#world;
    for (const list of [ports.violations, vendors.violations, executions.violations]) {
      if (list.length > 0) fail(list.join('; '));
    }
    this.#checkConnections();
    this.#checkPresentations();
    this.#checkPublished();
    this.#checkEnded();
    this.#checkManifests();
  }

  /** I4, I5, I6 and I10: what changed of a connection. */
  #checkConnections(): void {
    const { items, highWaters } = this.#world.cloud.connections;
    for (const [name, item] of items) {
      const before = this.#seen.items.get(name);
      if (before === item) continue;
      this.#seen.items.set(name, item);
      // What is ahead of the table looks like a restore: then a person is asked for, with a living grant.
      if ((highWaters.get(name) ?? 0) > item.generation) fail(`I4: the high water of ${name} lies ahead of it`);
      if (before === undefined) continue;
      if (item.generation < before.generation)
        fail(`I4: ${name} went from generation ${before.generation} back to ${item.generation}`);
      this.#checkNewer(before, item);
      const isNews = item.health === 'reauthorization-required' && before.health !== item.health;
      if (isNews) this.#checkRequired(item);
      if (item.health === 'disconnected' && (item.refresh !== undefined || item.access !== undefined)) {
        fail(`${name} is disconnected and holds tokens`);
      }
    }
  }

  /** A commit never replaces a token by one that the provider issued earlier in the same grant. */
  #checkNewer(before: Connection, item: Connection): void {
    const was = this.#issued(before.fingerprint);
    const is = this.#issued(item.fingerprint);
    if (was === undefined || is === undefined || was.grant !== is.grant) return;
    if (is.sequence < was.sequence) fail(`I4: ${item.name} holds an older token than before`);
  }

  #issued(fingerprint: string | undefined) {
    return fingerprint === undefined ? undefined : this.#world.vendors.issued.get(fingerprint);
  }

  /** I5, I6: a person is asked for only when no stored token would do, and only because the provider said so. */
  #checkRequired(item: Connection): void {
    const { vendors, scheduler, cloud } = this.#world;
    const now = new Date(scheduler.now);
    if (vendors.isLive(item.fingerprint, now))
      fail(`I5: ${item.name} waits for a person with a live token in the table`);
    for (const [key, body] of cloud.rescued) {
      if (!key.startsWith(`${item.name}/`)) continue;
      const { fingerprint } = JSON.parse(body) as { readonly fingerprint?: string };
      if (vendors.isLive(fingerprint, now))
        fail(`I5: ${item.name} waits for a person with a live token in the rescue bucket`);
    }
    const refused = vendors.presentations.some(
      ({ fingerprint, error }) => fingerprint === item.fingerprint && error === 'invalid_grant',
    );
    if (!refused) fail(`I6: ${item.name} waits for a person although the provider never refused its token`);
    const cause = cloud.connections.outbox.findLast(
      ({ event }) => event.connection === item.name && event.type.endsWith('reauthorization-required'),
    )?.event.data['cause'];
    if (cause === undefined) fail(`${item.name} waits for a person and nobody was told`);
    // Whatever it is called: without anything that got lost no grant is.
    if (!this.#wasDisturbed(item))
      fail(`I1: ${item.name} lost its grant (${JSON.stringify(cause)}) with nothing lost on the way`);
  }

  #wasDisturbed(item: Connection): boolean {
    return this.#world.scheduler.invocations.some(
      (invocation) =>
        ['token-refresher', 'callback'].includes(invocation.function) &&
        (wasDisturbed(invocation) || invocation.faults.length > 1) &&
        this.#world.vendors.presentations.some(
          (one) => one.invocation === invocation.key && one.connection === item.name,
        ),
    );
  }

  /** I3: presented again only after an outcome that nobody knows, and once for each of those. */
  #checkPresentations(): void {
    const { presentations } = this.#world.vendors;
    for (; this.#seen.presentations < presentations.length; this.#seen.presentations += 1) {
      const latest = presentations[this.#seen.presentations] as Presentation;
      if (latest.fingerprint === undefined) continue;
      const same = presentations
        .slice(0, this.#seen.presentations)
        .filter(({ fingerprint }) => fingerprint === latest.fingerprint);
      const spent = same.findIndex(({ status, issued }) => status === 200 && issued !== latest.fingerprint);
      if (spent < 0) continue;
      const unknown = same.slice(spent).filter((one) => this.#isUnknown(one)).length;
      if (same.length - spent > unknown)
        fail(`I3: ${latest.connection} presents a spent token again after a known outcome`);
    }
  }

  #isUnknown({ invocation: key }: Presentation): boolean {
    const invocation = this.#world.scheduler.invocations.find((one) => one.key === key);
    if (invocation === undefined) return true;
    // A refusal whose verdict could not be written down (the breaker's count comes before it) is found out again.
    const hurts = (effect: string) => /^(?:send|store|rescue|breakers)\./u.test(effect);
    return invocation.isDead || invocation.faults.some(({ effect }) => hurts(effect));
  }

  /** I13, I14: once each, in order. */
  #checkPublished(): void {
    const { taken } = this.#world.cloud.publisher;
    for (; this.#seen.published < taken.length; this.#seen.published += 1) {
      const body = taken[this.#seen.published]?.message.body ?? '{}';
      const event = JSON.parse((JSON.parse(body) as { default: string }).default) as PublishedEvent;
      const times = (this.#publishedBy.get(event.id) ?? 0) + 1;
      this.#publishedBy.set(event.id, times);
      if (times > 1 && times > 1 + this.#excuses())
        fail(`I13: ${event.type} of ${event.subject} was published ${times} times`);
      const { version } = event.data;
      if (typeof version !== 'number' || !event.type.startsWith('steward.alert.')) continue;
      const last = this.#lastVersion.get(event.subject) ?? 0;
      if (version > last + 1) fail(`I14: version ${version} of ${event.subject} was published after version ${last}`);
      this.#lastVersion.set(event.subject, Math.max(last, version));
    }
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

  /** I9 and rule 1 of RELIABILITY 2.2: what was bought is durable, and nothing is left running, when a handler returns. */
  #checkEnded(): void {
    const { invocations } = this.#world.scheduler;
    while (this.#seen.done < invocations.length && this.#ended.has(invocations[this.#seen.done] as Invocation))
      this.#seen.done += 1;
    for (let index = this.#seen.done; index < invocations.length; index += 1) {
      const invocation = invocations[index] as Invocation;
      if (this.#ended.has(invocation) || (!invocation.isDone && !invocation.isDead)) continue;
      this.#ended.add(invocation);
      if (invocation.isDead) {
        const wasHeld = invocation.faults.some(({ fault }) => !['throttle', 'partial', 'stale-index'].includes(fault));
        if (!wasHeld) fail(`P01: ${invocation.key} ran into its time-out with nothing that held it up`);
        continue;
      }
      if (invocation.pending > 0) fail(`${invocation.key} returned with ${invocation.pending} effects under way`);
      if (invocation.error instanceof Error && isBug(invocation.error)) {
        fail(`${invocation.key} failed in a way that nobody foresaw: ${invocation.error.stack ?? ''}`);
      }
      this.#checkDurable(invocation);
    }
  }

  #checkDurable(invocation: Invocation): void {
    const { vendors, cloud, lines } = this.#world;
    const hurts = invocation.faults.some(({ effect, fault }) => effect === 'send.token' && AMBIGUOUS.includes(fault));
    if (hurts) return;
    for (const { issued, connection, invocation: key } of vendors.presentations) {
      if (key !== invocation.key || issued === undefined) continue;
      const item = cloud.connections.items.get(connection);
      const token = vendors.issued.get(issued);
      const stored = this.#issued(item?.fingerprint);
      const isStored = token !== undefined && stored !== undefined && stored.sequence >= token.sequence;
      const isRescued = [...cloud.rescued.values()].some((body) => body.includes(issued));
      const isGone = item?.health === 'disconnected' || item?.fingerprint === undefined;
      const isLogged = lines.some(
        (line) =>
          line.invocation === key && (line.event === 'token.spill-failed' || line.fields['reason'] === 'other-account'),
      );
      const wasReplaced = cloud.connections.outbox.some(
        ({ event }) => event.connection === connection && event.type.endsWith('disconnected'),
      );
      if (!isStored && !isRescued && !isGone && !isLogged && !wasReplaced) {
        fail(`I9: ${invocation.key} returned, and the token that it bought for ${connection} is nowhere`);
      }
    }
  }

  #checkManifests(): void {
    const { archive } = this.#world.cloud;
    if (archive.objects.size === this.#seen.manifests) return;
    const isNew = [...archive.objects.keys()]
      .slice(this.#seen.manifests)
      .some((key) => key.endsWith('manifest.json') || key.endsWith('gap.json'));
    this.#seen.manifests = archive.objects.size;
    if (isNew) this.unverified = true;
  }

  /** I18, I19, I22: what a reader sees is whole, signed, chained, and tiles time. */
  async verify(): Promise<void> {
    this.unverified = false;
    const { archive } = this.#world.cloud;
    const reader = {
      gunzip: (bytes: Uint8Array) => new Uint8Array(gunzipSync(bytes)),
      async *list() {
        yield* archive.objects.keys();
      },
      read: (key: string, versionId?: string) => archive.read(key, versionId),
    };
    const { ok, findings } = await verifyArchive(reader, PUBLIC_KEY);
    if (!ok) fail(`I18, I19: ${findings.map(({ kind, message }) => `${kind}: ${message}`).join('; ')}`);
    for (const [key, versions] of archive.objects) {
      if (!key.endsWith('manifest.json')) continue;
      if (versions.length > 1) fail(`I19: ${key} was written ${versions.length} times`);
      const text = Buffer.from(versions[0]?.bytes ?? []).toString('utf8');
      const { rows, sourceTotal } = JSON.parse(text) as { readonly rows: number; readonly sourceTotal: number | null };
      if (sourceTotal !== null && rows !== sourceTotal) fail(`I22: ${key} has ${rows} rows of ${sourceTotal}`);
    }
  }

  /** I11: no token, code or secret in anything that is written down. */
  checkSinks(): void {
    const { lines, cloud, vendors } = this.#world;
    const sinks = [
      JSON.stringify(lines),
      ...cloud.publisher.taken.map(({ message }) => message.body),
      JSON.stringify(cloud.connections.outbox),
      JSON.stringify(cloud.windows.outbox),
      ...cloud.rescued.values(),
      JSON.stringify([...cloud.connections.items.values()]),
    ].join('\n');
    for (const secret of vendors.secrets) if (sinks.includes(secret)) fail(`I11: a secret was written down`);
  }
}

interface PublishedEvent {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly data: { readonly version?: number };
}

/** Errors that a failing store explains are failures; anything else is a bug. */
function isBug(error: Error): boolean {
  if (error instanceof AggregateError) return error.errors.some((one) => one instanceof Error && isBug(one));
  return !('code' in error && 'retryable' in error);
}
