import { GATEWAY_REFUSAL, refusal, UNAUTHENTICATED, type Action1Answer, type Action1Request } from './answers.ts';
import { createControl, type Action1Control } from './control.ts';
import { admit } from './limiter.ts';
import type { Action1Options } from './options.ts';
import { findRoute, type Call, type Found } from './routes.ts';
import { createState, isArmed, takeOnce, type Action1State } from './state.ts';
import { answerToken, isAuthorized } from './tokens.ts';

/** Action1 as a state machine: no socket, no clock of its own. */
export interface Action1Model {
  handle(request: Action1Request, now: Date): Action1Answer;
  /** Whether a later answer may depend on this request. */
  changes(request: Action1Request): boolean;
  readonly control: Action1Control;
}

const ROOT = '/api/3.0/';
const TOKEN_ROUTE = 'POST oauth2/token';

/** An organisation that is not there is a bad request. */
class UnknownOrganization extends Error {}

export function createAction1Model(options: Action1Options = {}): Action1Model {
  const state = createState(options);
  return {
    handle: (request, now) => handle(state, request, now.getTime()),
    // A switch that holds for one request is used up by a read, too.
    changes: ({ method }) => method !== 'GET' || isArmed(state),
    control: createControl(state),
  };
}

function handle(state: Action1State, request: Action1Request, now: number): Action1Answer {
  const url = new URL(request.url, 'http://simulator.invalid');
  const path = url.pathname.startsWith(ROOT) ? url.pathname.slice(ROOT.length) : undefined;
  const isToken = request.method === 'POST' && path?.toLowerCase() === 'oauth2/token';
  const found = path === undefined ? undefined : findRoute(request.method, path);
  const route = isToken ? TOKEN_ROUTE : (found?.route ?? `${request.method} unknown`);
  state.counters.set(route, (state.counters.get(route) ?? 0) + 1);
  const wait = admit(state, now);
  if (wait !== undefined) return wait;
  if (isToken) return answerToken(state, request, now);
  return answerApi(state, request, url, found, now);
}

function answerApi(
  state: Action1State,
  request: Action1Request,
  url: URL,
  found: Found | undefined,
  now: number,
): Action1Answer {
  if (found === undefined) {
    return state.settings.switches.unknownRouteBody === 'gateway' ? GATEWAY_REFUSAL : refusal(403, 'Access is denied');
  }
  if (!isAuthorized(state, request, now)) return UNAUTHENTICATED;
  if (takeOnce(state, 'failOnce')) return refusal(500, 'Internal Server Error');
  if (takeOnce(state, 'htmlOnce')) {
    return { status: 200, headers: { 'content-type': 'text/html' }, body: '<h1>We will be back soon</h1>' };
  }
  if (takeOnce(state, 'emptyBodyOnce')) return { status: 200, headers: {}, body: '' };
  try {
    return found.handle(toCall(state, url, found, now));
  } catch (error) {
    if (error instanceof UnknownOrganization) return refusal(400, error.message);
    if (error instanceof URIError) return refusal(400, 'The address is not valid.');
    throw error;
  }
}

function toCall(state: Action1State, url: URL, found: Found, now: number): Call {
  const rawParam = (name: string) => found.params.get(name) ?? '';
  const param = (name: string) => decodeURIComponent(rawParam(name));
  return {
    state,
    now,
    query: url.searchParams,
    list: {
      settings: state.settings,
      self: `${state.settings.baseUrl}/${url.pathname.slice(ROOT.length)}`,
      query: url.searchParams,
    },
    param,
    rawParam,
    organization: () => {
      const organization = state.organizations.find(({ id }) => id === param('org'));
      if (organization === undefined) throw new UnknownOrganization(`Organization with id=${param('org')} not found`);
      return organization;
    },
  };
}
