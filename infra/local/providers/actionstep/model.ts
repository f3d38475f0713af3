import { createAuthorize } from './authorize.ts';
import { deliveriesFor, settleDelivery, type Delivery } from './deliveries.ts';
import { failure } from './envelope.ts';
import { DEFAULT_OPTIONS, type ActionstepSimulatorOptions } from './options.ts';
import type { CreatedRecord, SimulatedRecord } from './records.ts';
import { createRest, type PagingTrouble } from './rest.ts';
import { createTokenEndpoint, parametersOf, type Grant, type TokenCall } from './token-endpoint.ts';
import { json, type ModelRequest, type ModelResponse } from './wire.ts';

/** How often the token endpoint was called, by grant type and outcome, and what I2 and I3 ask. */
interface TokenCounts {
  /** `refresh_token:ok`, `authorization_code:invalid_grant`, … */
  readonly byOutcome: Readonly<Record<string, number>>;
  readonly calls: number;
  /** Refresh tokens presented a second time or more. */
  readonly reused: number;
  /** Most refreshes of one grant that were in flight at once. */
  readonly mostInFlight: number;
}

/** Actionstep without a socket: requests in, answers out, time as an argument. */
export interface ActionstepModel {
  readonly options: ActionstepSimulatorOptions;
  handle(request: ModelRequest, now: Date): ModelResponse;
  /** Whether a later answer may depend on this request: writes, tokens, and the consent page, which is a GET. */
  changes(request: ModelRequest): boolean;
  /** Lives of the tokens that are handed out from now on. */
  adopt(lives: { readonly accessLifeSeconds?: number; readonly refreshLifeSeconds?: number }): void;
  /** Tells the watcher that a request has begun; what it returns says that its reply has arrived (or never will). */
  begin(request: ModelRequest): () => void;
  tokenCalls(): readonly TokenCall[];
  tokenCounts(): TokenCounts;
  grants(): readonly Grant[];
  isRefreshable(grant: string, now: Date): boolean;
  /** Requests to the REST API, by `METHOD resource`. */
  apiCalls(): Readonly<Record<string, number>>;
  records(resource: string): readonly SimulatedRecord[];
  createRecord(resource: string, fields: Partial<SimulatedRecord>, now: Date): CreatedRecord;
  changeRecord(resource: string, id: string | number, fields: Partial<SimulatedRecord>, now: Date): SimulatedRecord;
  deleteRecord(resource: string, id: string | number): void;
  /** Makes pages of a resource shift while they are read; `undefined` ends it. */
  setPagingTrouble(trouble: PagingTrouble | undefined): void;
  expireAccessTokens(now: Date): void;
  /** Ends a grant, or all of them: the refresh token is refused from then on. */
  revokeGrant(grant?: string): void;
  deliveries(event: { readonly name: string; readonly resource: string; readonly id: string }): readonly Delivery[];
  settle(delivery: Delivery, status: number, now: Date): void;
}

