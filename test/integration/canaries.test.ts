import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKmsDataKeys } from '../../functions/adapters/kms/data-keys.ts';
import { createSealer } from '../../functions/core/sealing/sealer.ts';
import { connectLink } from '../../infra/cli/commands/connect.ts';
import { requestExportOf } from '../../infra/cli/commands/export.ts';
import { DEMO_SECRETS } from '../../infra/local/demo.ts';
import { metricsOf } from '../../infra/local/lambda/log.ts';
import { consentFlow } from '../../infra/local/providers/actionstep/consent.ts';
import { type Subscriber, subscribe } from '../../infra/local/subscriber.ts';
import { eventually, type RunningService, startRunning } from '../support/running-service.ts';
import { findSecrets, formsOf } from '../support/secret-scan.ts';

/** Where secrets have to be, on one machine: Secrets Manager's own store and KMS's keys. */
const VAULTS = new Set(['secrets.json', 'kms.json']);
const NAMES = ['harbour-law', 'northwind-endpoints', 'northwind-operations'];

/** A run of the whole service with everything that it writes, and with every secret that it was given. */
class Run {
  readonly secrets = new Map([
    ['client secret of actionstep', DEMO_SECRETS.actionstep.clientSecret as string],
    ['client secret of action1', DEMO_SECRETS.action1.northwind.clientSecret],
    ['client secret of opsramp', DEMO_SECRETS.opsramp.clientSecret],
  ]);
  readonly answers: string[] = [];
  readonly running: RunningService;
  readonly lines: readonly string[];
  readonly subscribers: readonly Subscriber[];

  private constructor(running: RunningService, lines: readonly string[], subscribers: readonly Subscriber[]) {
    this.running = running;
    this.lines = lines;
    this.subscribers = subscribers;
  }

  static async start(): Promise<Run> {
    const lines: string[] = [];
    const subscribers: Subscriber[] = [];
    const running = await startRunning({
      accessLifeSeconds: 12,
      onHostEvent: (event) => void lines.push(event.kind === 'line' ? event.line : JSON.stringify(event)),
      onCloud: (cloud) => void subscribers.push(subscribe(cloud, 'events'), subscribe(cloud, 'alerts')),
    });
    return new Run(running, lines, subscribers);
  }

  /** As a browser does it, and its answers kept; what has to be in a header of ours is taken out of it. */
  async ask(url: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(url, { redirect: 'manual', ...init });
    const headers = [...response.headers].filter(([name]) => name !== 'set-cookie' && name !== 'location');
    const location = response.headers.get('location') ?? '';
    const own = location.startsWith('/') ? location : '';
    this.answers.push(`${response.status} ${JSON.stringify(headers)} ${own} ${await response.clone().text()}`);
    return response;
  }

  /** A consent with its mistakes: a browser without the cookie first, a reload last. */
  async connect(): Promise<void> {
    const link = await connectLink(this.running.service.services, 'harbour-law', { authorizedBy: 'Pat Example' });
    this.secrets.set('ticket', new URL(link).pathname.split('/').at(-1) ?? '');
    await this.ask(link);
    const sent = await this.ask(link, { method: 'POST' });
    const authorize = new URL(sent.headers.get('location') ?? '');
    const [cookie = ''] = (sent.headers.get('set-cookie') ?? '').split(';');
    this.secrets.set('state', authorize.searchParams.get('state') ?? '');
    this.secrets.set('cookie', cookie.split('=').at(1) ?? '');
    const stranger = await consentFlow(authorize.href);
    if (stranger.status !== 400) throw new Error(`A browser without its cookie was answered ${stranger.status}`);
    this.answers.push(stranger.body);
    const callback = new URL(stranger.url);
    this.secrets.set('code', callback.searchParams.get('code') ?? '');
    const landed = await this.ask(callback.href, { headers: { cookie } });
    if (landed.headers.get('location') !== '/outcome/connected') throw new Error('The consent did not end well');
    await this.ask(callback.href, { headers: { cookie } });
    await this.ask(new URL('/outcome/connected', callback).href);
    await this.ask(`${callback.href}&state=again`);
  }

  /** Opens what is stored now, as the functions would. */
  async collectTokens(): Promise<void> {
    const { services } = this.running.service;
    const clock = services.clock;
    const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };
    const keys = createKmsDataKeys({ client: services.kms, keyArn: sealingKeyOf(this.running), stage: 'local' });
    const sealer = createSealer({ keys, clock, random });
    for (const name of NAMES) {
      const found = await services.connections.find(name);
      for (const purpose of ['access', 'refresh'] as const) {
        const token = found?.[purpose];
        if (found === undefined || token === undefined) continue;
        const { provider, generation } = found;
        const context = { provider, connection: name, purpose, generation };
        this.secrets.set(`${purpose} token ${generation} of ${name}`, await sealer.open(token.sealed, context));
      }
    }
  }

  async sinks(): Promise<Map<string, Buffer>> {
    const { service, directory } = this.running;
    const { connectionsTable, stateTable } = service.services;
    const isMetric = (line: string) => metricsOf(line) !== undefined;
    for (const subscriber of this.subscribers) await subscriber.drain();
    const sinks = new Map<string, Buffer>([
      ['the log', Buffer.from(this.lines.filter((line) => !isMetric(line)).join('\n'))],
      ['the metrics', Buffer.from(this.lines.filter(isMetric).join('\n'))],
      ['answers to browsers', Buffer.from(this.answers.join('\n'))],
      ['messages', Buffer.from(JSON.stringify(this.subscribers.map(({ received }) => received)))],
      ['the table connections', await dump(connectionsTable.client, connectionsTable.tableName)],
      ['the table state', await dump(stateTable.client, stateTable.tableName)],
    ]);
    for (const [name, bytes] of filesOf(directory)) if (!VAULTS.has(name)) sinks.set(`the file ${name}`, bytes);
    return sinks;
  }
}

