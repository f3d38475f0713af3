import type { Connection } from '../../functions/core/connections/connection.ts';
import type { ExportInput } from '../../functions/core/reports/run-types.ts';
import { basicInstant } from '../../functions/core/reports/names.ts';
import type { FaultPlan } from './faults.ts';
import type { Invariants } from './promises/invariants.ts';
import { Violation } from './promises/promises.ts';
import { checkPoison } from './stories/poison.ts';
import { isRolledBack } from './stories/restore.ts';
import type { Vendors } from './vendors.ts';
import type { World } from './worlds.ts';

const MINUTE = 60_000;

/** Good weather until everything rests, then what must have come of it all. */
export async function checkOutcome(world: World, plan: FaultPlan, invariants: Invariants): Promise<void> {
  const { scheduler, vendors } = world;
  plan.calm = true;
  vendors.outage = undefined;
  for (let minute = 0; minute < CALM_MINUTES || (minute < LONGEST_CALM_MINUTES && isBehind(world)); minute += 1) {
    const at = scheduler.now;
    scheduler.at(at + 1000, () => world.refresh(`calm-${minute}`));
    scheduler.at(at + 2000, () => world.pollAlerts(`calm-${minute}`));
    scheduler.at(at + 20_000, () => world.pollReports(`calm-${minute}`));
    scheduler.at(at + 40_000, () => world.publish(`calm-${minute}`));
    await scheduler.run(at + MINUTE);
  }
  checkConnections(world);
  checkEvents(world);
  world.alerts.checkAtEnd();
  checkPoison(world);
  await invariants.archive.verify();
  await checkReruns(world);
  invariants.checkSinks();
}

/** Longer than any back-off that a few faults can cause, and than a lease. */
const CALM_MINUTES = 6;
/** Longer than any back-off at all, and the look after it. */
const LONGEST_CALM_MINUTES = 12;

/** Many faults in a row make a connection wait longest: its token may have ended before it is looked at again. */
function isBehind({ cloud, scheduler }: World): boolean {
  return [...cloud.connections.items.values()].some(
    ({ nextRefreshAt, access }) => nextRefreshAt !== undefined && (access?.expiresAt.getTime() ?? 0) <= scheduler.now,
  );
}

/** Exports that are run once more in the end. */
const RERUNS = 2;

/** I7: with the provider up everything is connected and fresh, but for what waits for a person. */
export function checkConnections({ cloud, vendors, scheduler, looks, beyondSkew }: World): void {
  const now = new Date(scheduler.now);
  for (const item of cloud.connections.items.values()) {
    if (['reauthorization-required', 'disconnected', 'pending'].includes(item.health)) continue;
    // A token that does not open, or that came out of a backup, waits for a person too.
    if (item.lastError?.code === 'SEAL_BROKEN' && (isRolledBack(item) || item.health === 'connected')) continue;
    looks.at('I7');
    if (item.health !== 'connected') throw new Violation(`I7: ${item.name} is still ${item.health} in good weather`);
    // OpsRamp hands out the same token until its end, so that only a tick after it brings another; asked in its very last
    // second it hands out one that has ended, which costs a back-off.
    const graceMs = item.provider === 'opsramp' ? 4 * MINUTE : 0;
    if (item.access === undefined || item.access.expiresAt.getTime() + graceMs <= now.getTime()) {
      throw new Violation(`I7: the access token of ${item.name} ran out in good weather`);
    }
    if (item.refresh !== undefined && !vendors.isLive(item.fingerprint, now) && !wasReplaced(vendors, item)) {
      throw new Violation(`I1: ${item.name} is called connected, and its refresh token is dead`);
    }
    const open = item.attempts.filter(({ startedAt }) => startedAt.getTime() < scheduler.now - 4 * MINUTE);
    // With clocks beyond their allowance one may lease while another commits: the next refresh settles it.
    if (open.length > 0 && !beyondSkew)
      throw new Violation(`${item.name} keeps an attempt open that nobody looks after`);
  }
}

/** I12: nothing waits in the outbox, and every alert's last version is told. */
function checkEvents({ cloud, looks }: World): void {
  const waiting = [...(cloud.tables.rows.get('0')?.values() ?? [])];
  if (waiting.length > 0) {
    throw new Violation(`I12: ${waiting.length} events wait in good weather, ${waiting[0]?.event.type} the first`);
  }
  const told = new Map<string, number>();
  for (const { event, order } of cloud.tables.published.get('0') ?? []) {
    if (event.type.startsWith('steward.alert.')) told.set(event.subject, Math.max(told.get(event.subject) ?? 0, order));
  }
  for (const [key, head] of cloud.tables.heads) {
    looks.at('I12');
    const subject = key.replace('|', '/');
    if ((told.get(subject) ?? 0) !== head.version) {
      throw new Violation(`I12: ${subject} is at version ${head.version} and ${told.get(subject) ?? 0} was told`);
    }
  }
}

/** I20: an export that is done, started once more from its begin, finds its record and writes nothing. */
async function checkReruns({ executions, cloud, scheduler, looks, prefixes }: World): Promise<void> {
  // A restore makes a run end that was superseded by its own past: its window is not done.
  const isDone = ({ job, from }: ExportInput) =>
    ['exported', 'gap'].includes(cloud.windows.windows.get(`${job} ${from}`)?.state ?? '');
  const done = [...executions.all.values()]
    .filter(({ state, input }) => state === 'done' && isDone(input))
    .slice(-RERUNS);
  for (const execution of done) {
    const { job, from, to } = execution.input;
    const name = prefixes.find((prefix) => prefix.endsWith(`/${job}/`));
    const span = [from, to].map((instant) => basicInstant(new Date(instant))).join('--');
    const versions = () =>
      [...cloud.archive.objects].flatMap(([key, all]) => (key.startsWith(`${name}${span}/`) ? all : [])).length;
    const before = versions();
    executions.again(execution);
    await scheduler.run(scheduler.now + MINUTE);
    looks.at('I20');
    if (versions() !== before) throw new Violation(`I20: a second run of ${execution.name} wrote again`);
  }
}

/** A later consent whose tokens got lost ended this grant at the provider: the next refresh will find out. */
function wasReplaced(vendors: Vendors, { name, fingerprint }: Connection): boolean {
  const stored = vendors.issued.get(fingerprint ?? '')?.sequence ?? 0;
  return vendors.presentations.some(
    ({ connection, invocation, issued }) =>
      connection === name &&
      invocation.startsWith('oauth-callback@') &&
      (vendors.issued.get(issued ?? '')?.sequence ?? 0) > stored,
  );
}
