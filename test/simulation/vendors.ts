import { tokenFingerprint } from '../../functions/core/connections/fingerprint.ts';
import type { HttpRequest, HttpResponse } from '../../functions/core/http.ts';
import type { ReportJob } from '../../functions/core/jobs.ts';
import type { Provider, ProviderSettings } from '../../functions/core/provider.ts';
import type { SourceDescription } from '../../functions/core/reports/source.ts';
import { action1 } from '../../functions/providers/action1/provider.ts';
import { actionstep } from '../../functions/providers/actionstep/provider.ts';
import { opsramp } from '../../functions/providers/opsramp/provider.ts';
import { type Action1Model, createAction1Model } from '../../infra/local/providers/action1/model.ts';
import { DEFAULT_CREDENTIALS } from '../../infra/local/providers/action1/options.ts';
import { type ActionstepModel, createActionstepModel } from '../../infra/local/providers/actionstep/model.ts';
import {
  createOpsrampModel,
  type OpsrampControl,
  type OpsrampModel,
} from '../../infra/local/providers/opsramp/model.ts';
import { SIMULATED_TENANT } from '../../infra/local/providers/opsramp/options.ts';
import type { Looks } from './promises/promises.ts';
import { between, chance, pick } from './random.ts';

/** Requests a minute that a provider takes: Action1's published figure, OpsRamp's, and what we keep to at Actionstep. */
const LIMITS: Readonly<Record<string, number>> = { patching: 30, watchtower: 500 };

/** A time in which no provider does its work: says so, says nothing at all, or says *too many requests*. */
export interface Outage {
  readonly from: number;
  readonly until: number;
  readonly kind: 'down' | 'silent' | 'limited';
}

export const PROVIDERS: Readonly<Record<string, Provider>> = { action1, actionstep, opsramp };
export function describeSource({ provider, source: name, options }: ReportJob): SourceDescription {
  const source = PROVIDERS[provider]?.sources[name];
  if (source === undefined) throw new Error(`No source ${name}`);
  return source.describe(source.parseOptions(options));
}

export const REDIRECT_URI = 'https://steward.test/callback/actionstep';
export type Rotation = 'strict' | 'grace' | 'reuse-revokes';

/** One token request as the provider judged it. */
export interface Presentation {
  readonly connection: string;
  readonly at: number;
  /** Fingerprint of the refresh token that was presented; absent for codes and client credentials. */
  readonly fingerprint: string | undefined;
  readonly status: number;
  /** `error` of the answer. */
  readonly error: string | undefined;
  readonly invocation: string;
  /** The refresh token that came back. */
  readonly issued: string | undefined;
}

interface Issued {
  readonly connection: string;
  readonly grant: string;
  readonly sequence: number;
}

export interface AlertChange {
  readonly at: number;
  /** Absent where a person acted: that moves no time stamp, and may close the alert. */
  readonly state: string | undefined;
}

export interface SimulatedConnection {
  readonly name: string;
  readonly provider: Provider;
  readonly settings: ProviderSettings;
}

/** The three simulated providers, one tenant for each connection, and a book of every token that they hand out. */
export class Vendors {
  readonly connections: readonly SimulatedConnection[];
  readonly presentations: Presentation[] = [];
  /** Refresh tokens by fingerprint. */
  readonly issued = new Map<string, Issued>();
  /** Everything that must not be found anywhere. */
  readonly secrets = new Set<string>();
  /** Whose bearer token it is. */
  readonly bearers = new Map<string, string>();
  readonly violations: string[] = [];
  readonly rotation: Rotation;
  readonly actionsteps: ReadonlyMap<string, ActionstepModel>;
  readonly opsramp: OpsrampModel;
  readonly opsrampControl: OpsrampControl;
  readonly action1: Action1Model;
  readonly accessSeconds: number;
  outage: Outage | undefined;
  /** What the law firm's file notes are to whoever reads them: `denied` to this connection, or `short` of the total. */
  notes: 'denied' | 'short' | undefined;
  /** What each alert of OpsRamp went through, as far as its state goes. */
  readonly alertBook = new Map<string, AlertChange[]>();
  readonly indexLagSeconds: number;
  /** Arrivals of the last minute, by connection. */
  readonly #arrivals = new Map<string, number[]>();
  readonly #looks: Looks;
  readonly #latest = new Map<string, string>();

