import { allShards } from '../../functions/core/events.ts';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createWorkStore } from '../../functions/adapters/dynamodb/work-store.ts';
import { UsageError } from '../../functions/core/errors.ts';
import { verifyArchive, type VerifyReport } from '../../functions/core/reports/verify.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../functions/core/time.ts';
import { FRESH_TOKEN_MS } from '../../functions/core/tokens/timing.ts';
import { connectLink } from '../cli/commands/connect.ts';
import { requestExportOf } from '../cli/commands/export.ts';
import { requestNote } from '../cli/commands/note.ts';
import type { ConnectionView, EventView, ExportView, Overview } from '../cli/overview.ts';
import { createOverviewReader } from '../cli/read-overview.ts';
import type { Services } from '../cli/services.ts';
import { fetchPublicKey } from '../cli/verify.ts';
import { openFolder } from '../cli/verify-readers.ts';
import type { Doubles } from './doubles.ts';
import { consentFlow } from './providers/actionstep/consent.ts';
import type { LocalService } from './service.ts';
import { alertStory } from './story.ts';
import type { Subscriber } from './subscriber.ts';

export interface OnceOptions {
  readonly service: LocalService;
  /** Absent with `--config`: then nothing is played, and people consent in their own browsers. */
  readonly doubles?: Doubles;
  readonly everything: Subscriber;
  readonly criticalOnly: Subscriber;
  readonly onStep: (what: string) => void;
  /** How long everything may take; people have as long for their consent before that begins. */
  readonly limitMs: number;
}

/** What one cycle came to. */
export interface OnceResult {
  readonly overview: Overview;
  /** Exports of this run. */
  readonly exports: readonly ExportView[];
  readonly verification: VerifyReport;
  readonly alerts: {
    readonly versions: number;
    readonly published: number;
    readonly received: number;
    readonly duplicates: number;
    /** What the subscriber with a filter received, and should have. */
    readonly filtered: { readonly received: number; readonly expected: number };
  };
  readonly notes: number;
  /** What was to happen and did not, in words. */
  readonly missing: readonly string[];
}

const LOOK_EVERY_MS = 250;

/** Connect, refresh, export, alert: each once, through the running service, as people and providers would do it. */
export async function runOnce(options: OnceOptions): Promise<OnceResult> {
  const { service, doubles, onStep } = options;
  const { services } = service;
  const began = services.clock.now();
  const missing: string[] = [];
  const read = createOverviewReader(services);
  const look = () =>
    read({ windows: 20, eventsForMs: services.clock.now().getTime() - began.getTime() + 1, budgets: false });

  const unconnected = await connectAll(options, look);
  missing.push(...unconnected.values());
  const until = createUntil(options, missing, look);
  const takesPart = ({ connection }: { readonly connection: string }) => !unconnected.has(connection);
  await until('every connection has a token', ({ connections }) =>
    connections.every((one) => unconnected.has(one.name) || hasToken(one, services.clock.now())),
  );
  const firstGeneration = generations(await look());
  const asked = await askForExports(services, takesPart, onStep);
  const marker = doubles === undefined ? undefined : await askForNote(services, onStep);
  await until('every alert job has made its first pass', ({ jobs }) =>
    jobs.filter(takesPart).every(({ kind, lastAt }) => kind === 'report' || (lastAt ?? began) > began),
  );
  if (doubles !== undefined) await playStory(options, doubles, missing, look, until);
  await until('every export has ended', ({ exports }) => [...asked].every(([job, to]) => endedUpTo(exports, job, to)));
  if (marker !== undefined) await until('the file note is written', async () => (await pendingNotes(services)) === 0);
  if (doubles !== undefined)
    await until('an expired access token was refreshed', (overview) => wasRotated(overview, firstGeneration));
  await until('everything is published', ({ outbox }) => outbox.pending === 0);

  onStep('verifying the archive');
  const overview = await look();
  const reader = openFolder(join(service.cloud.directory, 'archive'));
  const verification = await verifyArchive(reader, await fetchPublicKey(services.kms, services.target.signingKeyArn));
  const exports = overview.exports.filter(
    (view) => asked.has(view.job) && view.to.getTime() === asked.get(view.job)?.getTime(),
  );
  const alerts = await countAlerts(options, overview);
  return {
    overview,
    exports,
    verification,
    alerts,
    notes: marker === undefined ? 0 : 1,
    missing: [...missing, ...complaints(exports, verification, alerts)],
  };
}

