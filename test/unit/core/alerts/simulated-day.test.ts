import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../../../functions/core/alerts/fingerprint.ts';
import { runAlertPass } from '../../../../functions/core/alerts/pass.ts';
import type { Alert } from '../../../../functions/core/alerts/source.ts';
import type { AlertStore } from '../../../../functions/core/alerts/store.ts';
import {
  BudgetExhaustedError,
  ConflictError,
  ProviderUnavailableError,
  ServiceError,
  StoreUnavailableError,
} from '../../../../functions/core/errors.ts';
import { publishShard } from '../../../../functions/core/publishing/publish-shard.ts';
import { alertWorld, AMPLE, fakeApi, recordingMetrics } from '../../../support/alert-world.ts';
import { createMemoryLatencies } from '../../../support/memory-latencies.ts';
import { createMemoryPublisher } from '../../../support/memory-publisher.ts';

const MINUTE = 60_000;
const TENANTS = 50;
const ALERTS_PER_TENANT = 200;
/** A poll every five minutes. */
const STEPS = 24 * 12;
const STEP_MS = 5 * MINUTE;
const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const;

/** Mulberry32: the same seed tells the same day. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A store whose replies get lost and which is down at times; whose writes hold all the same. */
function faulty(store: AlertStore, chance: () => number): AlertStore {
  return {
    ...store,
    async commit(...args) {
      const dice = chance();
      if (dice < 0.01) throw new StoreUnavailableError('down');
      await store.commit(...args);
      if (dice > 0.99) throw new ConflictError('met its own write');
    },
    async saveCheckpoint(...args) {
      if (chance() < 0.01) throw new StoreUnavailableError('down');
      await store.saveCheckpoint(...args);
    },
  };
}

/** One tenant's day: what its provider does, what two whole polls in a row could see, what was published. */
function aTenant(seed: number) {
  const chance = seeded(seed);
  const world = alertWorld(
    { mode: 'feed', pageSize: 25, lagMs: 2 * MINUTE },
    { stormThreshold: 1e6, everySeconds: 300 },
  );
  const store = faulty(world.store, chance);
  const publisher = createMemoryPublisher();
  publisher.fault = () => (chance() < 0.03 ? 'failed' : undefined);
  const expected = new Map<string, string[]>();
  const lastSeen = new Map<string, string>();
  const known = new WeakMap<Alert, string>();
  let born = 0;

  const happen = (step: number) => {
    const changedAt = world.clock.now();
    const due = Math.floor(((step + 1) * ALERTS_PER_TENANT) / (STEPS - 12));
    for (; born < Math.min(due, ALERTS_PER_TENANT); born += 1) {
      world.set(`a${born}`, {
        severity: SEVERITIES[Math.floor(chance() * 4)] ?? 'low',
        raisedAt: changedAt,
        changedAt,
      });
    }
    for (const [id, alert] of world.alerts) {
      const dice = chance();
      if (alert.state === 'resolved') {
        if (dice < 0.002) world.set(id, { state: 'open', changedAt });
      } else if (dice < 0.02) world.set(id, { severity: 'critical', changedAt });
      else if (dice < 0.04) world.set(id, { severity: 'medium', changedAt });
      else if (dice < 0.07) world.set(id, { state: 'acknowledged' });
      else if (dice < 0.13) world.set(id, { state: 'resolved', ...(dice < 0.1 ? { changedAt } : {}) });
      else if (dice < 0.2) world.set(id, { changedAt });
    }
  };

  world.fake.beforePage = (page) => {
    const dice = chance();
    if (dice < 0.01) throw new ProviderUnavailableError('502', { sent: true });
    if (dice < 0.02) throw new BudgetExhaustedError('none left', 1000);
    // An alert changes while pages are read, so that the others shift.
    if (dice < 0.03 && page > 1) {
      const [first] = world.alerts.values();
      if (first) world.set(first.id, { changedAt: world.clock.now() });
    }
  };

  const whole = async (): Promise<boolean> => {
    try {
      const result = await runAlertPass({ ...world.dependencies, store }, world.job, fakeApi(world.source), AMPLE);
      return result.complete && result.interruption === undefined;
    } catch (error) {
      if (error instanceof ServiceError) return false;
      throw error;
    }
  };

  /** What has stood unchanged since the last whole poll was visible for two. */
  const note = () => {
    for (const [id, alert] of world.alerts) {
      const seen = known.get(alert) ?? fingerprintOf(alert);
      known.set(alert, seen);
      const states = expected.get(id) ?? [];
      if (lastSeen.get(id) === seen && states.at(-1) !== seen) expected.set(id, [...states, seen]);
      lastSeen.set(id, seen);
    }
  };

  const publish = () =>
    publishShard(
      {
        ...world.dependencies,
        outbox: world.outbox,
        latencies: createMemoryLatencies(),
        publisher,
        metrics: recordingMetrics(),
        pause: async () => undefined,
        nudge: async () => undefined,
      },
      '0',
      `owner-${+world.clock.now()}`,
      AMPLE,
    );

  return {
    world,
    publisher,
    expected,
    calm() {
      world.fake.beforePage = undefined;
      publisher.fault = undefined;
    },
    async step(step: number, quiet = false) {
      if (!quiet) happen(step);
      if (await whole()) note();
      // Now and then two pollers overlap, and one of them works on what it read a while ago.
      if (chance() < 0.01) await Promise.all([whole(), whole()]);
      await publish();
      world.clock.advance(STEP_MS + 500);
    },
  };
}

interface Published {
  readonly id: string;
  readonly subject: string;
  readonly data: { readonly version: number; readonly alert: Alert };
}

function inOrder(wanted: readonly string[], given: readonly string[]): boolean {
  let place = 0;
  for (const state of given) if (state === wanted[place]) place += 1;
  return place === wanted.length;
}

describe('a simulated day', () => {
  it('I12, I13, I14, A19, A20: 10,000 alerts of 50 tenants: no state lost, none published twice, all in order', async () => {
    let versions = 0;
    let faults = 0;
    for (let tenant = 1; tenant <= TENANTS; tenant += 1) {
      const day = aTenant(tenant);
      for (let step = 0; step < STEPS; step += 1) await day.step(step);
      day.calm();
      for (let step = 0; step < 14; step += 1) await day.step(step, true);

      const published = day.publisher.taken
        .map(({ message }) => JSON.parse(JSON.parse(message.body).default) as Published)
        .filter(({ data }) => data.alert !== undefined);
      const twice = published.length - new Set(published.map(({ id }) => id)).size;
      const byAlert = Map.groupBy(published, ({ subject }) => subject.slice('watch/'.length));
      const wrong: string[] = [];
      for (const [id, states] of day.expected) {
        const mine = byAlert.get(id) ?? [];
        const given = mine.map(({ data }) => fingerprintOf(data.alert));
        if (mine.some(({ data }, place) => data.version !== place + 1)) wrong.push(`${id}: out of order`);
        if (!inOrder(states, given)) wrong.push(`${id}: a state was lost`);
        if (given.at(-1) !== fingerprintOf(day.world.alerts.get(id) as Alert)) wrong.push(`${id}: last state`);
      }
      expect({ tenant, twice, wrong, left: day.world.rows() }).toEqual({ tenant, twice: 0, wrong: [], left: [] });
      expect(day.expected.size).toBeGreaterThan(ALERTS_PER_TENANT * 0.9);
      versions += published.length;
      faults += day.world.log.events.filter(([event]) => event === 'event.failed').length;
    }
    expect(versions).toBeGreaterThan(20_000);
    expect(faults).toBeGreaterThan(100);
  }, 120_000);
});
