import { rmSync, writeFileSync } from 'node:fs';
import { PROVIDERS } from '../../functions/providers/registry.ts';
import { buildFunctions } from '../build.ts';
import { prepareApply } from '../cli/apply/apply.ts';
import { storeCredentials } from '../cli/commands/credentials.ts';
import { readConfiguration } from '../cli/configuration/configuration.ts';
import type { ConfigurationTexts } from '../cli/configuration/overlay.ts';
import { createConsole } from '../cli/console/server.ts';
import { createOverviewReader } from '../cli/read-overview.ts';
import { createServices, type Services } from '../cli/services.ts';
import { type LocalDescription, LOCAL_STAGE, localFile, openTarget } from '../cli/target.ts';
import { FUNCTIONS, functionShape, type FunctionName } from '../functions.ts';
import { type LocalCloud, startLocalCloud } from './cloud.ts';
import { endDeadLeases } from './dead-leases.ts';
import { startHttpFront } from './http-front.ts';
import { type HostEvent } from './lambda/log.ts';
import { type LambdaHost, startLambdaHost } from './lambda/host.ts';
import { startTicker, type Ticker } from './ticker.ts';

/** A client, or clients by key. */
export type SecretsFile = Readonly<Record<string, SecretEntry>>;
type SecretClient = { readonly clientId: string; readonly clientSecret: string };
export type SecretEntry = SecretClient | Readonly<Record<string, SecretClient>>;

export interface ConfigurationSource extends ConfigurationTexts {
  readonly secrets: SecretsFile;
  readonly allowLoopback: boolean;
}

export interface ServiceOptions {
  readonly directory: string;
  /** The caller has locked the folder, and unlocks it. */
  readonly isLocked?: boolean;
  /** Of the HTTP API and the console. */
  readonly port: number;
  /** Overrides the schedules' minute. */
  readonly tickSeconds?: number;
  readonly configuration: ConfigurationSource;
  readonly onStep: (what: string) => void;
  /** Called before anything can be published: a subscriber that must not miss a message subscribes here. */
  readonly onCloud?: (cloud: LocalCloud) => void;
  readonly onHostEvent: (event: HostEvent) => void;
}

/** Everything, running on this machine. */
export interface LocalService {
  /** The HTTP API, and the console. */
  readonly url: string;
  readonly cloud: LocalCloud;
  readonly host: LambdaHost;
  readonly services: Services;
  readonly ticker: Ticker;
  stop(): Promise<void>;
}

/** Two, so that the code for several is what runs here too. */
const SHARD_COUNT = 2;
const SECRET_PREFIX = `steward/${LOCAL_STAGE}/`;

/**
 * Starts the whole service from the bundles that a deploy would upload.
 *
 * @throws ConfigInvalidError when the configuration, the folder or the port is wrong; nothing runs then.
 */