function sealingKeyOf({ directory }: RunningService): string {
  const description = JSON.parse(readFileSync(join(directory, 'local.json'), 'utf8')) as { sealingKeyArn: string };
  return description.sealingKeyArn;
}

/** Every item; binaries as their bytes, so that nothing hides behind an encoding of ours. */
async function dump(client: DynamoDBClient, tableName: string): Promise<Buffer> {
  const texts: string[] = [];
  const pages = paginateScan({ client }, { TableName: tableName, ConsistentRead: true });
  for await (const { Items = [] } of pages) {
    texts.push(
      JSON.stringify(Items, (_key, value: unknown) => {
        return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value;
      }),
    );
  }
  return Buffer.from(texts.join('\n'));
}

function filesOf(directory: string): readonly (readonly [string, Buffer])[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const bytes = readFileSync(path);
      const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
      return [relative(directory, path), isGzip ? Buffer.concat([bytes, gunzipSync(bytes)]) : bytes] as const;
    });
}

describe('secrets of a whole run: connect, refresh, export, alert', () => {
  let run: Run;
  let sinks: Map<string, Buffer>;

  beforeAll(async () => {
    run = await Run.start();
    await run.connect();
    const { services, cloud } = run.running.service;
    for (const job of ['matters', 'vulnerabilities']) await requestExportOf(services)(job);
    await eventually('two refreshes', async () => {
      await run.collectTokens();
      return ((await run.running.service.services.connections.find('harbour-law'))?.generation ?? 0) >= 3;
    });
    await eventually('two manifests', async () => {
      await run.collectTokens();
      const files = filesOf(join(cloud.directory, 'archive')).map(([name]) => name);
      return new Set(files.filter((name) => name.includes('manifest.json')).map((name) => dirname(name))).size >= 2;
    });
    await run.collectTokens();
    await run.ask(run.running.service.url);
    sinks = await run.sinks();
  }, 90_000);
  afterAll(async () => {
    await run?.running.stop();
  });

  it('are as many as there should be, and the sinks are full', () => {
    const kinds = [...run.secrets.keys()].map((name) => name.replace(/ token \d+ of /, ' token of '));
    for (const kind of ['ticket', 'state', 'cookie', 'code', 'refresh token of harbour-law']) {
      expect(kinds).toContain(kind);
    }
    for (const name of NAMES) expect(kinds).toContain(`access token of ${name}`);
    expect([...run.secrets.values()].filter((secret) => secret.length < 8)).toEqual([]);
    for (const sink of ['the log', 'the metrics', 'answers to browsers', 'messages', 'the table connections']) {
      expect([sink, (sinks.get(sink)?.length ?? 0) > 100]).toEqual([sink, true]);
    }
    const files = [...sinks.keys()].filter((name) => name.startsWith('the file '));
    for (const folder of ['archive/', 'executions/', 'dynamodb']) {
      expect([folder, files.some((name) => name.startsWith(`the file ${folder}`))]).toEqual([folder, true]);
    }
  });

  it('S71, S86, I11: occur in no log, metric, answer, message, table, archive or execution, in no encoding', () => {
    expect(findSecrets(run.secrets, sinks)).toEqual([]);
  });

  it('lie where they have to: in the vault, and nowhere beside it', () => {
    const vault = readFileSync(join(run.running.directory, 'secrets.json'));
    const clients = new Map([...run.secrets].filter(([name]) => name.startsWith('client secret')));
    expect(findSecrets(clients, new Map([['the vault', vault]])).length).toBeGreaterThanOrEqual(clients.size);
  });

  it('would be found: each form of each secret, planted in a sink', () => {
    for (const [what, secret] of run.secrets) {
      for (const [form, text] of formsOf(secret)) {
        const planted = new Map([['a sink', Buffer.from(`{"note":"${text}"}`)]]);
        expect(findSecrets(new Map([[what, secret]]), planted)).toContain(`${what}, ${form}, in a sink`);
      }
      for (const offset of [0, 1, 2]) {
        const wrapped = Buffer.from(`${'x'.repeat(offset)}${secret}yz`).toString('base64');
        expect(findSecrets(new Map([[what, secret]]), new Map([['a sink', Buffer.from(wrapped)]]))).not.toEqual([]);
      }
    }
  });
});
