import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../../../functions/core/alerts/fingerprint.ts';
import { recordAlerts } from '../../../../functions/core/alerts/record.ts';
import { COMMIT_LIMIT } from '../../../../functions/core/alerts/store.ts';
import {
  BudgetExhaustedError,
  ConflictError,
  ProviderRefusedError,
  StoreUnavailableError,
} from '../../../../functions/core/errors.ts';
import { alertWorld, AMPLE, anAlert, NOON } from '../../../support/alert-world.ts';

const look = (pass: number) => ({ pass: NOON.getTime() + pass, bornAt: NOON });

function setUp() {
  const world = alertWorld({ mode: 'feed' });
  const options = { job: world.job, baseline: false, allowance: 1000, deadline: AMPLE };
  const record = (pass: number, ...alerts: Parameters<typeof recordAlerts>[2]) =>
    recordAlerts(world.dependencies, { ...options, look: look(pass) }, alerts);
  return { world, options, record };
}

describe('recording alerts', () => {
  it('A20: an older pass never writes over what a newer one recorded', async () => {
    const { world, record } = setUp();
    await record(1, anAlert('a'));
    await record(5, anAlert('a', { severity: 'critical' }));
    const late = await record(3, anAlert('a'));
    expect(late.counts).toEqual({ opened: 0, changed: 0, resolved: 0 });
    expect(world.state.heads.get('watch|a')).toMatchObject({ version: 2, severity: 'critical' });
  });

  it('A20: of two passes at once one records a version, and the other finds it recorded', async () => {
    const { world, record } = setUp();
    await Promise.all([record(1, anAlert('a')), record(2, anAlert('a'))]);
    expect(world.news()).toEqual(['watch/a opened 1']);
  });

  it('A20: compares again where another pass came between, and records what is still news', async () => {
    const { world, record, options } = setUp();
    await record(1, anAlert('a'), anAlert('b'));
    const commit = world.store.commit.bind(world.store);
    let raced = false;
    const store = {
      ...world.store,
      async commit(...args: Parameters<typeof commit>) {
        if (!raced) {
          raced = true;
          await record(2, anAlert('a', { state: 'acknowledged' }));
        }
        return commit(...args);
      },
    };
    const result = await recordAlerts({ ...world.dependencies, store }, { ...options, look: look(3) }, [
      anAlert('a', { severity: 'low' }),
      anAlert('b', { severity: 'low' }),
    ]);
    expect(result.counts.changed).toBe(2);
    expect(world.news()).toEqual([
      'watch/a opened 1',
      'watch/b opened 1',
      'watch/a changed 2',
      'watch/a changed 3',
      'watch/b changed 2',
    ]);
  });

  it('announces a storm before it records what the digest speaks for', async () => {
    const { world, options } = setUp();
    const { announce, commit } = world.store;
    const steps: string[] = [];
    const store: typeof world.store = {
      ...world.store,
      announce: async (...given) => {
        steps.push('announce');
        await announce(...given);
      },
      commit: async (...given) => {
        steps.push(given[1].some(({ digested }) => digested) ? 'digested' : 'single');
        await commit(...given);
      },
    };
    const alerts = [anAlert('a'), anAlert('b'), anAlert('c')];
    await recordAlerts({ ...world.dependencies, store }, { ...options, allowance: 1, look: look(1) }, alerts);
    expect(steps).toEqual(['announce', 'single', 'digested']);
  });

  it('A01: a commit whose reply was lost is found done, not repeated', async () => {
    const { world, options } = setUp();
    const commit = world.store.commit.bind(world.store);
    let lost = false;
    const store = {
      ...world.store,
      async commit(...args: Parameters<typeof commit>) {
        await commit(...args);
        if (!lost) {
          lost = true;
          throw new ConflictError('the retry of the client met its own write');
        }
      },
    };
    await recordAlerts({ ...world.dependencies, store }, { ...options, look: look(1) }, [anAlert('a'), anAlert('b')]);
    expect(world.news()).toEqual(['watch/a opened 1', 'watch/b opened 1']);
  });

  it('A01: passes a store that is down on, and the next pass records the same versions', async () => {
    const { world, options, record } = setUp();
    const store = { ...world.store, commit: async () => Promise.reject(new StoreUnavailableError('down')) };
    await expect(
      recordAlerts({ ...world.dependencies, store }, { ...options, look: look(1) }, [anAlert('a')]),
    ).rejects.toThrow(StoreUnavailableError);
    await record(2, anAlert('a'));
    expect(world.news()).toEqual(['watch/a opened 1']);
  });

  it('adds details to what is new and will be read, and to nothing else', async () => {
    const { world, options } = setUp();
    const asked: string[] = [];
    const enrich = async (alert: ReturnType<typeof anAlert>) => {
      asked.push(alert.id);
      return { ...alert, severity: 'info' as const, details: { endpoints: 3 } };
    };
    const all = [anAlert('a'), anAlert('b', { severity: 'low' })];
    await recordAlerts(world.dependencies, { ...options, enrich, allowance: 1, look: look(1) }, all);
    await recordAlerts(world.dependencies, { ...options, enrich, look: look(2) }, all);
    expect(asked).toEqual(['a']);
    const [opened] = world.rows().filter(({ event }) => event.subject === 'watch/a');
    expect(opened?.event.data).toMatchObject({ alert: { severity: 'high', details: { endpoints: 3 } } });
    expect(world.state.heads.get('watch|a')?.fingerprint).toBe(fingerprintOf(anAlert('a')));
  });

  it('holds no alert back because its details cannot be had', async () => {
    const { world, options } = setUp();
    let asked = 0;
    const enrich = async () => {
      asked += 1;
      return Promise.reject(new BudgetExhaustedError('none left', 1));
    };
    await recordAlerts(world.dependencies, { ...options, enrich, look: look(1) }, [anAlert('a'), anAlert('b')]);
    expect(asked).toBe(1);
    expect(world.news()).toHaveLength(2);
  });

  it('ends when the time does, and leaves the rest to the next pass', async () => {
    const { world, options, record } = setUp();
    let remaining = 60;
    const deadline = { remainingMs: () => (remaining -= 1) * 1000 };
    const alerts = Array.from({ length: 200 }, (_, n) => anAlert(`a${n}`));
    const first = await recordAlerts(world.dependencies, { ...options, deadline, look: look(1) }, alerts);
    expect(first.complete).toBe(false);
    expect(first.counts.opened).toBe(57);
    expect((await record(2, ...alerts)).counts.opened).toBe(143);
    expect(new Set(world.news()).size).toBe(200);
  });
});