type Until = (what: string, holds: (overview: Overview) => boolean | Promise<boolean>) => Promise<boolean>;
type Look = () => Promise<Overview>;

function createUntil(options: OnceOptions, missing: string[], look: Look): Until {
  const { service, onStep, limitMs } = options;
  const deadline = service.services.clock.now().getTime() + limitMs;
  return async (what, holds) => {
    onStep(`waiting until ${what}`);
    if (await waitFor(service, deadline, async () => holds(await look()))) return true;
    missing.push(`${what}: not in time`);
    return false;
  };
}

async function waitFor(
  { services: { clock } }: LocalService,
  deadline: number,
  holds: () => Promise<boolean>,
): Promise<boolean> {
  for (;;) {
    if (await holds()) return true;
    if (clock.now().getTime() > deadline) return false;
    await wait(LOOK_EVERY_MS);
  }
}

/** An access token that has run out is no token: what is asked for now would meet a refusal first. */
function hasToken({ status, accessExpiresAt }: ConnectionView, now: Date): boolean {
  return status === 'connected' && accessExpiresAt !== undefined && accessExpiresAt > now;
}

/**
 * Walks every connection that needs a person through its consent page; with real providers a person does, and has the
 * whole limit for it.
 *
 * @returns what to say of those that nobody connected, by name
 */
async function connectAll(options: OnceOptions, look: Look): Promise<ReadonlyMap<string, string>> {
  const { service, doubles, onStep, limitMs } = options;
  const { services } = service;
  const unconnected = new Map<string, string>();
  for (const { name, provider, health } of await services.connections.list()) {
    if (services.providers[provider]?.grant !== 'authorization-code' || health === 'connected') continue;
    const link = await connectLink(services, name, {
      authorizedBy: doubles === undefined ? undefined : 'the demonstration',
    });
    if (doubles === undefined) {
      onStep(`${name}: open ${link} in a browser to consent`);
      unconnected.set(name, `${name}: nobody consented within ${inWords(limitMs)}; start again for a new link`);
      continue;
    }
    onStep(`${name}: consenting at the provider's page`);
    const { url, hops } = await consentFlow(link, {});
    if (!url.endsWith('/outcome/connected'))
      unconnected.set(name, `the consent of ${name} ended at ${url}, by ${hops.join(', ')}`);
  }
  if (doubles !== undefined || unconnected.size === 0) return unconnected;
  onStep(`waiting until ${[...unconnected.keys()].join(', ')} is connected`);
  await waitFor(service, services.clock.now().getTime() + limitMs, async () => {
    for (const { name, status } of (await look()).connections) {
      if (status === 'connected' && unconnected.delete(name)) onStep(`${name}: connected`);
    }
    return unconnected.size === 0;
  });
  return unconnected;
}

function inWords(ms: number): string {
  return ms < 2 * MINUTE_MS ? `${Math.round(ms / SECOND_MS)} seconds` : `${Math.round(ms / MINUTE_MS)} minutes`;
}

function generations({ connections }: Overview): ReadonlyMap<string, number> {
  return new Map(connections.map(({ name, generation }) => [name, generation]));
}

function wasRotated({ connections }: Overview, before: ReadonlyMap<string, number>): boolean {
  const rotating = connections.filter(({ refreshExpiresAt }) => refreshExpiresAt !== undefined);
  return rotating.every(
    ({ name, generation, status }) => status === 'connected' && generation > (before.get(name) ?? 0),
  );
}

/** Asks for every report job's window up to now; where there is nothing newer, there is nothing to wait for. */
async function askForExports(
  services: Services,
  takesPart: (job: { readonly connection: string }) => boolean,
  onStep: OnceOptions['onStep'],
): Promise<ReadonlyMap<string, Date>> {
  const request = requestExportOf(services);
  const asked = new Map<string, Date>();
  for (const { job } of await services.jobs.list()) {
    if (job.kind !== 'report' || job.paused || !takesPart(job)) continue;
    try {
      asked.set(job.name, (await request(job.name)).to);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      onStep(error.message);
    }
  }
  onStep(`asked for ${asked.size} exports`);
  return asked;
}

