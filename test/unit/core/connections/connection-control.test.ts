import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createConnectionControl } from '../../../../functions/core/connections/connection-control.ts';
import { statusOf } from '../../../../functions/core/connections/connection.ts';
import {
  authorizationFingerprint,
  generationFingerprint,
  tokenFingerprint,
} from '../../../../functions/core/connections/fingerprint.ts';
import { nextRefreshAt } from '../../../../functions/core/tokens/next-refresh.ts';
import { DAY_MS } from '../../../../functions/core/time.ts';
import { createRefresh } from '../../../../functions/core/tokens/refresh.ts';
import { LEASE_MS } from '../../../../functions/core/tokens/timing.ts';
import { createTokenWorld } from '../../../support/token-world.ts';

async function controlled() {
  const world = createTokenWorld();
  await world.addConnected('c1');
  await createRefresh(world.dependenciesOf())('c1', world.deadline());
  const { store, events, clock } = world.dependenciesOf();
  return { world, control: createConnectionControl({ store, events, clock }) };
}

describe('pausing', () => {
  it('leaves only the keep-alive of an idle connection', async () => {
    const { world, control } = await controlled();
    await control.pause('c1', 'kim');
    const item = world.connections.items.get('c1');
    expect(item?.paused).toBe(true);
    expect(item?.nextRefreshAt?.getTime()).toBeGreaterThan(world.clock.now().getTime() + 6 * DAY_MS);
    expect(world.eventTypes()).toEqual(['paused']);
  });

  it('R15, R21: while a consent is under way leaves it due at the end of its lease', async () => {
    const { world, control } = await controlled();
    const now = world.clock.now();
    const until = new Date(now.getTime() + LEASE_MS);
    const request = { name: 'c1', owner: 'o', attempt: 'a', kind: 'authorization', spends: 's' } as const;
    await world.connections.lease({ ...request, until, now, healths: ['connected'], dueAt: until });
    await control.pause('c1', 'kim');
    expect(world.connections.items.get('c1')).toMatchObject({ paused: true, nextRefreshAt: until });
    expect(world.eventTypes()).toEqual(['paused']);
  });
});

describe('resuming', () => {
  it('schedules by everything that the schedule goes by', async () => {
    const { world, control } = await controlled();
    const item = world.connections.items.get('c1');
    if (item?.access === undefined || item.refresh === undefined) throw new Error('no tokens');
    const now = world.clock.now();
    const refresh = { ...item.refresh, expiresAt: new Date(now.getTime() + 2 * DAY_MS) };
    for (const change of [{ demand: [] }, { demand: [], refresh }, {}]) {
      const changed = { ...item, ...change };
      world.connections.items.set('c1', changed);
      await control.resume('c1', 'kim');
      const { access, demand } = changed as typeof item & { access: NonNullable<typeof item.access> };
      const timing = { name: 'c1', paused: false, access, refresh: changed.refresh ?? refresh };
      const expected = nextRefreshAt({ ...timing, ...(demand === undefined ? {} : { demand }) });
      expect(world.connections.items.get('c1')?.nextRefreshAt).toEqual(expected);
    }
  });

  it('is due at once where its time is past', async () => {
    const { world, control } = await controlled();
    await control.pause('c1', 'kim');
    world.clock.advance(DAY_MS);
    await control.resume('c1', 'kim');
    expect(world.connections.items.get('c1')?.nextRefreshAt).toEqual(world.clock.now());
  });

  it.each([
    ['waits for a person', { nextRefreshAt: undefined }],
    ['has no token yet', { access: undefined, nextRefreshAt: new Date(1) }],
    ['is backing off', { failures: 1, nextRefreshAt: new Date(1) }],
  ])('leaves the schedule of one that %s', async (_, change) => {
    const { world, control } = await controlled();
    const item = world.connections.items.get('c1');
    world.connections.items.set('c1', { ...item, ...change } as never);
    await control.resume('c1', 'kim');
    expect(world.connections.items.get('c1')?.nextRefreshAt).toEqual(change.nextRefreshAt);
  });
});

describe('statusOf()', () => {
  it('is paused for whatever is not disconnected', () => {
    expect(statusOf({ health: 'connected', paused: false })).toBe('connected');
    expect(statusOf({ health: 'suspect', paused: true })).toBe('paused');
    expect(statusOf({ health: 'disconnected', paused: true })).toBe('disconnected');
    expect(statusOf({ health: 'disconnected', paused: false })).toBe('disconnected');
  });
});

describe('fingerprints', () => {
  it('are SHA-256 of what was spent, and of one kind never those of another', () => {
    const sha = (text: string) => createHash('sha256').update(text).digest('base64url');
    expect(tokenFingerprint('x')).toBe(sha('token:x'));
    expect(generationFingerprint('c', 7)).toBe(sha('generation:c:7'));
    expect(authorizationFingerprint('x')).toBe(sha('authorization:x'));
  });
});