describe('transactions', () => {
  /** Notes how many changes each commit has, and lets a test refuse one. */
  function committing(refuse: (commits: number) => Error | undefined = () => undefined) {
    const { world, options } = setUp();
    const sizes: number[] = [];
    const store = {
      ...world.store,
      async commit(...args: Parameters<typeof world.store.commit>) {
        sizes.push(args[1].length);
        const error = refuse(sizes.length);
        if (error !== undefined) throw error;
        return world.store.commit(...args);
      },
    };
    const record = (
      alerts: Parameters<typeof recordAlerts>[2],
      more: Partial<Parameters<typeof recordAlerts>[1]> = {},
    ) => recordAlerts({ ...world.dependencies, store }, { ...options, look: look(1), ...more }, alerts);
    return { world, record, sizes };
  }
  const many = (count: number, change: Parameters<typeof anAlert>[1] = {}) =>
    Array.from({ length: count }, (_, n) => anAlert(`a${n}`, change));

  it('are as full as they may be, and none is empty', async () => {
    const { record, sizes } = committing();
    await record(many(COMMIT_LIMIT * 2 + 1));
    expect(sizes).toEqual([COMMIT_LIMIT, COMMIT_LIMIT, 1]);
    await record(many(COMMIT_LIMIT));
    expect(sizes).toHaveLength(3);
  });

  it('A06: stay under the size that DynamoDB takes', async () => {
    const { record, sizes, world } = committing();
    await record(many(COMMIT_LIMIT, { details: { text: 'x'.repeat(90_000) } }));
    expect(sizes).toHaveLength(2);
    const bytes = world.rows().map(({ event }) => Buffer.byteLength(JSON.stringify(event)));
    let from = 0;
    for (const size of sizes) {
      // Beside its event each change has a head and the row's own attributes.
      expect(bytes.slice(from, from + size).reduce((sum, one) => sum + one + 4096, 0)).toBeLessThan(2_500_000);
      from += size;
    }
  });

  it('are full where nothing is told, however large the alerts are', async () => {
    const { record, sizes, world } = committing();
    const recorded = await record(many(30, { details: { text: 'x'.repeat(200_000) } }), { baseline: true });
    expect(sizes).toEqual([30]);
    expect(recorded).toEqual({
      counts: { opened: 30, changed: 0, resolved: 0 },
      single: 0,
      digested: 0,
      complete: true,
    });
    expect(world.rows()).toEqual([]);
  });

  it('A20: are tried three more times where somebody else keeps changing the head, and then given up', async () => {
    const conflict = () => new ConflictError('head');
    const never = committing(conflict);
    await expect(never.record(many(1))).rejects.toThrow(ConflictError);
    expect(never.sizes).toEqual([1, 1, 1, 1]);
    const last = committing((commits) => (commits < 4 ? conflict() : undefined));
    expect((await last.record(many(1))).counts.opened).toBe(1);
    expect(last.world.news()).toEqual(['watch/a0 opened 1']);
  });

  it('A01: are not tried again where the store is down', async () => {
    const { record, sizes } = committing((commits) =>
      commits === 1 ? new ConflictError('head') : new StoreUnavailableError('down'),
    );
    await expect(record(many(1))).rejects.toThrow(StoreUnavailableError);
    expect(sizes).toEqual([1, 1]);
  });
});

