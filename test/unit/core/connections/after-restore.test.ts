import { describe, expect, it } from 'vitest';
import { createAfterRestore } from '../../../../functions/core/connections/after-restore.ts';
import { ConflictError, StoreUnavailableError } from '../../../../functions/core/errors.ts';
import { createConnectionEvents } from '../../../../functions/core/tokens/connection-events.ts';
import { createTokenWorld } from '../../../support/token-world.ts';

async function setUp() {
  const world = createTokenWorld();
  await world.addConnected('c1', { generation: 3, failures: 2 });
  const setHighWater = async (name: string, generation: number) =>
    void world.connections.highWaters.set(name, generation);
  const { events, clock } = world.dependenciesOf();
  const restore = createAfterRestore({ store: world.connections, setHighWater, events, clock });
  const item = () => world.connections.items.get('c1');
  const found = async () => {
    const [first] = await restore.look();
    if (first === undefined) throw new Error('nothing was found');
    return first;
  };
  return { world, restore, item, found };
}

describe('what came out of a backup', () => {
  it('S82: is shown where its token rotates, and held where it stays behind the high water', async () => {
    const { world, restore } = await setUp();
    await world.addConnected('c2');
    await world.addClient('client');
    world.connections.highWaters.set('c1', 4);
    world.connections.highWaters.set('c2', 1);
    const looked = await restore.look();
    expect(looked.map(({ connection: { name }, highWater, held }) => [name, highWater, held])).toEqual([
      ['c1', 4, true],
      ['c2', 1, false],
    ]);
  });

  it('S82: is held above what it stores, suspect and told, with nothing due', async () => {
    const { world, restore, item, found } = await setUp();
    await restore.hold(await found(), 'kim');
    const now = world.clock.now();
    expect(world.connections.highWaters.get('c1')).toBe(4);
    expect(item()).toMatchObject({
      health: 'suspect',
      lastError: { code: 'SEAL_BROKEN', message: 'Came out of a backup with generation 3', at: now },
    });
    expect(item()?.nextRefreshAt).toBeUndefined();
    const [row] = world.connections.outbox;
    const data = { cause: 'restored', actor: 'kim', generation: 3, command: 'steward connect c1' };
    expect(row?.event).toMatchObject({ type: 'steward.connection.suspect', severity: 'high', data });
    expect((await found()).held).toBe(true);
    world.clock.advance(1);
    await restore.hold(await found(), 'kim');
    expect(new Set(world.connections.outbox.map(({ event }) => event.id)).size).toBe(2);
  });

  it('S82: is held by its high water before anything else is written of it', async () => {
    const { world, restore, found } = await setUp();
    const { change } = world.connections;
    const highWaters: unknown[] = [];
    world.connections.change = async (...given) => {
      highWaters.push(world.connections.highWaters.get('c1'));
      return change(...given);
    };
    await restore.hold(await found(), 'kim');
    expect(highWaters).toEqual([4]);
  });

  it('S82: is left alone where it was authorized anew since it was looked at', async () => {
    const { world, restore, item, found } = await setUp();
    const looked = await found();
    await world.addConnected('c1', { generation: 4 });
    await restore.hold(looked, 'kim');
    expect(item()?.health).toBe('connected');
    expect(world.connections.outbox).toEqual([]);
  });

  it('S82: goes on at once where a person vouches for it', async () => {
    const { world, restore, item, found } = await setUp();
    await restore.hold(await found(), 'kim');
    await restore.trust(await found(), 'lee');
    expect(world.connections.highWaters.get('c1')).toBe(3);
    expect(item()).toMatchObject({ health: 'connected', failures: 0, nextRefreshAt: world.clock.now() });
    expect(item()?.lastError).toBeUndefined();
    const { event } = world.connections.outbox.at(-1) ?? {};
    expect(event).toMatchObject({
      type: 'steward.connection.restored',
      data: { cause: 'restored', actor: 'lee', generation: 3 },
    });
    world.clock.advance(1);
    await restore.trust(await found(), 'lee');
    expect(world.eventTypes('c1')).toEqual(['suspect', 'restored', 'restored']);
    expect(new Set(world.connections.outbox.map(({ event: { id } }) => id)).size).toBe(3);
  });

  it.each([
    ['was refreshed', { generation: 4 }],
    ['is being refreshed', { lease: { owner: 'other', until: new Date('2100-01-01T00:00:00Z') } }],
  ])('S82: is looked at again when it %s meanwhile', async (_, change) => {
    const { world, restore, found } = await setUp();
    const restored = await found();
    world.connections.items.set('c1', { ...restored.connection, ...change } as never);
    await expect(restore.trust(restored, 'kim')).rejects.toThrow(ConflictError);
    expect(world.eventTypes('c1')).toEqual([]);
  });

  it('I9: is looked at to the end, though the table turns one question away', async () => {
    const world = createTokenWorld();
    await world.addConnected('first');
    await world.addConnected('second');
    let answered = 0;
    const store = {
      ...world.connections,
      async highWater(name: string) {
        if (name === 'first') throw new StoreUnavailableError('throttled');
        await new Promise(setImmediate);
        answered += 1;
        return world.connections.highWater(name);
      },
    };
    const { look } = createAfterRestore({
      store,
      setHighWater: async () => undefined,
      events: createConnectionEvents('test'),
      clock: world.clock,
    });
    await expect(look()).rejects.toThrow(StoreUnavailableError);
    expect(answered).toBe(1);
  });
});
