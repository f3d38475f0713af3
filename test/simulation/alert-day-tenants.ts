import { fingerprintOf } from '../../functions/core/alerts/fingerprint.ts';
import type { Alert, AlertPage, AlertSource } from '../../functions/core/alerts/source.ts';
import type { HttpRequest } from '../../functions/core/http.ts';
import { bodyJson } from '../../functions/core/http.ts';
import type { CallApi, Provider, ProviderSettings } from '../../functions/core/provider.ts';
import { vulnerabilityAlerts } from '../../functions/providers/action1/alerts/vulnerabilities.ts';
import { action1 } from '../../functions/providers/action1/provider.ts';
import { toAlert } from '../../functions/providers/opsramp/alert-mapping.ts';
import { opsramp } from '../../functions/providers/opsramp/provider.ts';
import { createAction1Model } from '../../infra/local/providers/action1/model.ts';
import { DEFAULT_CREDENTIALS } from '../../infra/local/providers/action1/options.ts';
import { createOpsrampModel } from '../../infra/local/providers/opsramp/model.ts';
import { SIMULATED_TENANT } from '../../infra/local/providers/opsramp/options.ts';
import { anAlert } from '../support/alert-world.ts';
import { chance, pick } from './random.ts';

/** What a vendor's double answers. */
interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The state of an alert that the provider no longer has. */
export const GONE = 'gone';

/** How an alert stands, in one word. How bad it was is no part of its being over. */
export function printOf(alert: Alert): string {
  if (alert.state !== 'resolved') return fingerprintOf(alert);
  return alert.details['reason'] === undefined ? fingerprintOf({ ...alert, severity: 'info' }) : GONE;
}

/** One tenant at one provider: what it answers, what happens there, and how its alerts really stand. */
export interface Tenant {
  readonly name: string;
  readonly provider: Provider;
  readonly source: string;
  readonly settings: ProviderSettings;
  /** A token that the double takes. */
  token(now: Date): string;
  answer(request: HttpRequest, now: Date): Answer;
  /** One alert is born. */
  bear(key: string): void;
  /** Something happens to one of the alerts that stand, or nothing. */
  touch(key: string): void;
  /** How every alert that there ever was stands; `GONE` where it is no more. */
  truth(now: Date): Promise<ReadonlyMap<string, string>>;
  expireTokens(): void;
}

export interface TenantOptions {
  readonly seed: number;
  readonly name: string;
  readonly now: () => Date;
}

const request = (given: HttpRequest) => ({
  method: given.method,
  url: `${given.url.pathname}${given.url.search}`,
  headers: given.headers ?? {},
  body: given.body ?? '',
});

function tokenIn(body: string): string {
  return (JSON.parse(body) as { access_token: string }).access_token;
}

/** OpsRamp: acknowledging and closing leave `updatedTime` alone; an alert comes back to states that it had. */
export function opsrampTenant({ seed, name, now }: TenantOptions): Tenant {
  const switches = { rateLimits: false, indexLagSeconds: pick(seed, 'lag', [0, 0, 60]) };
  const model = createOpsrampModel({
    now: now(),
    seed,
    alerts: 0,
    resources: 5,
    incidents: 0,
    compliances: 0,
    switches,
  });
  const control = model.control(now);
  const settings = opsramp.parseSettings({
    host: 'acme.api.opsramp.com',
    tenantId: SIMULATED_TENANT.tenantId,
    endpoint: `https://${name}.test`,
  });
  const token = (at: Date) =>
    tokenIn(
      model.handle(request(opsramp.token.request({ type: 'client-credentials' }, settings, SIMULATED_TENANT)), at).body,
    );
  const standing = new Map<string, 'Critical' | 'Warning'>();
  const prints = new Map<string, string>();
  const dirty = new Set<string>();
  return {
    name,
    provider: opsramp,
    source: 'alerts',
    settings,
    token,
    answer: (given, at) => model.handle(request(given), at),
    expireTokens: () => control.expireTokens(),
    bear(key) {
      const currentState = pick(seed, `born ${key}`, ['Critical', 'Warning'] as const);
      const id = control.openAlert({ subject: `Alert ${key}`, currentState });
      standing.set(id, currentState);
      dirty.add(id);
    },
    touch(key) {
      const id = pick(seed, `which ${key}`, [...standing.keys()]);
      const state = standing.get(id);
      if (state === undefined) return;
      dirty.add(id);
      const dice = chance(seed, `what ${key}`);
      if (dice < 0.35) {
        const currentState = state === 'Critical' ? 'Warning' : 'Critical';
        standing.set(id, currentState);
        control.changeAlert(id, { currentState });
      } else if (dice < 0.5) control.acknowledge(id);
      else if (dice < 0.62) control.changeAlert(id, {});
      else {
        standing.delete(id);
        if (dice < 0.85) control.heal(id);
        else control.close(id);
      }
    },
    async truth(at) {
      const authorization = `Bearer ${token(at)}`;
      for (const id of dirty) {
        const url = `/api/v2/tenants/${SIMULATED_TENANT.tenantId}/alerts/${id}`;
        const { body } = model.handle({ method: 'GET', url, headers: { authorization }, body: '' }, at);
        const alert = toAlert(JSON.parse(body) as Parameters<typeof toAlert>[0]);
        if (alert === undefined) throw new Error(`The double answered ${body}`);
        prints.set(id, printOf(alert));
      }
      dirty.clear();
      return prints;
    },
  };
}

