import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWindowStore } from '../../functions/adapters/dynamodb/window-store.ts';
import type { WindowRecord } from '../../functions/core/schedules/window-store.ts';
import { verifyArchive } from '../../functions/core/reports/verify.ts';
import { DAY_MS, HOUR_MS } from '../../functions/core/time.ts';
import { connectLink } from '../../infra/cli/commands/connect.ts';
import { requestExportOf } from '../../infra/cli/commands/export.ts';
import { fetchPublicKey } from '../../infra/cli/verify.ts';
import { openFolder } from '../../infra/cli/verify-readers.ts';
import { consentFlow } from '../../infra/local/providers/actionstep/consent.ts';
import { type Oauth2Simulator, startOauth2Simulator } from '../../infra/local/providers/oauth2/simulator.ts';
import { type LocalService, startService } from '../../infra/local/service.ts';
import { type Subscriber, subscribe } from '../../infra/local/subscriber.ts';
import { eventually } from '../support/running-service.ts';

const NOW = Date.now();
const LEDGER = { clientId: 'ledger-client', clientSecret: 'ledger client/secret+1' };
const MONITOR = { clientId: 'monitor-client', clientSecret: 'monitor-secret-2' };

/** One an hour over the last week. */
const INVOICES = Array.from({ length: 170 }, (_, at) => ({
  id: at + 1,
  number: `R-${at + 1}`,
  status: at % 3 === 0 ? 'paid' : 'open',
  amount: at * 10,
  customer: { name: `Customer ${at % 7}` },
  updatedAt: `${new Date(NOW - at * HOUR_MS).toISOString().slice(0, 19)}Z`,
}));
const INCIDENT = { id: 'i-1', summary: 'Disk full', priority: 'P1', status: 'new', host: { name: 'web-03' } };

