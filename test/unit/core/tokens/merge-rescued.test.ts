import { describe, expect, it } from 'vitest';
import type { Connection, SealPurpose, UnresolvedAttempt } from '../../../../functions/core/connections/connection.ts';
import { tokenFingerprint } from '../../../../functions/core/connections/fingerprint.ts';
import type { TokenCommit } from '../../../../functions/core/connections/store.ts';
import { StoreUnavailableError } from '../../../../functions/core/errors.ts';
import { createSealer } from '../../../../functions/core/sealing/sealer.ts';
import { HOUR_MS } from '../../../../functions/core/time.ts';
import { createRefresh } from '../../../../functions/core/tokens/refresh.ts';
import { rescueFromText, rescueText } from '../../../../functions/core/tokens/rescue.ts';
import { LEASE_MS } from '../../../../functions/core/tokens/timing.ts';
import { createTokenWorld, type TokenWorld } from '../../../support/token-world.ts';

const down = async () => {
  throw new StoreUnavailableError('down');
};
const itemOf = (world: TokenWorld, name = 'c1') => world.connections.items.get(name) as Connection;
const patch = (world: TokenWorld, change: Partial<Connection>, name = 'c1') =>
  void world.connections.items.set(name, { ...itemOf(world, name), ...change });
const refresh = (world: TokenWorld, name = 'c1') => createRefresh(world.dependenciesOf())(name, world.deadline());
const inMs = (world: TokenWorld, ms: number) => new Date(world.clock.now().getTime() + ms);
const sealerOf = ({ keys, clock, random }: TokenWorld) => createSealer({ keys: keys.port, clock, random });

/** What a token of the item says, opened for the generation that the item is of. */
async function opened(world: TokenWorld, purpose: 'access' | 'refresh', name = 'c1') {
  const { provider, generation, ...item } = itemOf(world, name);
  const sealed = item[purpose]?.sealed ?? new Uint8Array();
  return sealerOf(world).open(sealed, { provider, connection: name, purpose, generation });
}

/** A connection whose last refresh was bought, spilled, and whose holder is dead. */
async function spilled(name = 'c1') {
  const world = createTokenWorld();
  await (name === 'c1' ? world.addConnected(name) : world.addClient(name));
  const { commit } = world.connections;
  world.connections.commit = down;
  expect((await refresh(world, name)).outcome).toBe('spilled');
  world.connections.commit = commit;
  world.clock.advance(LEASE_MS);
  return world;
}

/** A consent that was given and could not be stored, as its dead holder left it. */
async function leaveConsent(world: TokenWorld, id: string, ageMs: number): Promise<TokenCommit> {
  const purposes: SealPurpose[] = ['access', 'refresh'];
  const seal = await sealerOf(world).prepare(purposes);
  const context = { provider: 'acme', connection: 'c1', generation: 2 };
  const times = { issuedAt: inMs(world, -ageMs), expiresAt: inMs(world, HOUR_MS) };
  const refreshToken = world.endpoint.issueRefreshToken(id);
  const commit: TokenCommit = {
    name: 'c1',
    provider: 'acme',
    attempt: id,
    spent: `consent-${id}`,
    generation: 2,
    fingerprint: tokenFingerprint(refreshToken),
    access: { sealed: seal(`canary-access-${id}`, { ...context, purpose: 'access' }), ...times },
    refresh: { sealed: seal(refreshToken, { ...context, purpose: 'refresh' }), ...times },
    health: 'connected',
    nextRefreshAt: times.expiresAt,
    rejections: 0,
    resolves: [id],
    releasesLease: true,
    authorization: {
      stateHash: `state-${id}`,
      ticketHash: `ticket-${id}`,
      authorizedBy: id,
      authorizedAt: times.issuedAt,
      replacesGeneration: 0,
    },
  };
  const attempt: UnresolvedAttempt = {
    id,
    kind: 'authorization',
    fingerprint: commit.spent,
    startedAt: times.issuedAt,
  };
  patch(world, { attempts: [...itemOf(world).attempts, attempt] });
  await world.rescue.put('c1', commit.spent, rescueText(commit));
  return commit;
}

