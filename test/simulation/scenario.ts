import type { AlertJob, ReportJob } from '../../functions/core/jobs.ts';
import type { HookWish } from '../../functions/core/work/hook.ts';
import type { Provider } from '../../functions/core/provider.ts';
import { aReportJob, anAlertJob } from '../support/report-job.ts';
import type { FaultPlan } from './faults.ts';
import { consent, writeNote } from './people.ts';
import { between, chance, pick } from './random.ts';
import { START } from './start.ts';
import { SHARD } from './state.ts';
import { isShort, outageOf, slowJob } from './stories/outage-plan.ts';
import { storyOf } from './stories/story.ts';
import { PROVIDERS } from './vendors.ts';
import type { World } from './worlds.ts';

const MINUTE = 60_000;

function alertJobs(seed: number): readonly AlertJob[] {
  return [
    anAlertJob({
      name: 'outages',
      connection: 'watchtower',
      provider: 'opsramp',
      source: 'alerts',
      everySeconds: pick(seed, 'outages', [120, 180]),
    }),
    anAlertJob({
      name: 'holes',
      connection: 'patching',
      provider: 'action1',
      source: 'vulnerabilities',
      everySeconds: pick(seed, 'holes', [180, 300]),
    }),
  ];
}

/** Changes at the law firm, told by webhooks and found by polls. */
function changesJob(): AlertJob {
  return anAlertJob({
    name: 'changes',
    connection: 'firm',
    provider: 'actionstep',
    source: 'hooks',
    options: { resources: ['filenotes'], events: ['FileNoteCreated'] },
    everySeconds: 180,
  });
}

const NOTES_HOOK: HookWish = {
  connection: 'firm',
  provider: 'actionstep',
  name: 'notes',
  job: 'changes',
  shard: SHARD,
  events: ['FileNoteCreated'],
};

function reportJobs(seed: number): readonly ReportJob[] {
  return [
    aReportJob({
      name: 'notes',
      connection: 'firm',
      provider: 'actionstep',
      source: 'filenotes',
      cron: pick(seed, 'notes', ['*/5 * * * *', '*/10 * * * *']),
      // Windows that were missed before anybody looked: made up in order.
      startAt: new Date(START.getTime() - pick(seed, 'notes since', [10, 20]) * MINUTE),
      zone: 'UTC',
    }),
    aReportJob({
      name: 'stock',
      connection: 'watchtower',
      provider: 'opsramp',
      source: 'resources',
      cron: pick(seed, 'stock', ['*/4 * * * *', '*/10 * * * *']),
      startAt: new Date(START.getTime() - 10 * MINUTE),
      zone: 'UTC',
      formats: ['csv'],
    }),
  ];
}

/** Connections, jobs and first consents, in good weather. */
export async function settleIn(world: World, plan: FaultPlan): Promise<void> {
  const { cloud, vendors, scheduler } = world;
  plan.calm = true;
  for (const { name, provider, settings } of vendors.connections) {
    const { clientId } = vendors.credentials(name);
    await cloud.connections.configure(
      name,
      {
        provider: provider.id,
        grant: provider.grant,
        settings,
        secret: { name },
        budgetAccount: provider.budgetAccount(settings, clientId),
      },
      START,
    );
  }
  const focus = focusOf(scheduler.seed);
  const away = storyOf(scheduler.seed) === 'outage' ? outageOf(scheduler.seed) : undefined;
  const isAboutGaps = storyOf(scheduler.seed) === 'gaps';
  const isLong = away !== undefined || isAboutGaps;
  const slow = isLong ? slowJob : (job: AlertJob | ReportJob) => job;
  const jobs = [
    ...(focus.alerts ? [...alertJobs(scheduler.seed), changesJob()] : []),
    ...(focus.reports && (away === undefined || isShort(away)) ? reportJobs(scheduler.seed) : []),
  ]
    .filter(({ name }) => !isAboutGaps || name === 'notes')
    .map(slow);
  for (const job of jobs) {
    const { sources, alertSources } = PROVIDERS[job.provider] as Provider;
    const source = (job.kind === 'report' ? sources : alertSources)[job.source];
    const prefix = `${job.connection}/${job.name}/`;
    world.prefixes.push(prefix, `incomplete/${prefix}`);
    await cloud.jobs.configure({ ...job, options: source?.parseOptions(job.options) ?? {} }, START);
  }
  if (focus.alerts) await cloud.hooks.want(NOTES_HOOK);
  for (const name of vendors.actionsteps.keys()) consent(world, name, `first-${name}`);
  await scheduler.run(START.getTime() + 20_000);
  plan.calm = false;
}

/** Puts what people and providers will do on the clock; ticks are put there minute by minute. */
export function schedule(world: World, plan: FaultPlan, minutes: number): void {
  schedulePeople(world, plan, minutes);
  scheduleProviders(world, plan, minutes);
}

