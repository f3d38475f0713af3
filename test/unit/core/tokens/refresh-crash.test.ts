// oxlint-disable vitest/no-conditional-expect -- exhaustive runs are judged by how they ended
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../../functions/core/connections/connection.ts';
import { createRefresh } from '../../../../functions/core/tokens/refresh.ts';
import { LEASE_MS } from '../../../../functions/core/tokens/timing.ts';
import { Killed, type KillPoint, Process } from '../../../support/faults.ts';
import { createTokenWorld, type TokenWorld } from '../../../support/token-world.ts';
import type { RotationMode, Weather } from '../../../support/token-provider.ts';

const MODES: readonly RotationMode[] = ['strict', 'grace', 'revokes'];

/** One run that a kill ends, or not; then ticks of healthy processes until the connection rests. */
async function runAndRecover(world: TokenWorld, kill: KillPoint | undefined): Promise<Process> {
  const process = new Process(kill);
  try {
    await createRefresh(world.dependenciesOf(process))('c1', world.deadline());
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
  for (let tick = 0; tick < 12; tick += 1) {
    world.clock.advance(60_000);
    const result = await createRefresh(world.dependenciesOf())('c1', world.deadline());
    await result.decide?.(false);
    expectHighWaterBehind(world, 1);
    world.clock.advance(tick > 5 ? LEASE_MS : 0);
  }
  return process;
}

/** Never ahead: a living grant would look like one out of a backup. A kill may leave it one behind, for one refresh. */
function expectHighWaterBehind(world: TokenWorld, most: number): void {
  const generation = world.connections.items.get('c1')?.generation ?? 0;
  const behind = generation - (world.connections.highWaters.get('c1') ?? 0);
  expect(behind, 'I4: the high water').toBeGreaterThanOrEqual(0);
  expect(behind, 'I4: the high water').toBeLessThanOrEqual(most);
}

/** The stored token is the one that the provider would take, or a person was asked for. */
async function judge(world: TokenWorld, mode: RotationMode, killed: string | undefined): Promise<void> {
  const item = world.connections.items.get('c1');
  const presentations = new Map<string, number>();
  for (const token of world.endpoint.presented) presentations.set(token, (presentations.get(token) ?? 0) + 1);
  expect(Math.max(...presentations.values()), 'I3: presented again at most once').toBeLessThanOrEqual(2);
  expect(world.endpoint.mostInFlight, 'I2: one refresh in flight').toBeLessThanOrEqual(1);
  expect(item?.attempts, 'no attempt stays open').toEqual([]);
  if (item?.health === 'reauthorization-required') {
    expect(mode, 'a grace period saves the grant').not.toBe('grace');
    // The one loss that no client can prevent: the reply was with us and died with us before it was anywhere else.
    expect(['send', 'store.commit'], `killed at ${killed}`).toContain(killed);
    const event = world.connections.outbox.find(({ event: { type } }) => type.endsWith('reauthorization-required'));
    expect(event?.event.data).toMatchObject({ cause: 'ambiguous', command: 'steward connect c1' });
    return;
  }
  expect(item?.health).toBe('connected');
  expect(world.endpoint.liveToken('c1'), 'I1: the stored grant is alive').toBeDefined();
  world.connections.items.set('c1', { ...(item as Connection), nextRefreshAt: world.clock.now() });
  const next = await createRefresh(world.dependenciesOf())('c1', world.deadline());
  expect(next.outcome, 'a healthy refresh after it').toBe('refreshed');
  expectHighWaterBehind(world, 0);
}

/** How many effects a refresh has that nothing disturbs. */
async function effectsOfOneRun(prepare: (world: TokenWorld) => void = () => undefined): Promise<readonly string[]> {
  const world = createTokenWorld();
  await world.addConnected('c1');
  prepare(world);
  const process = new Process();
  await createRefresh(world.dependenciesOf(process))('c1', world.deadline());
  return process.names;
}

describe('a refresh that is killed', () => {
  it.each(MODES)('R01–R08: survives a kill before and after every effect (%s)', async (mode) => {
    const names = await effectsOfOneRun();
    expect(names).toContain('send');
    let lost = 0;
    for (const [effect, name] of names.entries()) {
      for (const when of ['before', 'after'] as const) {
        const world = createTokenWorld();
        world.endpoint.mode = mode;
        await world.addConnected('c1');
        await runAndRecover(world, { effect, when });
        await judge(world, mode, name);
        if (world.connections.items.get('c1')?.health === 'reauthorization-required') {
          lost += 1;
          expect([`send/after`, 'store.commit/before']).toContain(`${name}/${when}`);
        }
      }
    }
    // Killed between the provider's reply and the commit: the two generals. Every other instant is survived.
    expect(lost).toBe(mode === 'grace' ? 0 : 2);
  });

  it.each(MODES)('R21: a kill while it spills leaves the set in the bucket or nowhere (%s)', async (mode) => {
    const down = (world: TokenWorld) => {
      const commit = world.connections.commit;
      let failures = 5;
      world.connections.commit = async (...args) => {
        if (failures > 0) {
          failures -= 1;
          const { StoreUnavailableError } = await import('../../../../functions/core/errors.ts');
          throw new StoreUnavailableError('down');
        }
        return commit(...args);
      };
    };
    const names = await effectsOfOneRun(down);
    expect(names).toContain('rescue.put');
    for (const [effect, name] of names.entries()) {
      for (const when of ['before', 'after'] as const) {
        const world = createTokenWorld();
        world.endpoint.mode = mode;
        await world.addConnected('c1');
        down(world);
        await runAndRecover(world, { effect, when });
        const item = world.connections.items.get('c1');
        const isDurable = name === 'rescue.put' && when === 'after';
        if (isDurable) expect(item?.health, `killed ${when} ${name}`).toBe('connected');
        if (item?.health === 'connected') expect(world.endpoint.liveToken('c1')).toBeDefined();
        else expect(mode).not.toBe('grace');
      }
    }
  });
});

describe('a network that loses things', () => {
  it.each<[RotationMode, Weather, string]>([
    ['strict', 'lost-request', 'connected'],
    ['grace', 'lost-request', 'connected'],
    ['revokes', 'lost-request', 'connected'],
    ['strict', 'lost-reply', 'reauthorization-required'],
    ['grace', 'lost-reply', 'connected'],
    ['revokes', 'lost-reply', 'reauthorization-required'],
    ['strict', 'late-request', 'reauthorization-required'],
    ['grace', 'late-request', 'connected'],
    ['revokes', 'late-request', 'reauthorization-required'],
    ['strict', 'truncated', 'reauthorization-required'],
    ['grace', 'truncated', 'connected'],
    ['strict', 'refused-connection', 'connected'],
    ['revokes', 503, 'connected'],
  ])('R09–R12: %s provider, %s: %s', async (mode, weather, health) => {
    const world = createTokenWorld();
    world.endpoint.mode = mode;
    await world.addConnected('c1');
    world.endpoint.weather.push(weather);
    await runAndRecover(world, undefined);
    expect(world.connections.items.get('c1')?.health).toBe(health);
    if (health === 'connected') expect(world.endpoint.liveToken('c1')).toBeDefined();
    const tokens = world.endpoint.presented.filter((token) => token !== '');
    expect(tokens.filter((token) => token === tokens[0]).length, 'I3').toBeLessThanOrEqual(2);
  });

  it('presents no token again before the lease of an ambiguous attempt is over', async () => {
    const world = createTokenWorld();
    await world.addConnected('c1');
    world.endpoint.weather.push('lost-reply');
    const first = await createRefresh(world.dependenciesOf())('c1', world.deadline());
    expect(first.outcome).toBe('ambiguous');
    world.clock.advance(LEASE_MS - 1);
    expect((await createRefresh(world.dependenciesOf())('c1', world.deadline())).outcome).toBe('leased');
    expect(world.endpoint.presented).toHaveLength(1);
  });
});