describe('a token set of a dead holder', () => {
  it('R21: is told, with its cause, and stored as it was sealed where its generation is still the next one', async () => {
    const world = await spilled();
    const [text = ''] = world.rescued.values();
    const { access, refresh: token } = rescueFromText(text);
    expect((await refresh(world)).outcome).toBe('merged');
    expect(itemOf(world)).toMatchObject({ generation: 2, access, refresh: token });
    expect(world.connections.outbox.map(({ event }) => event)).toMatchObject([
      { type: 'steward.connection.restored', data: { cause: 'rescued' } },
    ]);
    expect(world.connections.completed).toEqual([]);
  });

  it('R21: lies in the bucket until it is stored, whenever somebody dies', async () => {
    const world = await spilled();
    const { commit } = world.connections;
    const lying: number[] = [];
    world.connections.commit = async (...given) => {
      lying.push(world.rescued.size);
      const outcome = await commit(...given);
      lying.push(world.rescued.size);
      return outcome;
    };
    expect((await refresh(world)).outcome).toBe('merged');
    expect(lying).toEqual([1, 1]);
    expect(world.rescued.size).toBe(0);
  });

  it('R21: is sealed anew where its generation is gone, a secret’s access alone', async () => {
    const world = await spilled('o1');
    world.connections.highWaters.set('o1', 5);
    const [text = ''] = world.rescued.values();
    const { issuedAt, expiresAt } = rescueFromText(text).access;
    expect((await refresh(world, 'o1')).outcome).toBe('merged');
    expect(itemOf(world, 'o1')).toMatchObject({ generation: 6, access: { issuedAt, expiresAt } });
    expect(itemOf(world, 'o1').refresh).toBeUndefined();
    expect(await opened(world, 'access', 'o1')).toMatch(/^canary-access-/);
    expect(world.endpoint.presented).toHaveLength(1);
  });

  it('R21: is sealed anew with both of its tokens', async () => {
    const world = await spilled();
    patch(world, { generation: 7 });
    world.connections.highWaters.set('c1', 7);
    expect((await refresh(world)).outcome).toBe('merged');
    expect(await opened(world, 'access')).toMatch(/^canary-access-/);
    expect(await opened(world, 'refresh')).toBe(world.endpoint.liveToken('c1'));
  });

  it('R21: that does not open takes no place of one that does', async () => {
    for (const name of ['c1', 'o1']) {
      const world = await spilled(name);
      const [[key, text] = ['', '']] = world.rescued;
      const set = rescueFromText(text);
      world.rescued.set(key, rescueText({ ...set, access: { ...set.access, sealed: new Uint8Array(99) } }));
      const { generation } = itemOf(world, name);
      await expect(refresh(world, name)).rejects.toThrow(/seal|open/i);
      expect(itemOf(world, name)).toMatchObject({ generation, lastError: { code: 'SEAL_BROKEN' } });
    }
  });

  it('R15: is dropped where something newer was stored since, and the newer token is spent', async () => {
    const world = await spilled();
    const newer = world.endpoint.issueRefreshToken('newer');
    const seal = await sealerOf(world).prepare(['refresh']);
    const context = { provider: 'acme', connection: 'c1', purpose: 'refresh', generation: 1 } as const;
    const { refresh: before } = itemOf(world);
    patch(world, {
      fingerprint: tokenFingerprint(newer),
      ...(before && { refresh: { ...before, sealed: seal(newer, context) } }),
    });
    expect((await refresh(world)).outcome).toBe('refreshed');
    expect(world.endpoint.presented.at(-1)).toBe(newer);
    expect(world.rescued.size).toBe(0);
    expect(world.eventTypes()).not.toContain('authorized');
  });

  it('R21: stays in the bucket until it is stored', async () => {
    const world = await spilled();
    const { commit } = world.connections;
    world.connections.commit = down;
    expect((await refresh(world)).outcome).toBe('merged');
    expect(world.rescued.size).toBe(1);
    world.connections.commit = commit;
    world.clock.advance(LEASE_MS);
    expect((await refresh(world)).outcome).toBe('merged');
    expect(itemOf(world)).toMatchObject({ generation: 2, health: 'connected', attempts: [] });
    expect(world.rescued.size).toBe(0);
  });

  it('R21: a bug in its removal is not hidden', async () => {
    const world = await spilled();
    world.rescue.remove = async () => {
      throw new TypeError('a bug');
    };
    await expect(refresh(world)).rejects.toThrow(TypeError);
  });

  it.each([
    [LEASE_MS, 'other'],
    [LEASE_MS - 1, undefined],
  ])('R18: whose merge takes %i ms gives back no lease but its own', async (tookMs, holder) => {
    const world = await spilled();
    const { find } = world.rescue;
    world.rescue.find = async (...given) => {
      world.clock.advance(tookMs);
      patch(world, { lease: { owner: 'other', attempt: 'other', until: inMs(world, LEASE_MS) } });
      return find(...given);
    };
    const once = createRefresh(world.dependenciesOf());
    expect((await once('c1', { remainingMs: () => 55_000 })).outcome).toBe('merged');
    expect(itemOf(world).lease?.attempt).toBe(holder);
  });
});

describe('a consent of a dead holder', () => {
  it('R21: comes before a refresh, though an older one, for the generation that stands', async () => {
    const world = await spilled();
    const consent = await leaveConsent(world, 'kim', HOUR_MS);
    expect((await refresh(world)).outcome).toBe('merged');
    expect(itemOf(world)).toMatchObject({ fingerprint: consent.fingerprint, authorizedBy: 'kim', attempts: [] });
    expect(world.eventTypes()).toEqual(['authorized']);
    expect(world.connections.completed).toEqual([{ stateHash: 'state-kim', ticketHash: 'ticket-kim' }]);
  });

  it.each([
    ['first', [2000, 1000]],
    ['last', [1000, 2000]],
  ])('R21: is the last one of several, whether the older was noted %s', async (_which, [lee = 0, kim = 0]) => {
    const world = createTokenWorld();
    await world.addConnected('c1', { health: 'reauthorization-required' });
    await leaveConsent(world, 'lee', lee);
    await leaveConsent(world, 'kim', kim);
    expect((await refresh(world)).outcome).toBe('merged');
    expect(itemOf(world).authorizedBy).toBe(lee < kim ? 'lee' : 'kim');
    expect(itemOf(world).attempts).toEqual([]);
  });
});
