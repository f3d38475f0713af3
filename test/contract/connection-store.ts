import { expect, it } from 'vitest';
import type { ConnectionStore, LeaseRequest, TokenCommit } from '../../functions/core/connections/store.ts';
import { tokenFingerprint } from '../../functions/core/connections/fingerprint.ts';
import { ConflictError } from '../../functions/core/errors.ts';
import { eventId, type OutboxRow } from '../../functions/core/events.ts';
import { eventually } from '../support/aws-endpoint.ts';

const now = new Date('2026-03-01T12:00:00Z');
const inMs = (ms: number) => new Date(now.getTime() + ms);
const bytes = (...values: number[]) => new Uint8Array(values);

let counter = 0;
const unique = () => `contract-${process.pid}-${Date.now()}-${(counter += 1)}`;

const row = (name: string, id: string): OutboxRow => ({
  topic: 'events',
  order: now.getTime(),
  event: {
    id: eventId(name, id),
    type: 'steward.connection.resumed',
    source: `/steward/test/${name}`,
    subject: `connection/${name}`,
    time: now,
    summary: 'late',
    data: {},
  },
});

/**
 * What every ConnectionStore promises. Run against each implementation.
 *
 * @param rowsOf what stands in the outbox beside the store
 */
export function itIsAConnectionStore<S extends ConnectionStore>(
  create: () => S,
  rowsOf: (store: S) => Promise<readonly OutboxRow[]>,
): void {
  const configuration = {
    provider: 'acme',
    grant: 'client-credentials',
    settings: { region: 'EU' },
    secret: { name: 'acme', key: 'one' },
    budgetAccount: 'acme-account',
  } as const;

  const configured = async (overrides: { grant?: 'authorization-code' } = {}) => {
    const store = create();
    const name = unique();
    await store.configure(name, { ...configuration, ...overrides }, now);
    return { store, name };
  };
  const leaseOf = (name: string, stored: string | undefined, overrides: Partial<LeaseRequest> = {}): LeaseRequest => ({
    name,
    owner: 'worker-1',
    attempt: 'a'.repeat(32),
    kind: 'refresh',
    spends: stored ?? 'x',
    stored: stored ?? null,
    until: inMs(90_000),
    now,
    healths: ['connected', 'pending', 'suspect'],
    whenDue: true,
    ...overrides,
  });
  const commitOf = (name: string, spent: string, generation: number, overrides: Partial<TokenCommit> = {}) => ({
    name,
    provider: 'acme',
    attempt: 'a'.repeat(32),
    spent,
    generation,
    fingerprint: tokenFingerprint(`t${generation}`),
    access: { sealed: bytes(1, 2, generation), issuedAt: now, expiresAt: inMs(3_600_000) },
    refresh: { sealed: bytes(3, 4, generation), issuedAt: now, expiresAt: inMs(9_000_000) },
    health: 'connected' as const,
    nextRefreshAt: inMs(2_700_000),
    rejections: 0,
    resolves: ['a'.repeat(32)],
    releasesLease: true,
    ...overrides,
  });

  it('finds nothing for a name it has not seen, and its high water is 0', async () => {
    const store = create();
    expect(await store.find(unique())).toBeUndefined();
    expect(await store.highWater(unique())).toBe(0);
  });

  it('creates a connection of client credentials due at once, and one that needs consent not at all', async () => {
    const { store, name } = await configured();
    const created = await store.find(name);
    expect(created).toMatchObject({
      name,
      provider: 'acme',
      settings: { region: 'EU' },
      secret: { name: 'acme', key: 'one' },
      health: 'pending',
      paused: false,
      generation: 0,
      attempts: [],
      failures: 0,
    });
    expect(created?.nextRefreshAt).toEqual(now);
    const other = await configured({ grant: 'authorization-code' });
    const pending = await other.store.find(other.name);
    expect(pending?.nextRefreshAt).toBeUndefined();
    expect(pending?.fingerprint).toBeUndefined();
  });

  it('configures again without touching tokens, and says whether anything differed', async () => {
    const { store, name } = await configured();
    const before = await store.find(name);
    const spent = before?.fingerprint ?? '';
    await store.lease(leaseOf(name, spent));
    await store.commit(commitOf(name, spent, 1), [], now);
    expect(await store.configure(name, configuration, inMs(1))).toBe('unchanged');
    expect(await store.configure(name, { ...configuration, settings: { region: 'NA' } }, inMs(5))).toBe('updated');
    const after = await store.find(name);
    expect(after).toMatchObject({ generation: 1, settings: { region: 'NA' }, health: 'connected' });
    expect(after?.access?.sealed).toEqual(bytes(1, 2, 1));
    expect(after?.nextRefreshAt).toEqual(inMs(5));
    await expect(store.configure(name, { ...configuration, provider: 'other' }, now)).rejects.toThrow(ConflictError);
  });

  it('leases once, with the intent in the item that the write returns', async () => {
    const { store, name } = await configured();
    const spent = (await store.find(name))?.fingerprint;
    const leased = await store.lease(leaseOf(name, spent));
    expect(leased?.lease).toEqual({ owner: 'worker-1', attempt: 'a'.repeat(32), until: inMs(90_000) });
    expect(leased?.attempts).toEqual([{ id: 'a'.repeat(32), fingerprint: spent, startedAt: now, kind: 'refresh' }]);
    expect(await store.lease(leaseOf(name, spent, { attempt: 'b'.repeat(32) }))).toBeUndefined();
  });

  it('leases again when the lease is over, and keeps the dead attempt', async () => {
    const { store, name } = await configured();
    const spent = (await store.find(name))?.fingerprint;
    await store.lease(leaseOf(name, spent));
    const late = { now: inMs(90_000), until: inMs(180_000), attempt: 'b'.repeat(32) };
    expect(await store.lease(leaseOf(name, spent, { ...late, now: inMs(89_999) }))).toBeUndefined();
    const leased = await store.lease(leaseOf(name, spent, late));
    expect(leased?.attempts.map(({ id }) => id)).toEqual(['a'.repeat(32), 'b'.repeat(32)]);
  });

  it('R33: leases for a rejected access token, but not before the wait after a failure is over', async () => {
    const { store, name } = await configured();
    const spent = (await store.find(name))?.fingerprint;
    await store.reject(name, 0);
    await store.change(name, {}, { nextRefreshAt: inMs(60_000), failures: 1 }, [], now);
    expect(await store.lease(leaseOf(name, spent))).toBeUndefined();
    await store.change(name, {}, { failures: 0, refusedFingerprint: spent ?? '' }, [], now);
    expect(await store.lease(leaseOf(name, spent))).toBeUndefined();
    await store.change(name, {}, { refusedFingerprint: null }, [], now);
    expect(await store.lease(leaseOf(name, spent))).toBeDefined();
  });

  it('refuses a lease for another fingerprint, a health that does not allow it, and what is not due', async () => {
    const { store, name } = await configured();
    const spent = (await store.find(name))?.fingerprint;
    expect(await store.lease(leaseOf(name, 'other'))).toBeUndefined();
    expect(await store.lease(leaseOf(name, spent, { stored: null }))).toBeUndefined();
    expect(await store.lease(leaseOf(name, spent, { healths: ['connected'] }))).toBeUndefined();
    expect(await store.lease(leaseOf(name, spent, { now: inMs(-1) }))).toBeUndefined();
    expect(await store.lease(leaseOf(unique(), undefined))).toBeUndefined();
    expect((await store.find(name))?.attempts).toEqual([]);
  });

  it('leases before it is due when a rejection of the stored generation asks for it', async () => {
    const { store, name } = await configured();
    const spent = (await store.find(name))?.fingerprint;
    await store.reject(name, 7);
    expect(await store.lease(leaseOf(name, spent, { now: inMs(-1) }))).toBeUndefined();
    await store.reject(name, 0);
    expect((await store.find(name))?.rejectedGeneration).toBe(0);
    expect(await store.lease(leaseOf(name, spent, { now: inMs(-1) }))).toBeDefined();
  });

  it('keeps attempts in the order in which they began, whatever their ids', async () => {
    const { store, name } = await configured();
    const spent = (await store.find(name))?.fingerprint;
    const ids = ['m', 'z', 'a', 'q'].map((letter) => letter.repeat(32));
    for (const [turn, attempt] of ids.entries()) {
      const until = inMs((turn + 1) * 90_000);
      await store.lease(leaseOf(name, spent, { attempt, now: inMs(turn * 90_000), until }));
    }
    expect((await store.find(name))?.attempts.map(({ id }) => id)).toEqual(ids);
  });

  it('forgets dead attempts that the lease names', async () => {
    const { store, name } = await configured();
    const spent = (await store.find(name))?.fingerprint;
    await store.lease(leaseOf(name, spent));
    const leased = await store.lease(
      leaseOf(name, spent, { now: inMs(90_000), attempt: 'c'.repeat(32), forgets: ['a'.repeat(32)] }),
    );
    expect(leased?.attempts.map(({ id }) => id)).toEqual(['c'.repeat(32)]);
  });

  it('commits on the consumed token: tokens, generation and events at once', async () => {
    const { store, name } = await configured();
    const spent = (await store.find(name))?.fingerprint ?? '';
    await store.lease(leaseOf(name, spent));
    await store.reject(name, 0);
    expect(await store.commit(commitOf(name, spent, 1), [row(name, 'e1')], now)).toEqual({ kind: 'committed' });
    const after = await store.find(name);
    expect(after).toMatchObject({ generation: 1, health: 'connected', attempts: [], committedAttempt: 'a'.repeat(32) });
    expect(after?.lease).toBeUndefined();
    expect(after?.rejectedGeneration).toBeUndefined();
    expect(after?.refresh?.sealed).toEqual(bytes(3, 4, 1));
    expect(after?.access?.expiresAt).toEqual(inMs(3_600_000));
  });

  it('tells with each commit, change and disconnect what it means, and nothing where a condition refuses', async () => {
    const { store, name } = await configured();
    const spent = (await store.find(name))?.fingerprint ?? '';
    const told = async () => {
      const ids = (await rowsOf(store)).map(({ event }) => event.id);
      return ['committed', 'changed', 'gone', 'refused'].filter((what) => ids.includes(eventId(name, what)));
    };
    const other = { ...commitOf(name, 'other', 1), attempt: 'b'.repeat(32) };
    expect((await store.commit(other, [row(name, 'refused')], now)).kind).toBe('superseded');
    expect(await store.change(name, { generation: 4 }, { failures: 9 }, [row(name, 'refused')], now)).toBe(false);
    expect(await told()).toEqual([]);
    await store.commit(commitOf(name, spent, 1), [row(name, 'committed')], now);
    expect(await told()).toEqual(['committed']);
    await store.change(name, {}, { failures: 1 }, [row(name, 'changed')], now);
    expect(await told()).toEqual(['committed', 'changed']);
    await store.disconnect(name, [row(name, 'gone')], now);
    expect(await told()).toEqual(['committed', 'changed', 'gone']);
  });

  it('I10: keeps what a refresh token that stays was warned of, and what it is sealed for', async () => {
    const { store, name } = await configured();
    const spent = (await store.find(name))?.fingerprint ?? '';
    const first = commitOf(name, spent, 1);
    const kept = { ...first.refresh, generation: 1 };
    await store.commit({ ...first, generation: 2, refresh: kept, warnedDays: [7, 3] }, [], now);
    expect(await store.find(name)).toMatchObject({ generation: 2, refresh: kept, warnedDays: [7, 3] });
    await store.commit(commitOf(name, first.fingerprint, 3), [], now);
    const after = await store.find(name);
    expect(after).toMatchObject({ generation: 3, warnedDays: [] });
    expect(after?.refresh).toEqual(commitOf(name, '', 3).refresh);
  });

  it('I4: raises the high water by a write of its own, and never lets it fall', async () => {
    const { store, name } = await configured();
    const spent = (await store.find(name))?.fingerprint ?? '';
    await store.commit(commitOf(name, spent, 1), [], now);
    expect(await store.highWater(name)).toBe(0);
    await store.raiseHighWater(name, 4);
    await store.raiseHighWater(name, 3);
    await store.raiseHighWater(name, 4);
    expect(await store.highWater(name)).toBe(4);
  });

  it('R20: takes its own earlier success for success, and anybody else’s for what stands in the way', async () => {
    const { store, name } = await configured();
    const spent = (await store.find(name))?.fingerprint ?? '';
    await store.commit(commitOf(name, spent, 1), [], now);
    expect(await store.commit(commitOf(name, spent, 1), [], now)).toEqual({ kind: 'committed' });
    const late = await store.commit(commitOf(name, spent, 1, { attempt: 'b'.repeat(32) }), [], now);
    expect(late).toMatchObject({ kind: 'superseded', current: { generation: 1, committedAttempt: 'a'.repeat(32) } });
  });

  it('R18: commits without the lease, and leaves another’s lease alone', async () => {
    const { store, name } = await configured();
    const spent = (await store.find(name))?.fingerprint ?? '';
    await store.lease(leaseOf(name, spent, { attempt: 'b'.repeat(32) }));
    const outcome = await store.commit(commitOf(name, spent, 1, { releasesLease: false }), [], now);
    expect(outcome.kind).toBe('committed');
    const after = await store.find(name);
    expect(after?.lease?.attempt).toBe('b'.repeat(32));
    expect(after?.attempts.map(({ id }) => id)).toEqual(['b'.repeat(32)]);
  });

  it('I4: never commits a generation that was committed before', async () => {
    const { store, name } = await configured();
    const spent = (await store.find(name))?.fingerprint ?? '';
    await store.commit(commitOf(name, spent, 3), [], now);
    const stored = tokenFingerprint('t3');
    const again = commitOf(name, stored, 3, { attempt: 'd'.repeat(32) });
    await expect(store.commit(again, [], now)).rejects.toThrow(ConflictError);
    await expect(store.commit({ ...again, generation: 2 }, [row(name, 'e9')], now)).rejects.toThrow(ConflictError);
    expect((await store.find(name))?.committedAttempt).toBe('a'.repeat(32));
  });

  it('completes a consent over any token that it has seen, and over none that it has not', async () => {
    const { store, name } = await configured({ grant: 'authorization-code' });
    const authorization = {
      stateHash: `s${name}`,
      ticketHash: `t${name}`,
      authorizedAt: now,
      authorizedBy: 'Kim',
      replacesGeneration: 0,
    };
    const consent = commitOf(name, 'auth', 1, { authorization });
    expect((await store.commit(consent, [], now)).kind).toBe('superseded'); // no attempt of ours: disconnected meanwhile
    const request = leaseOf(name, undefined, { kind: 'authorization', spends: 'auth', dueAt: inMs(90_000) });
    const { whenDue: _whenDue, stored: _stored, ...always } = request;
    expect((await store.lease(always))?.nextRefreshAt).toEqual(inMs(90_000));
    const blind = { ...consent, authorization: { ...authorization, replacesGeneration: 5 } };
    expect((await store.commit(blind, [], now)).kind).toBe('superseded');
    expect((await store.commit(consent, [], now)).kind).toBe('committed');
    expect(await store.find(name)).toMatchObject({ authorizedBy: 'Kim', authorizedAt: now, health: 'connected' });
  });

  it('changes under conditions, and tells when one refuses', async () => {
    const { store, name } = await configured();
    const spent = (await store.find(name))?.fingerprint ?? '';
    await store.lease(leaseOf(name, spent));
    const attempt = 'a'.repeat(32);
    const failed = { code: 'X', message: 'x', at: now };
    expect(await store.change(name, { attempt: 'zz' }, { failures: 9 }, [], now)).toBe(false);
    expect(await store.change(name, { fingerprint: 'zz' }, { failures: 9 }, [], now)).toBe(false);
    expect(await store.change(name, { generation: 4 }, { failures: 9 }, [], now)).toBe(false);
    expect(await store.change(name, { rejectedGeneration: 0 }, { failures: 9 }, [], now)).toBe(false);
    expect(await store.change(name, { unleasedAt: inMs(1) }, { failures: 9 }, [], now)).toBe(false);
    const schedule = (await store.find(name))?.nextRefreshAt ?? null;
    const others = schedule === null ? [inMs(5)] : [null, new Date(schedule.getTime() + 1)];
    for (const nextRefreshAt of others) {
      expect(await store.change(name, { nextRefreshAt }, { failures: 9 }, [], now)).toBe(false);
    }
    expect(await store.change(name, { nextRefreshAt: schedule }, { failures: 0 }, [], now)).toBe(true);
    expect(await store.change(unique(), {}, { failures: 9 }, [], now)).toBe(false);
    const change = {
      failures: 1,
      lastError: failed,
      nextRefreshAt: inMs(60_000),
      warnedDays: [7],
      releasesLease: true,
      resolves: [attempt],
    };
    const condition = { attempt, fingerprint: spent, generation: 0 };
    expect(await store.change(name, condition, change, [row(name, 'e2')], now)).toBe(true);
    const after = await store.find(name);
    expect(after).toMatchObject({ failures: 1, lastError: failed, warnedDays: [7], attempts: [] });
    expect(after?.nextRefreshAt).toEqual(inMs(60_000));
    expect(after?.lease).toBeUndefined();
    expect(await store.change(name, {}, { nextRefreshAt: null, lastError: null, health: 'suspect' }, [], now)).toBe(
      true,
    );
    const last = await store.find(name);
    expect(last?.nextRefreshAt).toBeUndefined();
    expect(await store.change(name, { nextRefreshAt: inMs(60_000) }, { failures: 9 }, [], now)).toBe(false);
    expect(await store.change(name, { nextRefreshAt: null }, { failures: 1 }, [], now)).toBe(true);
    expect(last?.lastError).toBeUndefined();
    expect(last?.health).toBe('suspect');
  });

  it('lists what is due, oldest first, and what was rejected', async () => {
    const store = create();
    const names = [unique(), unique(), unique()];
    for (const [index, name] of names.entries()) await store.configure(name, configuration, inMs(-index * 1000));
    const shardOf = new Map<string, string>();
    for (const name of names) shardOf.set(name, (await store.find(name))?.shard ?? '');
    const shards = new Set(shardOf.values());
    await eventually(async () => {
      for (const shard of shards) {
        const due: string[] = [];
        let next: string | undefined;
        do {
          const page = await store.due(shard, now, next);
          due.push(...page.names.filter((name) => names.includes(name)));
          next = page.next;
        } while (next !== undefined);
        expect(due).toEqual(names.toReversed().filter((name) => shardOf.get(name) === shard));
      }
    });
    const early = await store.due([...shards][0] ?? '', inMs(-60_000));
    expect(early.names.filter((name) => names.includes(name))).toEqual([]);
    await store.reject(names[1] ?? '', 0);
    const shard = (await store.find(names[1] ?? ''))?.shard ?? '';
    await eventually(async () => {
      const found: string[] = [];
      let next: string | undefined;
      do {
        const page = await store.rejected(shard, next);
        found.push(...page.names);
        next = page.next;
      } while (next !== undefined);
      expect(found).toContain(names[1]);
    });
    expect((await store.list()).map(({ name }) => name)).toEqual(expect.arrayContaining(names));
  });

  it('R16: disconnects by forgetting tokens, so that a commit under way finds nothing to replace', async () => {
    const { store, name } = await configured();
    const spent = (await store.find(name))?.fingerprint ?? '';
    await store.lease(leaseOf(name, spent));
    expect(await store.disconnect(name, [row(name, 'e3')], now)).toBe(true);
    expect((await store.commit(commitOf(name, spent, 1), [], now)).kind).toBe('superseded');
    const after = await store.find(name);
    expect(after).toMatchObject({ health: 'disconnected', attempts: [], settings: { region: 'EU' } });
    for (const member of ['access', 'refresh', 'fingerprint', 'lease', 'nextRefreshAt'] as const) {
      expect(after?.[member]).toBeUndefined();
    }
    expect(await store.disconnect(unique(), [], now)).toBe(false);
    expect(await store.reopen(name, 'client-credentials', inMs(3))).toBe(true);
    expect(await store.reopen(name, 'client-credentials', inMs(3))).toBe(false);
    expect(await store.find(name)).toMatchObject({ health: 'pending', nextRefreshAt: inMs(3), fingerprint: spent });
  });
}