export async function startService(options: ServiceOptions): Promise<LocalService> {
  const { directory, onStep } = options;
  const configuration = readSource(options.configuration);
  const stops: (() => Promise<void> | void)[] = [];
  let stopping = false;
  const stop = async () => {
    stopping = true;
    for (const one of stops.splice(0).toReversed()) await one();
  };
  try {
    onStep('building the functions');
    const built = await buildFunctions();
    onStep('starting AWS on loopback');
    const cloud = await startLocalCloud({ directory, isLocked: options.isLocked ?? false });
    stops.push(() => cloud.stop());
    options.onCloud?.(cloud);
    const latebound: { host?: LambdaHost; answer?: ReturnType<typeof createConsole> } = {};
    const front = await startHttpFront({
      functions: FUNCTIONS,
      host: { invoke: (...call) => hostOf(latebound).invoke(...call) },
      port: options.port,
      otherwise: (request, response) => latebound.answer?.(request, response),
    });
    stops.push(() => front.stop());
    const host = await startLambdaHost({
      cloud,
      functions: built.map(({ name, directory: taskRoot }) =>
        hosted(name as FunctionName, taskRoot, cloud, front.url, options.configuration.allowLoopback),
      ),
      // What is under way when everything stops is killed with it: that is no failure.
      onLog: (event) => {
        if (!stopping) options.onHostEvent(event);
      },
    });
    stops.push(() => host.stop());
    latebound.host = host;
    describe(directory, cloud, front.url);
    stops.push(() => rmSync(localFile(directory), { force: true }));
    const services = createServices(await openTarget({ directory }));
    latebound.answer = createConsole({ services, readOverview: createOverviewReader(services) });
    const ended = await endDeadLeases(services.stateTable, services.clock.now());
    if (ended > 0) onStep(`the run before was killed: taking over ${ended} things that it was at`);
    onStep('storing credentials and applying the configuration');
    await storeSecrets(services, options.configuration.secrets);
    await (await prepareApply(services, configuration)).carryOut();
    const ticker = startTicker({
      functions: FUNCTIONS,
      shardCount: SHARD_COUNT,
      host,
      ...(options.tickSeconds === undefined ? {} : { everySeconds: options.tickSeconds }),
    });
    stops.push(() => ticker.stop());
    return { url: front.url, cloud, host, services, ticker, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * What a configuration says, judged as this machine would run it. Nothing is written.
 *
 * @throws ConfigInvalidError
 */
export function readSource(source: ConfigurationSource) {
  return readConfiguration({
    ...source,
    providers: PROVIDERS,
    topics: ['alerts', 'events'],
    shardCount: SHARD_COUNT,
    now: new Date(),
  });
}

function hostOf({ host }: { readonly host?: LambdaHost }): LambdaHost {
  if (host === undefined) throw new Error('A request came before the functions were there');
  return host;
}

/** The row of `infra/functions.ts`, with the values that CDK would fill in. */
function hosted(
  name: FunctionName,
  taskRoot: string,
  cloud: LocalCloud,
  publicBaseUrl: string,
  allowLoopback: boolean,
) {
  const { timeoutSeconds, memoryMb, environment, durable } = functionShape(name);
  const values = environmentValues(cloud, publicBaseUrl);
  const variables = Object.fromEntries(environment.map((variable) => [variable, values[variable] ?? '']));
  return {
    name,
    taskRoot,
    timeoutSeconds,
    memoryMb,
    environment: { ...variables, ...(allowLoopback ? { EGRESS_LOOPBACK: 'allowed' } : {}) },
    ...(durable === undefined ? {} : { durable }),
  };
}

function environmentValues(cloud: LocalCloud, publicBaseUrl: string): Readonly<Record<string, string>> {
  const { resources } = cloud;
  return {
    STAGE: LOCAL_STAGE,
    SHARD_COUNT: String(SHARD_COUNT),
    CONNECTIONS_TABLE_NAME: resources.connectionsTableName,
    STATE_TABLE_NAME: resources.stateTableName,
    ARCHIVE_BUCKET_NAME: resources.archiveBucketName,
    RESCUE_BUCKET_NAME: resources.rescueBucketName,
    SEALING_KEY_ARN: resources.sealingKeyArn,
    SIGNING_KEY_ARN: resources.signingKeyArn,
    SECRET_PREFIX,
    PUBLIC_BASE_URL: publicBaseUrl,
    PUBLISHER_FUNCTION_NAME: 'event-publisher',
    EXPORT_FUNCTION_ARN: cloud.functionArn('report-export', '1'),
    TOPIC_ARNS: JSON.stringify(resources.topicArns),
  };
}

/** Tells the commands where we are. */
function describe(directory: string, cloud: LocalCloud, publicBaseUrl: string): void {
  const description: LocalDescription = {
    pid: process.pid,
    endpoint: cloud.endpoint,
    region: cloud.environment['AWS_REGION'] ?? 'us-east-1',
    ...cloud.resources,
    secretPrefix: SECRET_PREFIX,
    publicBaseUrl,
    publisherFunctionName: 'event-publisher',
    shardCount: SHARD_COUNT,
  };
  writeFileSync(localFile(directory), `${JSON.stringify(description, null, 2)}\n`, { mode: 0o600 });
}

async function storeSecrets({ secrets }: Services, file: SecretsFile): Promise<void> {
  for (const [name, entry] of Object.entries(file)) {
    const clients: readonly (readonly [string | undefined, SecretClient])[] = isClient(entry)
      ? [[undefined, entry]]
      : Object.entries(entry);
    for (const [key, client] of clients) await storeCredentials(secrets, `${SECRET_PREFIX}${name}`, key, client);
  }
}

function isClient(entry: SecretEntry): entry is SecretClient {
  return typeof (entry as SecretClient).clientSecret === 'string';
}