/** Everything but the listener. Deterministic: the same options and requests, the same answers. */
export function createActionstepModel(given: Partial<ActionstepSimulatorOptions> = {}): ActionstepModel {
  const options = { ...DEFAULT_OPTIONS, ...given };
  const authorize = createAuthorize(options);
  const tokens = createTokenEndpoint(options, authorize.codes);
  const rest = createRest(options);
  const limiter = createLimiter(options);
  const flights = createFlights((refreshToken) => tokens.grantOf(refreshToken)?.id);
  const apiCalls: Record<string, number> = {};

  function api(request: ModelRequest, url: URL, now: Date): ModelResponse {
    const resource = url.pathname.split('/')[3] ?? '';
    const name = `${request.method} ${resource}`;
    apiCalls[name] = (apiCalls[name] ?? 0) + 1;
    const limited = limiter(now);
    if (limited !== undefined) return limited;
    const bearer = /^Bearer (.+)$/u.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const grant = tokens.authenticate(bearer, now);
    return grant === undefined ? unauthorized(options) : rest.handle(request, url, grant, now);
  }

  return {
    options,
    handle(request, now) {
      const url = new URL(request.url, options.origin);
      if (url.pathname === '/api/oauth/authorize') return authorize.handle(request, now);
      if (url.pathname === '/api/oauth/token') return tokens.handle(request, now);
      if (url.pathname.startsWith('/api/rest/')) return api(request, url, now);
      return failure(404, 'Resource Not Found', options);
    },
    changes: ({ method, url }) => method !== 'GET' || url.startsWith('/api/oauth/'),
    adopt: (lives) => void Object.assign(options, lives),
    begin: (request) => flights.begin(request),
    tokenCalls: () => tokens.calls,
    tokenCounts: () => counts(tokens.calls, flights.most()),
    grants: () => [...tokens.grants.values()],
    isRefreshable: (grant, now) => tokens.isRefreshable(grant, now),
    apiCalls: () => ({ ...apiCalls }),
    records: (resource) => rest.records(resource),
    createRecord: (resource, fields, now) => rest.create(resource, fields, now),
    changeRecord: (resource, id, fields, now) => rest.change(resource, String(id), fields, now),
    deleteRecord: (resource, id) => rest.remove(resource, String(id)),
    setPagingTrouble: (trouble) => {
      rest.trouble = trouble;
    },
    expireAccessTokens: (now) => tokens.expireAccessTokens(now),
    revokeGrant: (grant) => tokens.revoke(grant),
    deliveries: (event) => deliveriesFor(rest, options, event),
    settle: (delivery, status, now) => settleDelivery(rest, options, delivery, status, now),
  };
}

function counts(calls: readonly TokenCall[], mostInFlight: number): TokenCounts {
  const byOutcome: Record<string, number> = {};
  for (const { grantType, outcome } of calls) {
    const name = `${grantType}:${outcome}`;
    byOutcome[name] = (byOutcome[name] ?? 0) + 1;
  }
  return { byOutcome, calls: calls.length, reused: calls.filter((call) => call.reused).length, mostInFlight };
}

/** Counts refreshes of one grant that overlap: a strict server kills the grant of whoever does that. */
function createFlights(grantOf: (refreshToken: string) => string | undefined) {
  const inFlight = new Map<string, number>();
  let most = 0;
  return {
    most: () => most,
    begin(request: ModelRequest): () => void {
      const { refresh_token: token } = parametersOf(request);
      const grant = request.url.includes('/api/oauth/token') && token !== undefined ? grantOf(token) : undefined;
      if (grant === undefined) return () => undefined;
      const now = (inFlight.get(grant) ?? 0) + 1;
      inFlight.set(grant, now);
      most = Math.max(most, now);
      return () => inFlight.set(grant, (inFlight.get(grant) ?? 1) - 1);
    },
  };
}

/** A sliding minute. What Actionstep's own limit is, nobody says. */
function createLimiter(options: ActionstepSimulatorOptions): (now: Date) => ModelResponse | undefined {
  let recent: number[] = [];
  return (now) => {
    if (options.requestsPerMinute === undefined) return undefined;
    recent = recent.filter((at) => at > now.getTime() - 60_000);
    if (recent.length < options.requestsPerMinute) {
      recent.push(now.getTime());
      return undefined;
    }
    const until = new Date((recent[0] ?? now.getTime()) + 60_000);
    const answer = failure(429, 'Too Many Requests', options);
    if (options.retryAfter === 'none') return answer;
    const seconds = Math.ceil((until.getTime() - now.getTime()) / 1000);
    const wait = options.retryAfter === 'seconds' ? String(seconds) : until.toUTCString();
    return { ...answer, headers: { ...answer.headers, 'retry-after': wait } };
  };
}

function unauthorized({ unauthorizedBody }: ActionstepSimulatorOptions): ModelResponse {
  if (unauthorizedBody === 'empty') return { status: 401, headers: {}, body: '' };
  return json(401, { error: 'invalid_token', error_description: 'The access token provided has expired' });
}
