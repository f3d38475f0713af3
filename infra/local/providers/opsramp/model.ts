import { type AlertAction, type AlertInput, createAlertBook } from './alert-book.ts';
import type { SimulatedResource } from './alert-records.ts';
import { makeResources } from './data.ts';
import { createLists } from './lists.ts';
import { DEFAULT_SWITCHES, type OpsrampModelOptions, type OpsrampSwitches, SIMULATED_TENANT } from './options.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { findRoute } from './routes.ts';
import { createTokenDesk } from './tokens.ts';
import { json, oauthError, RefusedRequest, refusal, type SimulatedRequest, type SimulatedResponse } from './wire.ts';

/** A failure to be answered in place of what would have been. */
export interface PlannedFailure {
  readonly status: number;
  /** Default: a gateway's HTML page for 502 and above, the platform's JSON otherwise. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How many requests meet it. Default 1. */
  readonly times?: number;
  /** Only requests whose path has this in it. */
  readonly path?: string;
}

export interface OpsrampCounters {
  readonly requests: number;
  readonly tokenRequests: number;
  readonly tokensIssued: number;
  readonly rejectedTokens: number;
  readonly rateLimited: number;
  /** Served requests by what was asked for: `alerts/search`, `alerts/single`, `resources/search`… */
  readonly byResource: Readonly<Record<string, number>>;
}

/** What a test or a person does to the simulated tenant. */
export interface OpsrampControl {
  openAlert(input?: AlertInput): string;
  /** A change by an event of its source: moves `updatedTime` and `repeatCount`. */
  changeAlert(id: string, change?: Pick<AlertInput, 'currentState' | 'subject' | 'priority'>): void;
  acknowledge(id: string): void;
  suppress(id: string): void;
  ticket(id: string): void;
  close(id: string): void;
  heal(id: string): void;
  removeAlert(id: string): void;
  alertIds(): readonly string[];
  resources(): readonly SimulatedResource[];
  addResource(resource: SimulatedResource): void;
  removeResource(id: string): void;
  expireTokens(): void;
  failNext(failure: PlannedFailure): void;
  set(switches: Partial<OpsrampSwitches>): void;
  counters(): OpsrampCounters;
}

export interface OpsrampModel {
  handle(request: SimulatedRequest, now: Date): SimulatedResponse;
  /** Whether a later answer may depend on this request. */
  changes(request: SimulatedRequest): boolean;
  /** The same tenant's controls, with a clock to date what they do. */
  control(clock: () => Date): OpsrampControl;
}

/** The whole of simulated OpsRamp without a socket or a clock. */
export function createOpsrampModel(options: OpsrampModelOptions): OpsrampModel {
  const identity = { ...SIMULATED_TENANT, ...definedOf(options) };
  let switches: OpsrampSwitches = { ...DEFAULT_SWITCHES, ...options.switches };
  const current = () => switches;
  const resources = [...makeResources(options)];
  const shared = { model: options, tenantId: identity.tenantId, resources, switches: current };
  const alerts = createAlertBook(shared);
  const lists = createLists(shared);
  const tokens = createTokenDesk({
    ...identity,
    lifeSeconds: options.tokenLifeSeconds ?? 7199,
    seed: options.seed ?? 1,
    switches: current,
  });
  const limiter = createRateLimiter(current);
  const failures: { failure: PlannedFailure; left: number }[] = [];
  const counts = { requests: 0, tokenRequests: 0, rejectedTokens: 0, rateLimited: 0 };
  const byResource: Record<string, number> = {};

  const plannedFailure = (path: string): SimulatedResponse | undefined => {
    const at = failures.findIndex(({ failure }) => failure.path === undefined || path.includes(failure.path));
    const planned = failures[at];
    if (planned === undefined) return undefined;
    planned.left -= 1;
    if (planned.left <= 0) failures.splice(at, 1);
    return failureAnswer(planned.failure);
  };

  const serve = (request: SimulatedRequest, path: string, now: number): SimulatedResponse => {
    const tenantPath = /^\/api\/v2\/tenants\/([^/]*)\/(.*)$/u.exec(path);
    if (tenantPath === null) return json(404, { error: 'Not Found', message: `No handler for ${path}` });
    const tenant = decodeURIComponent(tenantPath[1] ?? '');
    if (tenant === '') return oauthError(401, 'unauthorized', 'Target Organization is missing');
    if (tenant !== identity.tenantId) {
      return oauthError(410, 'unauthorized', `Unauthorized, No active organization found with id ${tenant}`);
    }
    const route = findRoute(request.method, tenantPath[2] ?? '');
    if (route === undefined) return json(405, { error: 'Method Not Allowed', message: 'Request method not supported' });
    const { headers, refusal: throttled } = limiter.count(route.bucket, now);
    if (throttled !== undefined) {
      counts.rateLimited += 1;
      return { ...throttled, headers: { ...throttled.headers, ...headers } };
    }
    byResource[route.name] = (byResource[route.name] ?? 0) + 1;
    const answer = route.answer({ alerts, lists }, request, now);
    return { ...answer, headers: { ...answer.headers, ...headers } };
  };

  return {
    handle(request, at) {
      const now = at.getTime();
      const path = request.url.split('?')[0] ?? '/';
      counts.requests += 1;
      const isToken = path === '/tenancy/auth/oauth/token' || path === '/auth/oauth/token';
      if (isToken) counts.tokenRequests += 1;
      const planned = plannedFailure(path);
      if (planned !== undefined) return planned;
      if (isToken) return tokens.request(request, now);
      const rejected = tokens.refuse(request, now);
      if (rejected !== undefined) {
        counts.rejectedTokens += 1;
        return rejected;
      }
      try {
        return serve(request, path, now);
      } catch (error) {
        if (error instanceof RefusedRequest) return error.response;
        throw error;
      }
    },

    // A planned failure is used up by a read, too.
    changes: ({ method }) => method !== 'GET' || failures.length > 0,

    control(clock) {
      const now = () => clock().getTime();
      const act = (action: AlertAction) => (id: string) => alerts.act(id, action, now());
      return {
        openAlert: (input = {}) => alerts.open(input, now()),
        changeAlert: (id, change = {}) => alerts.event(id, change, now()),
        acknowledge: act('acknowledge'),
        suppress: act('suppress'),
        ticket: act('ticket'),
        close: act('close'),
        heal: act('heal'),
        removeAlert: (id) => alerts.remove(id),
        alertIds: () => alerts.ids(),
        resources: () => [...resources],
        addResource: (resource) => lists.addResource(resource),
        removeResource: (id) => lists.removeResource(id),
        expireTokens: () => tokens.expireAll(),
        failNext: (failure) => void failures.push({ failure, left: failure.times ?? 1 }),
        set: (changed) => void (switches = { ...switches, ...changed }),
        counters: () => ({ ...counts, tokensIssued: tokens.issued(), byResource: { ...byResource } }),
      };
    },
  };
}

function definedOf({ tenantId, clientId, clientSecret }: OpsrampModelOptions) {
  return {
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(clientSecret === undefined ? {} : { clientSecret }),
  };
}

function failureAnswer({ status, body, headers }: PlannedFailure): SimulatedResponse {
  if (body !== undefined) return { status, headers: { 'content-type': 'application/json', ...headers }, body };
  if (status < 500) return { ...refusal(status, 'Simulated refusal'), headers: { ...headers } };
  const html = `<html><head><title>${status}</title></head><body><center><h1>${status}</h1></center></body></html>`;
  return { status, headers: { 'content-type': 'text/html', ...headers }, body: html };
}