/** Action1: a CVE leaves the list when it is patched, and comes back. */
export function action1Tenant({ seed, name, now }: TenantOptions): Tenant {
  const model = createAction1Model({
    seed,
    startedAt: now(),
    baseUrl: `https://${name}.test/api/3.0`,
    requestsPerMinute: false,
    organizations: 1,
    endpointsPerOrganization: 3,
    vulnerabilitiesPerOrganization: 0,
    updatesPerOrganization: 0,
    productsPerOrganization: 0,
    reportRows: 0,
    automationsPerOrganization: 0,
  });
  const { control } = model;
  const settings = action1.parseSettings({ region: 'Europe', endpoint: `https://${name}.test` });
  const full = (given: HttpRequest) => ({ ...request(given), url: given.url.href });
  const token = (at: Date) =>
    tokenIn(
      model.handle(full(action1.token.request({ type: 'client-credentials' }, settings, DEFAULT_CREDENTIALS)), at).body,
    );
  const added = new Map<string, ReturnType<typeof control.addCriticalVulnerability>>();
  const patched: string[] = [];
  const known = new Set<string>();
  return {
    name,
    provider: action1,
    source: 'vulnerabilities',
    settings,
    token,
    answer: (given, at) => model.handle(full(given), at),
    expireTokens: () => control.expireTokens(),
    bear() {
      const one = control.addCriticalVulnerability({ endpoints: 1 });
      added.set(one.cve, one);
    },
    touch(key) {
      const dice = chance(seed, `what ${key}`);
      const back = patched.shift();
      if (dice < 0.4 && back !== undefined) {
        added.set(back, control.addCriticalVulnerability({ cve: back, endpoints: 1 }));
        return;
      }
      if (back !== undefined) patched.unshift(back);
      const cve = pick(seed, `which ${key}`, [...added.keys()]);
      const one = added.get(cve);
      if (one === undefined) return;
      if (dice < 0.8) {
        control.removeVulnerability(one);
        added.delete(cve);
        patched.push(cve);
      } else control.changeVulnerability(one, { remediationStatus: dice < 0.9 ? 'Overdue' : 'Due_soon' });
    },
    async truth(at) {
      const authorization = `Bearer ${token(at)}`;
      const call: CallApi = async ({ method, path, query = [] }) => {
        const url = new URL(`https://${name}.test/api/3.0/${path}`);
        for (const [field, value] of query) url.searchParams.append(field, value);
        const { status, headers, body } = model.handle(
          { method, url: url.href, headers: { authorization }, body: '' },
          at,
        );
        return { status, headers, body: new TextEncoder().encode(body) };
      };
      const context = { connection: name, settings, options: vulnerabilityAlerts.parseOptions({}), now: at };
      const found = new Map<string, string>([...known].map((id) => [id, GONE]));
      for (let cursor: AlertPage['next'], more = true; more; more = cursor !== undefined) {
        const page = await vulnerabilityAlerts.readPage(call, context, { from: at, to: at }, cursor);
        for (const alert of page.alerts) found.set(alert.id, printOf(alert));
        cursor = page.next;
      }
      for (const id of found.keys()) known.add(id);
      return found;
    },
  };
}