describe('the example of a fourth provider, against doubles of two unknown APIs', () => {
  const directory = mkdtempSync(join(tmpdir(), 'steward-oauth2-'));
  let ledger: Oauth2Simulator;
  let monitor: Oauth2Simulator;
  let service: LocalService;
  let alerts: Subscriber;
  const connection = (name: string) => service.services.connections.find(name);
  const connected = (name: string) =>
    eventually(`${name} is connected`, async () => {
      const found = await connection(name);
      return found?.health === 'connected' && found;
    });
  const windowsOf = async (job: string): Promise<readonly WindowRecord[]> =>
    createWindowStore(service.services.stateTable).list(job, 100);

  beforeAll(async () => {
    ledger = await startOauth2Simulator({
      ...LEDGER,
      clientAuthentication: 'basic',
      expiresIn: 'text',
      maxPageSize: 40,
      collections: { invoices: INVOICES, customers: [{ id: 1, name: 'Acme' }] },
    });
    monitor = await startOauth2Simulator({
      ...MONITOR,
      clientAuthentication: 'post',
      links: 'relative',
      collections: { hosts: [{ id: 'web-03' }, { id: 'web-04' }], incidents: [] },
    });
    const example = readFileSync(new URL('../../infra/cli/examples/generic-oauth2.yaml', import.meta.url), 'utf8');
    const text = example
      .replace('provider: oauth2\n', `provider: oauth2\n    endpoint: ${ledger.url}\n`)
      .replace(
        'provider: oauth2-client\n',
        `provider: oauth2-client\n    endpoint: ${monitor.url}\n    requestsPerMinute: 6000\n`,
      )
      .replace('requestsPerMinute: 120', 'requestsPerMinute: 6000')
      .replace(
        "schedule: '0 2 * * *'",
        `schedule: '0 2 * * *'\n    startAt: ${new Date(NOW - 4 * DAY_MS).toISOString()}`,
      )
      .replace('every: 2m', 'every: 1s');
    service = await startService({
      directory,
      port: 0,
      tickSeconds: 1,
      configuration: {
        fileName: 'generic-oauth2.yaml',
        text,
        secrets: { ledger: LEDGER, monitor: MONITOR },
        allowLoopback: true,
      },
      onStep: () => undefined,
      onHostEvent: () => undefined,
      onCloud: (cloud) => void (alerts = subscribe(cloud, 'alerts')),
    });
  }, 90_000);
  afterAll(async () => {
    await service?.stop();
    await Promise.all([ledger?.stop(), monitor?.stop()]);
    rmSync(directory, { recursive: true, force: true });
  });

  it('connects by a person’s consent, with PKCE, at the redirect URI of that server', { timeout: 60_000 }, async () => {
    const link = await connectLink(service.services, 'ledger', { authorizedBy: 'Pat Example' });
    const { url, hops } = await consentFlow(link);
    expect(new URL(url).pathname).toBe('/outcome/connected');
    expect(hops.join(' ')).toContain('/callback/oauth2.login.ledger.example');
    expect(await connected('ledger')).toMatchObject({
      authorizedBy: 'Pat Example',
      scopes: ['invoices.read', 'offline_access'],
    });
    const { refresh } = await connected('ledger');
    expect(refresh && refresh.expiresAt.getTime() - refresh.issuedAt.getTime()).toBe(60 * DAY_MS);
  });

  it('connects by client credentials, and asks nobody', { timeout: 60_000 }, async () => {
    const found = await connected('monitor');
    expect([found.generation, found.refresh]).toEqual([1, undefined]);
    expect(monitor.control.granted()).toEqual({ client_credentials: 1 });
  });

  it(
    'exports every window once, reconciled, after a refresh that the API’s 401 asked for',
    { timeout: 150_000 },
    async () => {
      ledger.control.expireAccessTokens();
      const before = (await connected('ledger')).generation;
      for (const job of ['customers', 'hosts']) await requestExportOf(service.services)(job);
      const windows = await eventually(
        'all exports',
        async () => {
          const invoices = (await windowsOf('invoices')).filter(({ state }) => state === 'exported');
          const others = [...(await windowsOf('customers')), ...(await windowsOf('hosts'))];
          return (
            invoices.length >= 2 && others.length === 2 && others.every(({ state }) => state === 'exported') && invoices
          );
        },
        120_000,
      );
      expect((await connected('ledger')).generation).toBeGreaterThan(before);
      expect(ledger.control.granted()).toMatchObject({ authorization_code: 1, refresh_token: expect.any(Number) });

      const [from, to] = [Math.min(...windows.map((one) => +one.from)), Math.max(...windows.map((one) => +one.to))];
      const inside = INVOICES.filter(({ updatedAt }) => Date.parse(updatedAt) >= from && Date.parse(updatedAt) < to);
      expect(windows.reduce((sum, { sealed }) => sum + (sealed?.rows ?? 0), 0)).toBe(inside.length);
      expect(inside.length).toBeGreaterThan(30);

      const { kms, target } = service.services;
      const reader = openFolder(join(service.cloud.directory, 'archive'));
      const report = await verifyArchive(reader, await fetchPublicKey(kms, target.signingKeyArn));
      expect({ ok: report.ok, jobs: report.jobs.map(({ job }) => job).toSorted() }).toEqual({
        ok: true,
        jobs: ['ledger/customers', 'ledger/invoices', 'monitor/hosts'],
      });
    },
  );

  it('opens, changes and resolves an alert, each once', { timeout: 60_000 }, async () => {
    const seen = (type: string) =>
      eventually(type, async () => {
        await alerts.drain();
        return alerts.received.find((event) => event.type === `steward.alert.${type}`);
      });
    monitor.control.put('incidents', INCIDENT);
    expect(await seen('opened')).toMatchObject({ severity: 'critical', state: 'open' });
    monitor.control.put('incidents', { ...INCIDENT, status: 'acknowledged' });
    expect(await seen('changed')).toMatchObject({ state: 'acknowledged' });
    monitor.control.put('incidents', { ...INCIDENT, status: 'closed' });
    expect(await seen('resolved')).toMatchObject({ state: 'resolved' });
    expect(alerts.received.filter(({ type }) => type.startsWith('steward.alert.'))).toHaveLength(3);
  });
});

describe('the vendor on this machine that infra/ADD-A-PROVIDER.md starts', () => {
  it('prints its address and its client, and hands that client a token and the lists of the example', async () => {
    const main = fileURLToPath(new URL('../../infra/local/providers/oauth2/main.ts', import.meta.url));
    const vendor = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    for await (const line of createInterface({ input: vendor.stdout })) if (lines.push(line) === 2) break;
    const [, endpoint = ''] = /^endpoint: (http:\S+)$/.exec(lines[0] ?? '') ?? [];
    const { clientId, clientSecret } = JSON.parse(/\{.*\}/.exec(lines[1] ?? '')?.[0] ?? '') as Record<string, string>;
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: `${clientId}`,
      client_secret: `${clientSecret}`,
    });
    const reply = (await (await fetch(`${endpoint}/oauth2/token`, { method: 'POST', body })).json()) as {
      access_token: string;
    };
    const headers = { authorization: `Bearer ${reply.access_token}` };
    for (const list of ['page/invoices', 'page/customers', 'link-header/hosts', 'cursor/incidents']) {
      const { data } = (await (await fetch(`${endpoint}/api/${list}`, { headers })).json()) as { data: unknown[] };
      expect([list, data.length > 0]).toEqual([list, true]);
    }
    vendor.kill();
  });
});