/** The ticks of one minute: now and then one is missed, and one comes twice. */
export function scheduleTicks(world: World, plan: FaultPlan, minute: number): void {
  const { seed } = world.scheduler;
  const tick = (name: string, run: (key: string) => void) => {
    const key = `${name} tick ${minute}`;
    if (chance(seed, `${key} missed`) < 0.04 && plan.allows(`${key} missed`)) return;
    const at = START.getTime() + 30_000 + minute * MINUTE + between(seed, `${key} late`, 0, 3000);
    world.scheduler.at(at, () => run(String(minute)));
    // Delivered twice, at once or a little later, to another environment.
    if (chance(seed, `${key} twice`) < 0.15 && plan.allows(`${key} twice`)) {
      const later = pick(seed, `${key} distance`, [0, 40, 900, 12_000]);
      world.scheduler.at(at + later, () => run(`${minute}b`));
    }
  };
  const { alerts, reports } = focusOf(seed);
  tick('refresh', (key) => world.refresh(key));
  if (alerts) tick('alerts', (key) => world.pollAlerts(key));
  if (minute % 2 === 0) tick('publish', (key) => world.publish(key));
  if (reports && minute % 2 === 1) tick('reports', (key) => world.pollReports(key));
}

/** What a seed is about: all of it, or one part of it in more depth. */
export function focusOf(seed: number): { readonly alerts: boolean; readonly reports: boolean } {
  if (storyOf(seed) === 'gaps') return { alerts: false, reports: true };
  const focus = chance(seed, 'focus');
  return { alerts: focus >= 0.55 && (focus < 0.78 || focus >= 0.9), reports: focus >= 0.78 };
}

function schedulePeople(world: World, plan: FaultPlan, minutes: number): void {
  const { seed } = world.scheduler;
  const some = (key: string, odds: number, run: () => void) => {
    if (chance(seed, key) >= odds || !plan.allows(key)) return;
    world.scheduler.at(START.getTime() + 60_000 + chance(seed, `${key} when`) * (minutes - 2) * MINUTE, run);
  };
  for (const name of world.vendors.actionsteps.keys()) {
    some(`consent ${name}`, 0.25, () => consent(world, name, `again-${name}`));
    some(`consent twice ${name}`, 0.1, () => {
      consent(world, name, `twin1-${name}`);
      consent(world, name, `twin2-${name}`);
    });
    some(`disconnect ${name}`, 0.1, () => {
      world.disconnect(name, `disconnect-${name}`);
      if (chance(seed, `reopen ${name}`) < 0.7) {
        world.scheduler.after(45_000, () => consent(world, name, `back-${name}`));
      }
    });
  }
}

function scheduleProviders(world: World, plan: FaultPlan, minutes: number): void {
  const { seed } = world.scheduler;
  const { vendors } = world;
  const end = (minutes - 1) * MINUTE;
  const some = (key: string, odds: number, run: () => void) => {
    if (chance(seed, key) >= odds || !plan.allows(key)) return;
    world.scheduler.at(START.getTime() + 40_000 + chance(seed, `${key} when`) * end, run);
  };
  const now = () => new Date(world.scheduler.now);
  const opened: string[] = [];
  for (let index = 0; index < 5; index += 1) {
    some(`alert ${index}`, 0.8, () => {
      const id = vendors.opsrampControl.openAlert({ subject: `Alert ${index}`, currentState: 'Critical' });
      opened.push(id);
      vendors.noteAlert(id, 'Critical', world.scheduler.now);
    });
    some(`alert ${index} changes`, 0.6, () => {
      const id = opened[Math.floor(chance(seed, `which ${index}`) * opened.length)];
      if (id === undefined) return;
      const change = pick(seed, `change ${index}`, ['Warning', 'Critical', 'Ok', 'acknowledge', 'close'] as const);
      const isAct = change === 'acknowledge' || change === 'close';
      if (change === 'acknowledge') vendors.opsrampControl.acknowledge(id);
      else if (change === 'close') vendors.opsrampControl.close(id);
      else vendors.opsrampControl.changeAlert(id, { currentState: change });
      vendors.noteAlert(id, isAct ? undefined : change, world.scheduler.now);
    });
    some(`note ${index}`, 0.8, () => writeNote(world, `note-${index}`));
  }
  // A delivery that is answered otherwise than with 200 switches the webhook off.
  some('hook goes off', 0.3, () => {
    const model = vendors.actionsteps.get('firm');
    for (const delivery of model?.deliveries({ name: 'FileNoteCreated', resource: 'filenotes', id: '1' }) ?? [])
      model?.settle(delivery, 503, now());
    // Its keeper looks hourly, and soon after somebody applied the configuration.
    if (focusOf(seed).alerts) world.scheduler.after(20_000, () => void world.cloud.hooks.want(NOTES_HOOK));
  });
  some('hole', 0.6, () => {
    const added = vendors.action1.control.addCriticalVulnerability({ endpoints: 1 });
    if (chance(seed, 'hole mended') < 0.5) {
      world.scheduler.after(6 * MINUTE, () => vendors.action1.control.removeVulnerability(added));
    }
  });
  some('ops tokens end', 0.2, () => vendors.opsrampControl.expireTokens());
  some('a1 tokens end', 0.15, () => vendors.action1.control.expireTokens());
  some('firm tokens end', 0.15, () => vendors.actionsteps.get('firm')?.expireAccessTokens(now()));
  some('outage', 0.25, () => {
    if (vendors.outage !== undefined) return;
    const from = world.scheduler.now;
    vendors.outage = { from, until: from + between(seed, 'outage length', 30_000, 240_000), kind: 'down' };
  });
}
