import * as v from 'valibot';
import { ConfigInvalidError } from '../../../functions/core/errors.ts';
import { shardOf } from '../../../functions/core/events.ts';
import type { AlertJob, Job, ReportJob } from '../../../functions/core/jobs.ts';
import { suggestion } from '../../../functions/core/nearest.ts';
import type { Provider, ProviderSettings } from '../../../functions/core/provider.ts';
import { checkTimetable } from '../../../functions/core/schedules/cron.ts';
import type { SecretReference } from '../../../functions/core/connections/connection.ts';
import { type ConfigurationDocument, type Path, readDocument } from './document.ts';
import type { ConfigurationTexts } from './overlay.ts';
import { type ConfigurationFile, fileSchema } from './schema.ts';

/** A connection as `steward.yaml` wants it. */
export interface ConfiguredConnection {
  readonly name: string;
  readonly provider: string;
  readonly settings: ProviderSettings;
  readonly secret: SecretReference;
}

/** Webhooks that a provider is asked to send. */
export interface ConfiguredHook {
  readonly name: string;
  readonly connection: string;
  readonly provider: string;
  readonly shard: string;
  readonly events: readonly string[];
  readonly job: string;
}

/** Everything that a team wants, checked. */
export interface Configuration {
  readonly connections: readonly ConfiguredConnection[];
  readonly jobs: readonly Job[];
  readonly hooks: readonly ConfiguredHook[];
}

export interface ReadConfigurationOptions extends ConfigurationTexts {
  readonly providers: Readonly<Record<string, Provider>>;
  /** Topics of the stage. */
  readonly topics: readonly string[];
  readonly shardCount: number;
  /** Whether `endpoint` may name this machine. */
  readonly allowLoopback: boolean;
  readonly now: Date;
}

/**
 * Reads and checks `steward.yaml`, with the overlay of the stage.
 *
 * @throws ConfigInvalidError at the first problem: file, line, column, what is wrong there, what it may be.
 */
export function readConfiguration(options: ReadConfigurationOptions): Configuration {
  const document = readDocument(options);
  const file = checkShape(document);
  const connections = Object.entries(file.connections).map(([name, entry]) =>
    readConnection(document, options, name, entry),
  );
  const known = new Map(connections.map((connection) => [connection.name, connection]));
  const reports = Object.entries(file.reports).map(([name, entry]) =>
    readReport(document, options, known, name, entry),
  );
  const alerts = Object.entries(file.alerts).map(([name, entry]) => readAlert(document, options, known, name, entry));
  for (const { name } of alerts) {
    if (file.reports[name] !== undefined)
      throw document.invalid(['alerts', name], 'has the name of a report job: names are one list');
  }
  const hooks = Object.entries(file.hooks).map(([name, entry]) =>
    readHook(document, options, known, alerts, name, entry),
  );
  return { connections, jobs: [...reports, ...alerts], hooks };
}

function checkShape(document: ConfigurationDocument): ConfigurationFile {
  const result = v.safeParse(fileSchema, withoutExtensions(document.value ?? {}), { abortPipeEarly: true });
  if (result.success) return result.output;
  const isUnknownKey = (candidate: v.BaseIssue<unknown>) =>
    candidate.type === 'strict_object' && candidate.expected === 'never';
  const issue = result.issues.find(isUnknownKey) ?? result.issues[0];
  const path: Path = (issue.path ?? []).map(({ key }) => key as string | number);
  if (isUnknownKey(issue)) {
    throw document.invalid(path, `is not a setting here.${suggestion(String(path.at(-1)), keysBeside(path))}`);
  }
  const missing = issue.received === 'undefined';
  throw document.invalid(
    path,
    missing ? 'is missing' : issue.message.startsWith('Invalid') ? `is wrong: ${issue.message}` : issue.message,
  );
}

/** Keys that begin with `x-` are the file's own: a place for anchors. */
function withoutExtensions(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith('x-')));
}

/** The keys that may stand where an unknown one does. */
function keysBeside(path: Path): readonly string[] {
  const entries: Readonly<Record<string, v.GenericSchema>> = fileSchema.entries;
  if (path.length === 1) return Object.keys(entries);
  const section = entries[String(path[0])] as unknown as { wrapped?: { value?: { entries?: object } } } | undefined;
  return Object.keys(section?.wrapped?.value?.entries ?? {});
}

type Connections = ReadonlyMap<string, ConfiguredConnection>;

function readConnection(
  document: ConfigurationDocument,
  { providers, allowLoopback }: ReadConfigurationOptions,
  name: string,
  entry: ConfigurationFile['connections'][string],
): ConfiguredConnection {
  const { provider: id, secret, requestsPerMinute, ...own } = entry;
  const path = ['connections', name];
  const provider = Object.hasOwn(providers, id) ? providers[id] : undefined;
  if (provider === undefined) {
    throw document.invalid(
      [...path, 'provider'],
      `names the unknown provider ${id}.${suggestion(id, Object.keys(providers))}`,
    );
  }
  const parsed = located(document, path, own, () => provider.parseSettings(own));
  const settings: ProviderSettings = requestsPerMinute === undefined ? parsed : { ...parsed, requestsPerMinute };
  if (settings.endpoint !== undefined) checkEndpoint(document, [...path, 'endpoint'], settings.endpoint, allowLoopback);
  const [secretName, key] = secret.split('#') as [string, string | undefined];
  return { name, provider: id, settings, secret: key === undefined ? { name: secretName } : { name: secretName, key } };
}

