import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../../functions/core/connections/connection.ts';
import { createConnectionAccess } from '../../../../functions/core/connections/connection-access.ts';
import { createConnectionControl } from '../../../../functions/core/connections/connection-control.ts';
import {
  AccessDeniedError,
  AccessTokenRejectedError,
  NotFoundError,
  ReauthorizationRequiredError,
  SealBrokenError,
  StoreUnavailableError,
} from '../../../../functions/core/errors.ts';
import { createTokenWorld } from '../../../support/token-world.ts';

async function setUp(overrides: Partial<Connection> = {}) {
  const world = createTokenWorld();
  await world.addConnected('c1', overrides);
  const { store, sealer, clock } = world.dependenciesOf();
  return { world, access: createConnectionAccess({ store, sealer, clock }) };
}

describe('ConnectionAccess', () => {
  it('opens the access token of a connection', async () => {
    const { access } = await setUp();
    const { accessToken, connection } = await access.open('c1');
    expect(accessToken).toBe('canary-access-first');
    expect(connection.name).toBe('c1');
  });

  it.each<[string, Partial<Connection>, new (...of: never[]) => Error]>([
    ['paused', { paused: true }, AccessDeniedError],
    ['denied access', { health: 'access-denied' }, AccessDeniedError],
    ['in need of a person', { health: 'reauthorization-required' }, ReauthorizationRequiredError],
    ['disconnected', { health: 'disconnected' }, ReauthorizationRequiredError],
    ['rejected already', { rejectedGeneration: 1 }, AccessTokenRejectedError],
    ['swapped', { generation: 2 }, SealBrokenError],
  ])('does not open one that is %s', async (_title, overrides, error) => {
    const { access } = await setUp(overrides);
    await expect(access.open('c1')).rejects.toThrow(error);
  });

  it('finds one without opening it, and asks for a refresh of one whose token was rejected', async () => {
    const { access, world } = await setUp();
    expect(await access.find('c1')).toMatchObject({ name: 'c1', generation: 1 });
    expect(await access.find('nobody')).toBeUndefined();
    await access.reject('c1', 1);
    expect(world.connections.items.get('c1')?.rejectedGeneration).toBe(1);
  });

  it('reads a connection once where its generation is the one that was committed', async () => {
    const { world } = await setUp();
    const { store, sealer, clock } = world.dependenciesOf();
    world.connections.highWaters.set('c1', 1);
    let reads = 0;
    const find: typeof store.find = (name) => ((reads += 1), store.find(name));
    await createConnectionAccess({ store: { ...store, find }, sealer, clock }).open('c1');
    expect(reads).toBe(1);
  });

  it('goes on with a suspect connection while its access token lives', async () => {
    const { access } = await setUp({ health: 'suspect' });
    expect((await access.open('c1')).accessToken).toBe('canary-access-first');
  });

  it('asks for a refresh of exactly the generation that has run out', async () => {
    const { access, world } = await setUp();
    world.clock.advance(3_600_000);
    await expect(access.open('c1')).rejects.toThrow(AccessTokenRejectedError);
    expect(world.connections.items.get('c1')?.rejectedGeneration).toBe(1);
  });

  it('S82: refuses a generation below the high water', async () => {
    const { access, world } = await setUp();
    world.connections.highWaters.set('c1', 2);
    await expect(access.open('c1')).rejects.toThrow(SealBrokenError);
  });

  it('I9: leaves no read running when the other one fails', async () => {
    const { world } = await setUp();
    const { store, sealer, clock } = world.dependenciesOf();
    let answered = false;
    const torn = {
      ...store,
      highWater: () => Promise.reject(new StoreUnavailableError('throttled')),
      async find(name: string) {
        await new Promise(setImmediate);
        answered = true;
        return store.find(name);
      },
    };
    const access = createConnectionAccess({ store: torn, sealer, clock });
    await expect(access.open('c1')).rejects.toThrow(StoreUnavailableError);
    expect(answered).toBe(true);
  });

  it('does not cry roll-back when a refresh is committed between its two reads', async () => {
    const { world } = await setUp();
    const { store, sealer, clock } = world.dependenciesOf();
    const stale = world.connections.items.get('c1');
    let reads = 0;
    world.connections.highWaters.set('c1', 1);
    const racing = {
      ...store,
      find: async (name: string) => ((reads += 1) === 1 && stale ? { ...stale, generation: 0 } : store.find(name)),
      highWater: (name: string) => store.highWater(name),
      reject: (name: string, generation: number) => store.reject(name, generation),
    };
    const access = createConnectionAccess({ store: racing, sealer, clock });
    expect((await access.open('c1')).accessToken).toBe('canary-access-first');
  });

  it('tells what is not there, and what is not there yet', async () => {
    const { access, world } = await setUp();
    await expect(access.open('nobody')).rejects.toThrow(NotFoundError);
    await world.addClient('o1');
    await expect(access.open('o1')).rejects.toThrow(AccessTokenRejectedError);
    const {
      access: _access,
      refresh: _refresh,
      fingerprint: _fingerprint,
      ...bare
    } = world.connections.items.get('c1') as Connection;
    world.connections.items.set('c1', { ...bare, health: 'pending', generation: 0 });
    world.connections.highWaters.delete('c1');
    await expect(access.open('c1')).rejects.toThrow(ReauthorizationRequiredError);
  });
});

describe('ConnectionControl', () => {
  it('pauses, resumes and disconnects, each with an event that names who did it', async () => {
    const { world } = await setUp();
    const { store, events, clock } = world.dependenciesOf();
    const control = createConnectionControl({ store, events, clock });
    await control.pause('c1', 'kim');
    const paused = world.connections.items.get('c1');
    expect(paused?.paused).toBe(true);
    expect(paused?.nextRefreshAt?.getTime()).toBeGreaterThan(clock.now().getTime() + 6 * 86_400_000);
    await control.resume('c1', 'kim');
    expect(world.connections.items.get('c1')?.nextRefreshAt?.getTime()).toBeLessThan(clock.now().getTime() + 3_600_000);
    await control.disconnect('c1', 'kim');
    expect(world.connections.items.get('c1')).toMatchObject({ health: 'disconnected', provider: 'acme' });
    expect(world.eventTypes('c1')).toEqual(['paused', 'resumed', 'disconnected']);
    for (const { event } of world.connections.outbox) expect(event.data.actor).toBe('kim');
    await expect(control.pause('nobody', 'kim')).rejects.toThrow(NotFoundError);
  });
});
