import { readFileSync } from 'node:fs';
import { createAfterRestore } from '../../../functions/core/connections/after-restore.ts';
import type { Connection } from '../../../functions/core/connections/connection.ts';
import { createConnectionEvents } from '../../../functions/core/tokens/connection-events.ts';
import { type Backup, backUp } from '../backup.ts';
import type { Composition } from '../composition.ts';
import { consent } from '../people.ts';
import { fail } from '../promises/promises.ts';
import { between, chance, pick } from '../random.ts';
import { schedule, scheduleTicks } from '../scenario.ts';
import { START } from '../start.ts';
import type { World } from '../worlds.ts';
import type { Story } from './story.ts';
import { FEWEST_EFFECTS } from './usual.ts';

const MINUTE_MS = 60_000;
/** Longer than any invocation of a tick lives. */
const QUIET_MS = 70_000;

/**
 * A table is put back to what it was some minutes ago (RUNBOOK, *Restore from a backup*): the schedules are stopped, what
 * runs ends, items are copied, the schedules go on. A refreshed connection is then older than its high water, and
 * nobody presents its token until a person has decided. The other way round, and both at once, are worse procedures
 * that must not do harm either.
 */
export const restore: Story = async (world, plan) => {
  const { scheduler, cloud } = world;
  const { seed } = scheduler;
  const until = (time: number) => scheduler.run(START.getTime() + time);
  schedule(world, plan, 4);
  const backups: Backup[] = [];
  for (let minute = 0; minute < 5; minute += 1) {
    scheduleTicks(world, plan, minute);
    await until(minute * MINUTE_MS + between(seed, `backup ${minute}`, 1000, 59_000));
    backups.push(backUp(world));
    await until((minute + 1) * MINUTE_MS);
  }
  await until(5 * MINUTE_MS + QUIET_MS);
  const newest = backUp(world);
  const backup = pick(seed, 'restored backup', backups);
  const what = pick(seed, 'restored tables', [
    ['connections'],
    ['connections'],
    ['state'],
    ['connections', 'state'],
  ] as const);
  const names = chance(seed, 'restored whole') < 0.6 ? [...cloud.connections.items.keys()] : ['firm'];
  if (plan.allows('restore')) backup.restore(what, names);
  const holds =
    (what as readonly string[]).includes('connections') && chance(seed, 'holds') < 0.6 && plan.allows('holds');
  if (holds) await hold(world);
  const begin = Math.ceil((scheduler.now - START.getTime()) / MINUTE_MS);
  for (let minute = begin; minute < begin + 3; minute += 1) {
    scheduleTicks(world, plan, minute);
    await until((minute + 1) * MINUTE_MS);
  }
  decide(world, newest);
  for (let minute = begin + 3; minute < begin + 5 || plan.effects < FEWEST_EFFECTS; minute += 1) {
    scheduleTicks(world, plan, minute);
    await until((minute + 1) * MINUTE_MS);
  }
};

/** `steward restore`, before the schedules go on; who is interrupted gives the command again. */
async function hold(world: World): Promise<void> {
  const { scheduler, held, cloud } = world;
  const done = new Set<string>();
  const open = () =>
    [...cloud.connections.items.values()].filter(({ refresh, name }) => refresh !== undefined && !done.has(name));
  for (let count = 0; open().length > 0; count += 1) {
    world.invoke(`operator@holds-${count}`, 29, async (_, composition) => {
      const control = afterRestore(world, composition);
      for (const restored of await control.look()) {
        const { name, generation } = restored.connection;
        if (done.has(name)) continue;
        held.set(name, generation + 1);
        await control.hold(restored, 'operator');
        done.add(name);
      }
    });
    await scheduler.run(scheduler.now + MINUTE_MS);
  }
}

function afterRestore({ cloud }: World, composition: Composition) {
  return createAfterRestore({
    store: composition.connections(),
    setHighWater: async (name, generation) => void cloud.connections.highWaters.set(name, generation),
    events: createConnectionEvents('test'),
    clock: composition.base().clock,
  });
}

/** Whether the code found out that an item came out of a backup. */
export function isRolledBack({ health, lastError }: Connection): boolean {
  return health === 'suspect' && lastError?.code === 'SEAL_BROKEN';
}

/** A person decides on each connection: consents anew, puts a later backup's item there, or leaves it for today. */
function decide(world: World, newest: Backup): void {
  const { scheduler, cloud } = world;
  for (const [name, item] of cloud.connections.items) {
    if (item.provider !== 'actionstep') continue;
    const highWater = cloud.connections.highWaters.get(name) ?? 0;
    if (isRolledBack(item) && item.generation >= highWater) fail(`${name} is said to be rolled back and is not`);
    if (!isRolledBack(item)) continue;
    const choice = chance(scheduler.seed, `decides on ${name}`);
    if (world.held.has(name) && choice < 0.5 && !isNamedSince(world, name)) trust(world, name);
    else if (choice < 0.5) consent(world, name, `restored-${name}`);
    else if (choice < 0.7) newest.restore(['connections'], [name]);
  }
}

/** The lines of the log by which whoever restores learns what was refreshed since: the runbook's own words. */
const SPEAKS_OF_TOKENS = spokenOf(readFileSync(new URL('../../../infra/RUNBOOK.md', import.meta.url), 'utf8'));

function spokenOf(runbook: string): readonly string[] {
  const [, list] = /`filter message in (\["token\.presented".*?\])/u.exec(runbook) ?? [];
  if (list === undefined) throw new Error('RUNBOOK.md no longer says which lines speak of tokens');
  return JSON.parse(list) as readonly string[];
}

function isNamedSince({ lines, restores }: World, connection: string): boolean {
  const since = Math.min(...restores.map(({ of }) => of));
  return lines.some(
    ({ event, fields, at }) => SPEAKS_OF_TOKENS.includes(event) && fields['connection'] === connection && at >= since,
  );
}

/** `steward restore --trust`: nothing was refreshed since the backup, so that what is stored is the last. */
function trust(world: World, connection: string): void {
  world.invoke(`operator@trusts-${connection}`, 29, async (_, composition) => {
    const control = afterRestore(world, composition);
    const restored = (await control.look()).find((one) => one.connection.name === connection);
    if (restored !== undefined) await control.trust(restored, 'operator');
  });
}