  /** `lives`: seconds that access tokens live; short by default, so that minutes have many refreshes. */
  constructor(seed: number, start: Date, now: () => Date, looks: Looks, lives?: number) {
    this.#looks = looks;
    this.indexLagSeconds = pick(seed, 'ops-lag', [0, 30, 120]);
    this.rotation = pick(seed, 'rotation', ['strict', 'grace', 'reuse-revokes'] as const);
    this.accessSeconds = lives ?? pick(seed, 'access-life', [300, 480, 900]);
    const model = (name: string) =>
      createActionstepModel({
        origin: `https://${name}.test`,
        systems: [name],
        anchor: start,
        size: 1,
        timeZone: 'UTC',
        historyDays: 1,
        seed: `${name}-${seed}`,
        rotation: this.rotation,
        graceSeconds: pick(seed, 'grace', [60, 180]),
        accessLifeSeconds: this.accessSeconds,
        consentKillsEarlier: chance(seed, 'consent-kills') < 0.5,
        refreshKillsAccessToken: chance(seed, 'refresh-kills') < 0.3,
      });
    this.actionsteps = new Map([
      ['firm', model('firm')],
      ['archive', model('archive')],
    ]);
    this.opsramp = createOpsrampModel({
      now: start,
      seed,
      alerts: 3,
      resources: 3,
      incidents: 1,
      compliances: 1,
      tokenLifeSeconds: this.accessSeconds,
      switches: {
        rateLimits: chance(seed, 'ops-limits') < 0.3,
        indexLagSeconds: this.indexLagSeconds,
        sameToken: chance(seed, 'ops-same') < 0.7,
      },
    });
    this.opsrampControl = this.opsramp.control(now);
    this.action1 = createAction1Model({
      seed,
      startedAt: start,
      baseUrl: 'https://patching.test/api/3.0',
      tokenLifetimeSeconds: this.accessSeconds,
      requestsPerMinute: chance(seed, 'a1-limit') < 0.3 ? 30 : false,
      organizations: 1,
      endpointsPerOrganization: 2,
      vulnerabilitiesPerOrganization: between(seed, 'a1-vulnerabilities', 1, 3),
      updatesPerOrganization: 1,
      productsPerOrganization: 1,
      reportRows: 1,
      automationsPerOrganization: 1,
    });
    this.connections = [
      ...[...this.actionsteps.keys()].map((name) => ({
        name,
        provider: actionstep,
        settings: actionstep.parseSettings({ endpoint: `https://${name}.test`, orgkey: name }),
      })),
      {
        name: 'watchtower',
        provider: opsramp,
        settings: opsramp.parseSettings({
          host: 'acme.api.opsramp.com',
          tenantId: SIMULATED_TENANT.tenantId,
          endpoint: 'https://watchtower.test',
        }),
      },
      {
        name: 'patching',
        provider: action1,
        settings: action1.parseSettings({ region: 'Europe', endpoint: 'https://patching.test' }),
      },
    ];
    const model1 = model('none').options;
    for (const secret of [model1.clientSecret, SIMULATED_TENANT.clientSecret]) this.secrets.add(secret);
  }

  credentials(secret: string): { readonly clientId: string; readonly clientSecret: string } {
    if (secret === 'patching') return DEFAULT_CREDENTIALS;
    if (secret === 'watchtower') return SIMULATED_TENANT;
    const options = this.actionsteps.get(secret)?.options;
    if (options === undefined) throw new Error(`No secret ${secret}`);
    return { clientId: options.clientId, clientSecret: options.clientSecret };
  }

  /** Whether a request is for a token: those are counted one by one. */
  static isToken(url: URL): boolean {
    return url.pathname.endsWith('/oauth/token') || url.pathname.endsWith('/oauth2/token');
  }

  static connectionOf(url: URL): string {
    return url.hostname.replace(/\.test$/u, '');
  }

  /** What the provider does when the request has arrived. */
  answer(request: HttpRequest, now: Date, invocation: string): HttpResponse {
    const connection = Vendors.connectionOf(request.url);
    this.#checkRate(connection, now.getTime());
    const outage = this.outageAt(now);
    if (outage === 'silent') return SILENCE;
    if (outage === 'limited') return response(429, { message: 'too many requests' }, { 'retry-after': '60' });
    if (outage !== undefined) return response(503, { message: 'down for maintenance' });
    const isNotes = connection === 'firm' && request.url.pathname.endsWith('/filenotes');
    if (isNotes && this.notes === 'denied') return response(403, { error: 'forbidden' });
    const given = {
      method: request.method,
      url: request.url.href,
      headers: request.headers ?? {},
      body: request.body ?? '',
    };
    const path = { ...given, url: `${request.url.pathname}${request.url.search}` };
    const isToken = Vendors.isToken(request.url);
    if (!isToken) this.#checkBearer(connection, given.headers);
    const reply =
      connection === 'watchtower'
        ? this.opsramp.handle(path, now)
        : connection === 'patching'
          ? this.action1.handle(given, now)
          : this.#model(connection).handle(given, now);
    if (isToken) this.#book(connection, given.body, reply, now, invocation);
    const body = isNotes && this.notes === 'short' ? oneTooMany(reply.body) : reply.body;
    return {
      status: reply.status,
      headers: { ...reply.headers, date: now.toUTCString() },
      body: new TextEncoder().encode(body),
    };
  }

