import { createCodeExchange } from '../../functions/adapters/oauth4webapi/code-exchange.ts';
import { createAnswerWeb } from '../../functions/core/authorization/answer.ts';
import { createBrowserCookies } from '../../functions/core/authorization/cookies.ts';
import type { AuthorizationDependencies } from '../../functions/core/authorization/dependencies.ts';
import { createTicket, type TicketRequest } from '../../functions/core/authorization/ticket.ts';
import type { WebRequest, WebResponse } from '../../functions/core/authorization/web.ts';
import type { Provider } from '../../functions/core/provider.ts';
import { Process, throughProcess } from './faults.ts';
import { createMemoryAuthorizations } from './memory-authorizations.ts';
import { createTokenWorld } from './token-world.ts';

export const BASE_URL = 'https://steward.example';

/** Of the ports' methods, those that leave everything as it was. */
const READS = /\.(?:find|findTicket|get|highWater|open)$/;

/** The pages of consent over the token world: a browser, a provider, a store. */
export function createWebWorld(options: { readonly providers?: readonly Provider[]; readonly baseUrl?: string } = {}) {
  const baseUrl = options.baseUrl ?? BASE_URL;
  const world = createTokenWorld(options.providers === undefined ? {} : { providers: options.providers });
  const authorizations = createMemoryAuthorizations(world.connections.outbox);
  const commit = world.connections.commit.bind(world.connections);
  world.connections.commit = async (request, events, now) => {
    const outcome = await commit(request, events, now);
    if (outcome.kind === 'committed' && request.authorization !== undefined) {
      authorizations.complete(request.authorization, now);
    }
    return outcome;
  };
  const announced: string[] = [];

  /** What a process does that is given no other. */
  const recorded = new Process();
  const dependenciesOf = (process = recorded, overrides: Partial<AuthorizationDependencies> = {}) => {
    const base = world.dependenciesOf(process);
    return {
      ...base,
      authorizations: throughProcess(process, 'authorizations', authorizations),
      exchange: createCodeExchange({ send: base.send, credentials: base.credentials, clock: base.clock }),
      cookies: createBrowserCookies(baseUrl),
      announce: async (shard: string) => void announced.push(shard),
      ...overrides,
    } satisfies AuthorizationDependencies;
  };
  const ask = (request: Partial<WebRequest>, process?: Process, remainingMs = 29_000): Promise<WebResponse> => {
    const end = world.clock.now().getTime() + remainingMs;
    const answer = createAnswerWeb(dependenciesOf(process));
    return answer(
      { method: 'GET', path: '/', rawQuery: '', cookies: [], isPrefetch: false, ...request },
      { remainingMs: () => end - world.clock.now().getTime() },
    );
  };

  /** A pending connection and the link to it. */
  const invite = async (name: string, request: Partial<TicketRequest> = {}): Promise<string> => {
    await world.connections.configure(
      name,
      { provider: 'acme', grant: 'authorization-code', settings: {}, secret: { name: 'acme' }, budgetAccount: 'acme' },
      world.clock.now(),
    );
    const { url } = await createTicket(
      {
        tickets: authorizations,
        connections: world.connections,
        providers: world.providers,
        clock: world.clock,
        random: world.random,
        publicBaseUrl: baseUrl,
      },
      { connection: name, ...request },
    );
    return new URL(url).pathname;
  };

  /** The button was pressed: the cookie, and where the browser is sent. */
  const press = async (path: string) => {
    const response = await ask({ method: 'POST', path });
    const location = new URL(response.headers.location ?? 'none:');
    const [cookie = ''] = (response.cookies[0] ?? '').split(';');
    return { response, location, cookie, state: location.searchParams.get('state') ?? '' };
  };

  /** From the link to the brink of the callback. */
  const begin = async (name = 'c1', request: Partial<TicketRequest> = {}, account = name) => {
    const path = await invite(name, request);
    const pressed = await press(path);
    const code = world.endpoint.issueCode(account);
    const query = new URLSearchParams({ code, state: pressed.state }).toString();
    return { path, ...pressed, code, query };
  };
  const callback = (rawQuery: string, cookie: string, more: Partial<WebRequest> = {}, process?: Process) =>
    ask({ path: '/callback/acme', rawQuery, cookies: cookie === '' ? [] : [cookie], ...more }, process);

  /** Requests to the provider, whether it got them or not; everything that was read, and everything else that was done,
   * in any store, at KMS or for a secret. Since the last look. */
  const counts = () => {
    const names = recorded.names.splice(0);
    const calls = names.filter((name) => name === 'send').length;
    const reads = names.filter((name) => READS.test(name)).length;
    return { calls, reads, writes: names.length - calls - reads };
  };

  return { ...world, authorizations, announced, dependenciesOf, ask, invite, press, begin, callback, counts };
}

export type WebWorld = ReturnType<typeof createWebWorld>;