function endedUpTo(exports: readonly ExportView[], job: string, to: Date): boolean {
  return exports.some(
    (view) => view.job === job && view.to >= to && view.state !== 'running' && view.state !== 'pending',
  );
}

/** The first matter that the doubles have; the text is new in each run. */
const NOTED_MATTER = '1001';

async function askForNote(services: Services, onStep: OnceOptions['onStep']): Promise<string | undefined> {
  const connection = (await services.connections.list()).find(
    ({ provider }) => services.providers[provider]?.writeNote !== undefined,
  );
  if (connection === undefined) return undefined;
  onStep('asked for a file note');
  return requestNote(
    services,
    connection.name,
    NOTED_MATTER,
    `Compliance export checked, ${services.clock.now().toISOString()}`,
  );
}

async function pendingNotes({ stateTable, target, clock }: Services): Promise<number> {
  const store = createWorkStore(stateTable);
  // Those that were put off are pending, too.
  const horizon = new Date(clock.now().getTime() + DAY_MS);
  const shards = allShards(target.shardCount).map((shard) => store.list(shard, horizon, 100));
  return (await Promise.all(shards)).flat().filter(({ kind }) => kind === 'note').length;
}

async function playStory(
  { onStep, service }: OnceOptions,
  doubles: Doubles,
  missing: string[],
  look: Look,
  until: Until,
): Promise<void> {
  for (const step of alertStory(doubles, await mayEndToken(service.services))) {
    const before = alertEvents(await look()).length;
    onStep(step.what);
    step.happen();
    const happened = service.services.clock.now();
    const seen = await until(`${step.seenBy} has seen it`, ({ jobs, events }) => {
      const published = events.filter(({ type }) => type.startsWith('steward.alert.')).length - before;
      return (
        published >= step.events &&
        jobs.some(({ name, lastAt }) => name === step.seenBy && lastAt !== undefined && lastAt >= happened)
      );
    });
    if (!seen) return void missing.push(`nothing was published of: ${step.what}`);
  }
}

/** Whether a refusal of OpsRamp's token would be met with a refresh, and not be taken for a refusal of access. */
async function mayEndToken({ connections, clock }: Services): Promise<boolean> {
  const opsramp = (await connections.list()).filter(({ provider }) => provider === 'opsramp');
  return opsramp.every(
    ({ access, rejections = 0 }) =>
      rejections === 0 || access === undefined || clock.now().getTime() - access.issuedAt.getTime() > FRESH_TOKEN_MS,
  );
}

function alertEvents({ events }: Overview): readonly EventView[] {
  return events.filter(({ type }) => type.startsWith('steward.alert.'));
}

/** Waits a little for the queues: SNS has answered, the queue is filled right after. */
async function countAlerts(
  { everything, criticalOnly }: OnceOptions,
  overview: Overview,
): Promise<OnceResult['alerts']> {
  const published = alertEvents(overview);
  const expected = published.filter(({ severity }) => severity === 'critical').length;
  for (let tries = 0; tries < 20 && everything.received.length < published.length; tries += 1) {
    await everything.drain();
    await wait(LOOK_EVERY_MS / 2);
  }
  await Promise.all([everything.drain(), criticalOnly.drain()]);
  const ids = everything.received.map(({ id }) => id);
  return {
    versions: new Set(published.map(({ id }) => id)).size,
    published: published.length,
    received: ids.length,
    duplicates: ids.length - new Set(ids).size,
    filtered: { received: criticalOnly.received.length, expected },
  };
}

function complaints(
  exports: readonly ExportView[],
  verification: VerifyReport,
  alerts: OnceResult['alerts'],
): readonly string[] {
  const { received, published, duplicates, filtered } = alerts;
  return [
    ...exports
      .filter(({ state }) => state !== 'exported')
      .map(({ job, state, reason }) => `the export of ${job} is ${state}: ${reason ?? ''}`),
    ...verification.findings.map(({ message }) => message),
    ...(received - duplicates === published
      ? []
      : [`${published} alerts were published and ${received - duplicates} received`]),
    ...(duplicates === 0 ? [] : [`${duplicates} alerts were received twice`]),
    ...(filtered.received === filtered.expected
      ? []
      : [`the filtered subscriber received ${filtered.received} of ${filtered.expected}`]),
  ];
}