function checkEndpoint(document: ConfigurationDocument, path: Path, endpoint: string, allowLoopback: boolean): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const loopback = url !== undefined && /^(127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (url?.protocol === 'https:' && !loopback) return;
  if (loopback && allowLoopback) return;
  const advice = loopback ? 'is on this machine: say --allow-loopback to permit that' : 'must be an https address';
  throw document.invalid(path, advice);
}

/** Gives a complaint of a provider's folder its place in the file: the field that it names, or the entry. */
function located<T>(document: ConfigurationDocument, path: Path, entry: object, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigInvalidError)) throw error;
    const { fault } = error;
    if (fault !== undefined) throw document.invalid([...path, ...fault.path], fault.problem);
    const words = error.message.split(/\W+/);
    const field = Object.keys(entry).find((key) => words.includes(key));
    throw document.invalid(field === undefined ? path : [...path, field], `is wrong: ${error.message}`);
  }
}

function connectionOf(
  document: ConfigurationDocument,
  known: Connections,
  path: Path,
  name: string,
): ConfiguredConnection {
  const connection = known.get(name);
  if (connection !== undefined) return connection;
  throw document.invalid(
    [...path, 'connection'],
    `names the unknown connection ${name}.${suggestion(name, [...known.keys()])}`,
  );
}

function checkTopic(document: ConfigurationDocument, path: Path, topic: string, topics: readonly string[]): void {
  if (topics.includes(topic)) return;
  throw document.invalid(
    [...path, 'topic'],
    `names the unknown topic ${topic}.${suggestion(topic, topics)} Topics are made in infra/stages.ts.`,
  );
}

function readReport(
  document: ConfigurationDocument,
  options: ReadConfigurationOptions,
  known: Connections,
  name: string,
  entry: ConfigurationFile['reports'][string],
): ReportJob {
  const path = ['reports', name];
  const connection = connectionOf(document, known, path, entry.connection);
  const sources = options.providers[connection.provider]?.sources ?? {};
  const source = Object.hasOwn(sources, entry.source) ? sources[entry.source] : undefined;
  if (source === undefined) {
    const advice = suggestion(entry.source, Object.keys(sources));
    throw document.invalid(
      [...path, 'source'],
      `names ${entry.source}, which ${connection.provider} does not have.${advice}`,
    );
  }
  checkTopic(document, path, entry.topic, options.topics);
  const timetable = { cron: entry.schedule, zone: entry.zone };
  located(document, path, entry, () => checkTimetable(timetable, options.now));
  return {
    kind: 'report',
    name,
    connection: connection.name,
    provider: connection.provider,
    source: entry.source,
    options: located(document, [...path, 'options'], entry.options, () => source.parseOptions(entry.options)),
    shard: shardOf(connection.name, options.shardCount),
    paused: entry.paused,
    topic: entry.topic,
    ...timetable,
    ...(entry.startAt === undefined ? {} : { startAt: entry.startAt }),
    formats: entry.formats,
    gzip: entry.gzip,
    defuseFormulas: entry.defuseFormulas,
    retention: entry.retention,
  };
}

function readAlert(
  document: ConfigurationDocument,
  options: ReadConfigurationOptions,
  known: Connections,
  name: string,
  entry: ConfigurationFile['alerts'][string],
): AlertJob {
  const path = ['alerts', name];
  const connection = connectionOf(document, known, path, entry.connection);
  const sources = options.providers[connection.provider]?.alertSources ?? {};
  const source = Object.hasOwn(sources, entry.source) ? sources[entry.source] : undefined;
  if (source === undefined) {
    const advice = suggestion(entry.source, Object.keys(sources));
    throw document.invalid(
      [...path, 'source'],
      `names ${entry.source}, which ${connection.provider} has no alerts of.${advice}`,
    );
  }
  checkTopic(document, path, entry.topic, options.topics);
  return {
    kind: 'alert',
    name,
    connection: connection.name,
    provider: connection.provider,
    source: entry.source,
    options: located(document, [...path, 'filter'], entry.filter, () => source.parseOptions(entry.filter)),
    shard: shardOf(connection.name, options.shardCount),
    paused: entry.paused,
    topic: entry.topic,
    everySeconds: entry.every,
    announceExisting: entry.announceExisting,
    stormThreshold: entry.stormThreshold,
    maintenance: entry.maintenance,
  };
}

function readHook(
  document: ConfigurationDocument,
  { providers, shardCount }: ReadConfigurationOptions,
  known: Connections,
  alerts: readonly AlertJob[],
  name: string,
  entry: ConfigurationFile['hooks'][string],
): ConfiguredHook {
  const path = ['hooks', name];
  const { provider } = connectionOf(document, known, path, entry.connection);
  const profile = providers[provider]?.hooks;
  if (profile?.standing === undefined)
    throw document.invalid(
      [...path, 'connection'],
      `names ${entry.connection}, whose provider ${provider} has no webhooks to register`,
    );
  const job = alerts.find((candidate) => candidate.name === entry.job && candidate.connection === entry.connection);
  if (job === undefined) {
    const names = alerts
      .filter((candidate) => candidate.connection === entry.connection)
      .map((candidate) => candidate.name);
    throw document.invalid(
      [...path, 'job'],
      `names ${entry.job}, which is no alert job of ${entry.connection}.${suggestion(entry.job, names)}`,
    );
  }
  if (job.source !== profile.alertSource)
    throw document.invalid(
      [...path, 'job'],
      `names ${entry.job}, which reads ${job.source}: webhooks feed ${profile.alertSource}`,
    );
  const shard = shardOf(entry.connection, shardCount);
  return { name, connection: entry.connection, provider, shard, events: entry.events, job: entry.job };
}
