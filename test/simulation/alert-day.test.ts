import { describe, expect, it } from 'vitest';
import type { Alert } from '../../functions/core/alerts/source.ts';
import { AlertDay, MINUTE, seenTwice, START } from './alert-day.ts';
import { action1Tenant, GONE, opsrampTenant, pagedTenant, printOf, type Tenant } from './alert-day-tenants.ts';
import { chance } from './random.ts';
import { wasDisturbed } from './scheduler.ts';

const EVERY_MS = 15 * MINUTE;
const STEPS = 96;
/** Nothing is born in the last hours, so that most of it comes to an end. */
const BIRTHS_END = 80;
/** An index that lags by a minute, and stamps that have whole seconds. */
const LAG_MS = 61_000;

interface Population {
  readonly make: typeof opsrampTenant;
  readonly tenants: number;
  readonly alerts: number;
  readonly touches: number;
}

interface Published {
  readonly id: string;
  readonly version: number;
  readonly alert: Alert & { readonly changedAt?: string };
}

async function live(populations: readonly Population[], seed: number, crashes: boolean) {
  const all: { readonly tenant: Tenant; readonly population: Population }[] = [];
  const day = new AlertDay(
    seed,
    (now) => {
      for (const population of populations) {
        for (let index = 0; index < population.tenants; index += 1) {
          const name = `tenant-${all.length}`;
          all.push({ tenant: population.make({ seed: seed * 1000 + all.length, name, now }), population });
        }
      }
      return all.map(({ tenant }) => tenant);
    },
    EVERY_MS / 1000,
    crashes,
  );
  await day.begin();
  const happen = (at: number, tenant: Tenant, what: () => void) =>
    day.scheduler.at(at, () => {
      what();
      day.note(tenant).catch((error: unknown) => day.unexpected.push(error));
    });
  // A job tells of nothing that was over before it began to look: the first polls are quiet and nothing fails.
  for (let step = 0; step < STEPS; step += 1) {
    day.faults.calm = step === 0;
    const from = START.getTime() + step * EVERY_MS;
    day.tick(from + 5000);
    for (const { tenant, population } of all) {
      const key = (what: string) => `${tenant.name} ${step} ${what}`;
      const at = (what: string) => from + chance(seed, key(`when ${what}`)) * EVERY_MS;
      const due = (upTo: number) =>
        Math.floor((Math.min(Math.max(upTo - 1, 0), BIRTHS_END) * population.alerts) / BIRTHS_END);
      for (let n = due(step); n < due(step + 1); n += 1) {
        happen(at(`birth ${n}`), tenant, () => tenant.bear(`${step}-${n}`));
      }
      for (let n = 0; n < population.touches; n += 1) {
        happen(at(`touch ${n}`), tenant, () => tenant.touch(`${step}-${n}`));
      }
      if (chance(seed, key('expires')) < 0.01) day.scheduler.at(at('expires'), () => tenant.expireTokens());
      if (chance(seed, key('overlap')) < 0.05)
        day.scheduler.at(from + 3 * MINUTE, () => day.overlap(tenant, key('overlap')));
    }
    await day.scheduler.run(from + EVERY_MS);
  }
  day.faults.calm = true;
  for (let step = STEPS; step < STEPS + 10; step += 1) {
    day.tick(START.getTime() + step * EVERY_MS + 5000);
    await day.scheduler.run(START.getTime() + (step + 1) * EVERY_MS);
  }
  return { day, tenants: all.map(({ tenant }) => tenant) };
}

/** Every version in the order of the publish calls, by tenant and alert. */
function publishedBy({ publisher }: AlertDay): ReadonlyMap<string, ReadonlyMap<string, readonly Published[]>> {
  const events = publisher.taken
    .map(({ message }) => JSON.parse((JSON.parse(message.body) as { default: string }).default))
    .filter(({ type }) => /^steward\.alert\.(?:opened|changed|resolved)$/.test(type as string))
    .map(({ id, connection, data }) => ({ id, connection, version: data.version, alert: data.alert }));
  const byTenant = Map.groupBy(events, ({ connection }) => connection as string);
  return new Map([...byTenant].map(([name, mine]) => [name, Map.groupBy(mine, ({ alert }) => alert.id as string)]));
}

function isSubsequence(wanted: readonly string[], given: readonly string[]): boolean {
  let place = 0;
  for (const state of given) if (state === wanted[place]) place += 1;
  return place === wanted.length;
}

/** What is wrong with what was published of one tenant. */
function faultsOf(
  day: AlertDay,
  tenant: Tenant,
  published: ReadonlyMap<string, readonly Published[]>,
): readonly string[] {
  const polls = day.polls.get(tenant.name) ?? [];
  const wrong: string[] = [];
  for (const [id, stands] of day.stands.get(tenant.name) ?? []) {
    // A repetition of what is in the air when a process dies is the one before it once more.
    const mine = (published.get(id) ?? []).filter((one, at, list) => one.id !== list[at - 1]?.id);
    const prints = mine.map(({ alert }) => printOf(alert));
    const seen = seenTwice(stands, polls, LAG_MS);
    // That something is gone which nobody ever saw is no news.
    const must = seen[0] === GONE ? seen.slice(1) : seen;
    const say = (what: string) => void wrong.push(`${tenant.name} ${id}: ${what}`);
    if (!isSubsequence(must, prints)) say(`a state was lost: ${must.length} seen twice, ${prints.length} published`);
    if (mine.some(({ version }, place) => version !== place + 1))
      say(`out of order: ${mine.map(({ version }) => version).join()}`);
    const stood = stands.map(({ print }) => print);
    if (!isSubsequence(prints, stood)) say(`an obsolete state: ${prints.length} published where ${stood.length} stood`);
    if (prints.some((print, place) => print === prints[place - 1])) say('a version without a change');
    // An alert that was over before anybody looked is told of once it is over, or was never seen at all.
    if (prints.length > 0 && prints.at(-1) !== stands.at(-1)?.print) say('the last state is another one');
    if (prints.length === 0 && must.length > 0) say('never told of');
  }
  return wrong;
}

