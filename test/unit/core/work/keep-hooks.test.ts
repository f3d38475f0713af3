import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ProviderUnavailableError } from '../../../../functions/core/errors.ts';
import type { OutboxRow } from '../../../../functions/core/events.ts';
import type { HookKeeping, HookProfile } from '../../../../functions/core/provider.ts';
import { createKeepHooks } from '../../../../functions/core/work/keep-hooks.ts';
import { fakeApi, fakeClock, fakeSource, recordingLog } from '../../../support/alert-world.ts';
import { createMemoryHookStore } from '../../../support/memory-work-store.ts';
import { anAlertJob } from '../../../support/report-job.ts';

const WANTED = { connection: 'acme', provider: 'fake', name: 'h', job: 'watch', shard: '0', events: ['TaskCreated'] };
const BASE = 'https://steward.example/hooks/acme/';

/** A vendor with hooks by address; a disabled one is switched on again by `keep`. */
function setUp() {
  const clock = fakeClock();
  const log = recordingLog();
  const hooks = createMemoryHookStore();
  const standing = new Map<string, 'active' | 'disabled'>([['https://elsewhere.example/x', 'active']]);
  const profile: HookProfile = {
    alertSource: 'alerts',
    hints: () => [],
    targets: async () => [...standing.keys()],
    async keep(_call, events, targetUrl): Promise<HookKeeping> {
      const before = standing.get(targetUrl);
      standing.set(targetUrl, 'active');
      return {
        active: before === 'active' ? events : [],
        reenabled: before === 'disabled' ? events : [],
        registered: before === undefined ? events : [],
        foreign: 1,
      };
    },
  };
  const rows: OutboxRow[] = [];
  let drawn = 0;
  const keepHooks = createKeepHooks({
    hooks,
    announce: async (_shard, more) => void rows.push(...more),
    baseUrl: 'https://steward.example',
    origin: { stage: 'test' },
    clock,
    random: { bytes: (length) => new Uint8Array(length).fill((drawn += 1)) },
    log,
  });
  const api = fakeApi(fakeSource({ mode: 'feed' }).source);
  const keep = () => keepHooks(anAlertJob(), { ...api, provider: { ...api.provider, hooks: profile } });
  const ours = () => [...standing.keys()].filter((target) => target.startsWith(BASE));
  return { clock, log, hooks, standing, profile, rows, keep, ours };
}

describe('keeping webhooks', () => {
  it('registers what is wanted, under a secret that is nowhere stored', async () => {
    const { keep, hooks, ours, rows, log } = setUp();
    await hooks.want(WANTED);
    expect(await keep()).toBe(false);
    const [target = ''] = ours();
    const secret = target.slice(BASE.length);
    expect(secret).toMatch(/^[\w-]{43}$/);
    const hash = createHash('sha256').update(secret).digest('hex');
    expect(await hooks.find('acme', hash)).toMatchObject({ job: 'watch', shard: '0', provider: 'fake' });
    expect(JSON.stringify([await hooks.wanted('acme'), await hooks.list('acme'), log.events, rows])).not.toContain(
      secret,
    );
  });

  it('looks once an hour, and at once where something else is wanted', async () => {
    const { keep, hooks, clock, log } = setUp();
    await hooks.want(WANTED);
    for (let minute = 0; minute < 60; minute += 1) {
      await keep();
      clock.advance(60_000);
    }
    expect(log.events).toHaveLength(1);
    await keep();
    expect(log.events).toHaveLength(2);
    await hooks.want({ ...WANTED, events: ['TaskUpdated'] });
    await keep();
    expect(log.events).toHaveLength(3);
  });

  it.each([
    ['switched off: the same address is switched on', 'disabled' as const],
    ['deleted: it gets another secret, and the old one is turned away', undefined],
  ])('restores a hook that was %s, and says so', async (_what, state) => {
    const { keep, hooks, clock, standing, rows, ours } = setUp();
    await hooks.want(WANTED);
    await keep();
    const [target = ''] = ours();
    if (state === undefined) standing.delete(target);
    else standing.set(target, state);
    clock.advance(3_600_000);
    expect(await keep()).toBe(true);
    expect(ours()).toHaveLength(1);
    expect(ours()[0] === target).toBe(state === 'disabled');
    expect(await hooks.list('acme')).toHaveLength(1);
    expect(rows).toMatchObject([{ event: { type: 'steward.hook.restored', data: { hook: 'h', job: 'watch' } } }]);
  });

  it('leaves a poll alone when it fails', async () => {
    const { keep, hooks, profile, log } = setUp();
    await hooks.want(WANTED);
    Object.assign(profile, { targets: async () => Promise.reject(new ProviderUnavailableError('x', { sent: true })) });
    expect(await keep()).toBe(false);
    expect(log.events).toMatchObject([['hook.unkept', { code: 'PROVIDER_UNAVAILABLE' }]]);
  });
});