describe('asking for details', () => {
  type Enrich = NonNullable<Parameters<typeof recordAlerts>[1]['enrich']>;
  async function asked(
    alerts: Parameters<typeof recordAlerts>[2],
    more: Partial<Parameters<typeof recordAlerts>[1]>,
    answer: Enrich = async (alert) => alert,
  ) {
    const { world, options } = setUp();
    const ids: string[] = [];
    const enrich: Enrich = (alert) => {
      ids.push(alert.id);
      return answer(alert);
    };
    await recordAlerts(world.dependencies, { ...options, look: look(1), ...more, enrich }, alerts);
    return ids;
  }

  it('is left out for what is over and was told of, and for what is taken as known', async () => {
    const { world, options } = setUp();
    const ids: string[] = [];
    const enrich: Enrich = async (alert) => (ids.push(`${alert.id} ${alert.state}`), alert);
    for (const [pass, state] of (['open', 'acknowledged', 'resolved'] as const).entries()) {
      await recordAlerts(world.dependencies, { ...options, enrich, look: look(pass + 1) }, [anAlert('a', { state })]);
    }
    expect(ids).toEqual(['a open', 'a acknowledged']);
    expect(await asked([anAlert('a')], { baseline: true })).toEqual([]);
  });

  it('A17: tells how bad it was what came and went between two passes, and only once', async () => {
    const { world, options } = setUp();
    const details = { closedBy: 'somebody' };
    const enrich: Enrich = async (alert) => ({ ...alert, severity: 'critical', details });
    const seen = [anAlert('a', { state: 'resolved', severity: 'info' })];
    for (const pass of [1, 2]) await recordAlerts(world.dependencies, { ...options, enrich, look: look(pass) }, seen);
    const single = anAlert('a', { state: 'resolved', severity: 'critical' });
    await recordAlerts(world.dependencies, { ...options, enrich, look: look(3) }, [single]);
    expect(world.rows().map(({ event }) => event)).toMatchObject([
      { type: 'steward.alert.resolved', severity: 'critical', data: { alert: { severity: 'critical', details } } },
    ]);
  });

  it('I24: is begun with just the time that it and the commit may take', async () => {
    expect(await asked([anAlert('a')], { deadline: { remainingMs: () => 18_000 } })).toEqual(['a']);
    expect(await asked([anAlert('a')], { deadline: { remainingMs: () => 17_999 } })).toEqual([]);
  });

  it('goes on after an alert of which the provider has none, and stops at what will pass', async () => {
    const both = [anAlert('a'), anAlert('b')];
    const refused = () => Promise.reject(new ProviderRefusedError('gone'));
    expect(await asked(both, {}, refused)).toEqual(['a', 'b']);
    const exhausted = () => Promise.reject(new BudgetExhaustedError('none left', 1));
    expect(await asked(both, {}, exhausted)).toEqual(['a']);
  });

  it('hides no bug', async () => {
    const bug = () => Promise.reject(new TypeError('a bug'));
    await expect(asked([anAlert('a')], {}, bug)).rejects.toThrow(TypeError);
  });
});

describe('a fingerprint', () => {
  it('changes with state, severity and significant fields, and not with their order, stamps or details', () => {
    const alert = anAlert('a', { significant: { x: 1, y: { b: 2, a: 1 } } });
    const same = anAlert('b', { significant: { y: { a: 1, b: 2 }, x: 1 }, details: { z: 1 }, changedAt: new Date(0) });
    expect(fingerprintOf(same)).toBe(fingerprintOf(alert));
    for (const change of [{ state: 'resolved' }, { severity: 'low' }, { significant: { x: 2 } }] as const) {
      expect(fingerprintOf({ ...alert, ...change })).not.toBe(fingerprintOf(alert));
    }
  });

  it('I24 asks for no details that could not be had and recorded in the time that is left', async () => {
    const { world, options } = setUp();
    let asked = 0;
    const enrich = async (alert: ReturnType<typeof anAlert>) => {
      asked += 1;
      return alert;
    };
    const deadline = { remainingMs: () => 12_000 };
    const result = await recordAlerts(world.dependencies, { ...options, deadline, enrich, look: look(1) }, [
      anAlert('a'),
    ]);
    expect([asked, result.single, result.complete]).toEqual([0, 1, true]);
    expect(world.rows()[0]?.event.data).toMatchObject({ alert: { details: { enriched: false } } });
  });
});