/** Items of a page: few, so that what moves while they are read is on another one. */
const PAGE = 20;

/** A feed of small pages, ascending by change: an item that changes while they are read moves all that follow. */
export function pagedTenant({ seed, name, now }: TenantOptions): Tenant {
  const alerts = new Map<string, Alert>();
  const standing = () => [...alerts.values()].filter(({ state }) => state !== 'resolved');
  const put = (id: string, change: Partial<Alert>) =>
    void alerts.set(id, { ...(alerts.get(id) ?? anAlert(id, { raisedAt: now() })), ...change });
  const sorted = (list: readonly Alert[]) =>
    list.toSorted((a, b) => Number(a.changedAt) - Number(b.changedAt) || (a.id < b.id ? -1 : 1));
  return {
    name,
    provider: PAGED,
    source: 'alerts',
    settings: { endpoint: `https://${name}.test` },
    token: () => 'paged',
    expireTokens: () => undefined,
    answer({ url }) {
      const id = url.searchParams.get('id');
      if (id !== null) return answerOf(alerts.get(id) ?? null);
      const [from, to, page] = ['from', 'to', 'page'].map((field) => Number(url.searchParams.get(field))) as [
        number,
        number,
        number,
      ];
      const inSpan = ({ changedAt }: Alert) => Number(changedAt) >= from && Number(changedAt) <= to;
      const list = sorted(url.pathname.endsWith('/open') ? standing() : [...alerts.values()].filter(inSpan));
      const shown = list.slice((page - 1) * PAGE, page * PAGE);
      return answerOf({ alerts: shown, total: list.length, ...(list.length > page * PAGE ? { next: page + 1 } : {}) });
    },
    bear: (key) => put(`p${key}`, { changedAt: now(), severity: pick(seed, `born ${key}`, ['critical', 'medium']) }),
    touch(key) {
      const { id, severity } = pick(seed, `which ${key}`, standing()) ?? {};
      if (id === undefined) return;
      const dice = chance(seed, `what ${key}`);
      if (dice < 0.4) put(id, { severity: severity === 'critical' ? 'medium' : 'critical', changedAt: now() });
      else if (dice < 0.5) put(id, { state: 'acknowledged' });
      else if (dice < 0.65) put(id, { changedAt: now() });
      else put(id, { state: 'resolved', ...(dice < 0.9 ? { changedAt: now() } : {}) });
    },
    truth: async () => new Map([...alerts].map(([id, alert]) => [id, printOf(alert)])),
  };
}

function answerOf(body: unknown): Answer {
  return { status: 200, headers: {}, body: JSON.stringify(body) };
}

function revived(alert: Alert): Alert {
  const { changedAt, raisedAt, ...rest } = alert;
  return {
    ...rest,
    ...(changedAt ? { changedAt: new Date(changedAt) } : {}),
    ...(raisedAt ? { raisedAt: new Date(raisedAt) } : {}),
  };
}

const pagedSource: AlertSource = {
  title: 'Small pages',
  mode: 'feed',
  lagMs: 60_000,
  parseOptions: () => ({}),
  readPage: (call, _context, { from, to }, cursor) =>
    readPaged(call, 'feed', [
      ['from', String(from.getTime())],
      ['to', String(to.getTime())],
      ['page', JSON.stringify(cursor ?? 1)],
    ]),
  readOpenPage: (call, _context, cursor) => readPaged(call, 'open', [['page', JSON.stringify(cursor ?? 1)]]),
  async readOne(call, _context, id) {
    const found = bodyJson(await call({ method: 'GET', path: 'one', query: [['id', id]] })) as Alert | null;
    return found === null ? undefined : revived(found);
  },
};

async function readPaged(
  call: CallApi,
  path: string,
  query: readonly (readonly [string, string])[],
): Promise<AlertPage> {
  const page = bodyJson(await call({ method: 'GET', path, query })) as AlertPage;
  return { ...page, alerts: page.alerts.map(revived) };
}

const PAGED = {
  ...opsramp,
  id: 'paged',
  title: 'Small pages',
  alertSources: { alerts: pagedSource },
  apiBase: ({ settings }) => new URL(`${settings.endpoint}/`),
  pausedUntil: () => undefined,
} as Provider;