  outageAt(now: Date): Outage['kind'] | undefined {
    const { outage } = this;
    if (outage === undefined || now.getTime() < outage.from || now.getTime() >= outage.until) return undefined;
    return outage.kind;
  }

  /** What a person brings back from the consent page. */
  code(connection: string, now: Date): string {
    const model = this.#model(connection);
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: model.options.clientId,
      redirect_uri: REDIRECT_URI,
      scope: 'all',
    });
    const url = `/api/oauth/authorize?${query.toString()}`;
    const page = model.handle({ method: 'GET', url, headers: {}, body: '' }, now);
    const request = /name="request" value="([^"]+)"/u.exec(page.body)?.[1] ?? '';
    const { email, password } = model.options.person;
    const system = model.options.systems[0] ?? '';
    const form = new URLSearchParams({ request, email, password, system, decision: 'accept' });
    const cookie = (page.headers['set-cookie'] ?? '').split(';')[0] ?? '';
    const back = model.handle(
      { method: 'POST', url: '/api/oauth/authorize', headers: { cookie }, body: form.toString() },
      now,
    );
    const code = new URL(back.headers.location ?? '').searchParams.get('code') ?? '';
    this.secrets.add(code);
    return code;
  }

  /** Whether the provider would take this refresh token now. */
  isLive(fingerprint: string | undefined, now: Date): boolean {
    const issued = fingerprint === undefined ? undefined : this.issued.get(fingerprint);
    if (issued === undefined || fingerprint === undefined) return false;
    const isLatest = this.#latest.get(`${issued.connection}/${issued.grant}`) === fingerprint;
    return isLatest && this.#model(issued.connection).isRefreshable(issued.grant, now);
  }

  #model(connection: string): ActionstepModel {
    const model = this.actionsteps.get(connection);
    if (model === undefined) throw new Error(`No simulated provider for ${connection}`);
    return model;
  }

  /** I8: never more in a minute than the provider's own limit, whoever asks and whatever for. */
  #checkRate(connection: string, now: number): void {
    const recent = (this.#arrivals.get(connection) ?? []).filter((at) => at > now - 60_000);
    recent.push(now);
    this.#arrivals.set(connection, recent);
    this.#looks.at('I8');
    const most = LIMITS[connection] ?? 60;
    if (recent.length > most) this.violations.push(`I8: ${connection} was called ${recent.length} times in a minute`);
  }

  /** An alert is opened or changed by its source, or (without a state) a person acts on it. */
  noteAlert(id: string, state: string | undefined, now: number): void {
    const book = this.alertBook.get(id) ?? [];
    book.push({ at: now, state });
    this.alertBook.set(id, book);
  }

  #checkBearer(connection: string, headers: Readonly<Record<string, string>>): void {
    const bearer = /^Bearer (.+)$/u.exec(headers['authorization'] ?? '')?.[1] ?? '';
    const owner = this.bearers.get(bearer);
    if (owner !== undefined) this.#looks.at('I27');
    if (owner !== undefined && owner !== connection)
      this.violations.push(`I27: ${connection} was called with a token of ${owner}`);
  }

  #book(
    connection: string,
    body: string,
    reply: { readonly status: number; readonly body: string },
    now: Date,
    invocation: string,
  ): void {
    const presented = new URLSearchParams(body).get('refresh_token');
    const parsed = parse(reply.body);
    const { access_token: access, refresh_token: refresh, error } = parsed;
    if (access !== undefined) {
      this.secrets.add(access);
      this.bearers.set(access, connection);
    }
    let issued: string | undefined;
    if (refresh !== undefined && this.actionsteps.has(connection)) {
      this.secrets.add(refresh);
      issued = tokenFingerprint(refresh);
      const grant = this.#model(connection).tokenCalls().at(-1)?.grant ?? lastGrant(this.#model(connection));
      if (!this.issued.has(issued)) this.issued.set(issued, { connection, grant, sequence: this.issued.size + 1 });
      this.#latest.set(`${connection}/${grant}`, issued);
    }
    this.presentations.push({
      connection,
      at: now.getTime(),
      fingerprint: presented === null || !this.actionsteps.has(connection) ? undefined : tokenFingerprint(presented),
      status: reply.status,
      error,
      invocation,
      issued,
    });
  }
}

function lastGrant(model: ActionstepModel): string {
  return model.grants().at(-1)?.id ?? '';
}

function parse(text: string): Readonly<Record<string, string | undefined>> {
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch {
    return {};
  }
}

/** A total that no page ever comes to. */
function oneTooMany(body: string): string {
  return body.replace(/"recordCount":(\d+)/u, (_, count: string) => `"recordCount":${Number(count) + 1}`);
}

/** No answer at all. */
export const SILENCE: HttpResponse = { status: 0, headers: {}, body: new Uint8Array() };

export function response(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { status, headers, body: new TextEncoder().encode(JSON.stringify(body)) };
}