function countAll(
  published: ReturnType<typeof publishedBy>,
  holds: (mine: readonly Published[], at: number) => boolean,
): number {
  const lists = [...published.values()].flatMap((alerts) => [...alerts.values()]);
  return lists.reduce((sum, mine) => sum + mine.filter((_one, at) => holds(mine, at)).length, 0);
}

const cameBack = (mine: readonly Published[], at: number): boolean => {
  const [a, b, c] = [mine[at - 2]?.alert, mine[at - 1]?.alert, mine[at]?.alert];
  return (
    a !== undefined && b !== undefined && c !== undefined && printOf(a) === printOf(c) && printOf(a) !== printOf(b)
  );
};

describe('a simulated day', () => {
  it('I12, I13, I14, A10, A19, A20: 10,000 alerts of 50 tenants: no state lost, none published twice, all in order', async () => {
    const { day, tenants } = await live(
      [
        { make: opsrampTenant, tenants: 30, alerts: 220, touches: 4 },
        { make: action1Tenant, tenants: 10, alerts: 100, touches: 2 },
        { make: pagedTenant, tenants: 10, alerts: 240, touches: 5 },
      ],
      7,
      false,
    );
    expect(day.unexpected).toEqual([]);
    const published = publishedBy(day);
    const born = tenants.reduce((sum, { name }) => sum + (day.stands.get(name)?.size ?? 0), 0);
    const versions = countAll(published, () => true);
    const ids = new Set([...published.values()].flatMap((alerts) => [...alerts.values()].flat().map(({ id }) => id)));
    const wrong = tenants.flatMap((tenant) => faultsOf(day, tenant, published.get(tenant.name) ?? new Map()));
    expect({ wrong, born, twice: versions - ids.size }).toEqual({ wrong: [], born: 10_000, twice: 0 });
    expect([...day.state.rows.values()].map(({ size }) => size)).toEqual([0, 0]);

    // It was a day on which something happened, and nearly all of it could be seen.
    const must = tenants.flatMap(({ name }) =>
      [...(day.stands.get(name)?.values() ?? [])].flatMap((stands) =>
        seenTwice(stands, day.polls.get(name) ?? [], LAG_MS),
      ),
    );
    expect(must.length).toBeGreaterThan(15_000);
    expect(versions).toBeGreaterThan(20_000);
    expect(day.faults.met).toBeGreaterThan(500);
    expect(day.scheduler.invocations.filter(({ isDead }) => isDead).length).toBeGreaterThan(100);
    expect(day.obsolete).toBeGreaterThan(40);
    const severity = (mine: readonly Published[], at: number) => mine[at]?.alert.severity;
    expect(
      countAll(
        published,
        (mine, at) => cameBack(mine, at) && severity(mine, at) === 'critical' && severity(mine, at - 1) === 'medium',
      ),
    ).toBeGreaterThan(100);
    expect(
      countAll(
        published,
        (mine, at) =>
          mine[at]?.alert.state === 'acknowledged' &&
          mine[at - 1]?.alert.state === 'open' &&
          mine[at]?.alert.changedAt === mine[at - 1]?.alert.changedAt,
      ),
    ).toBeGreaterThan(100);
    expect(
      countAll(published, (mine, at) => cameBack(mine, at) && printOf((mine[at - 1] as Published).alert) === GONE),
    ).toBeGreaterThan(100);
  }, 300_000);

  it('A01, A02, A03, I13: with crashes and lost replies of the publisher too: nothing lost, and twice only what was in the air', async () => {
    const { day, tenants } = await live(
      [
        { make: opsrampTenant, tenants: 4, alerts: 120, touches: 3 },
        { make: pagedTenant, tenants: 4, alerts: 120, touches: 3 },
      ],
      11,
      true,
    );
    expect(day.unexpected).toEqual([]);
    const published = publishedBy(day);
    expect(tenants.flatMap((tenant) => faultsOf(day, tenant, published.get(tenant.name) ?? new Map()))).toEqual([]);
    const again = [...day.senders.values()].filter(({ length }) => length > 1);
    expect(again.length).toBeGreaterThan(20);
    // Whoever published what was published again died over it, or never heard what became of it.
    expect(again.flatMap((senders) => senders.slice(0, -1)).filter((sender) => !wasDisturbed(sender))).toEqual([]);
    expect(day.scheduler.invocations.filter(({ isDead }) => isDead).length).toBeGreaterThan(30);
    expect([...day.state.rows.values()].every(({ size }) => size === 0)).toBe(true);
  }, 120_000);
});
