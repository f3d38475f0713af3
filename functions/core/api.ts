import type { Budgets } from './budgets/budget.ts';
import { budgetRule } from './budgets/rule.ts';
import type { ConnectionAccess, OpenConnection } from './connections/access.ts';
import {
  AccessTokenRejectedError,
  BudgetExhaustedError,
  ConfigInvalidError,
  ProviderRateLimitedError,
  StoreUnavailableError,
} from './errors.ts';
import type { EgressPolicy, HttpRequest, SendHttp } from './http.ts';
import type { ApiRequest, CallApi, Lane, Provider, ProviderContext } from './provider.ts';
import type { Clock } from './time.ts';

/** A connection opened for API calls. */
export interface OpenApi {
  readonly provider: Provider;
  readonly context: ProviderContext;
  readonly connection: OpenConnection['connection'];
  readonly call: CallApi;
  /** How many requests were sent so far. */
  requests(): number;
}

export interface OpenApiDependencies {
  readonly access: ConnectionAccess;
  readonly budgets: Budgets;
  readonly send: SendHttp;
  readonly clock: Clock;
  readonly providers: Readonly<Record<string, Provider>>;
}

export type OpenApiFor = (connection: string, lane: Lane) => Promise<OpenApi>;

/** When a 429 says nothing about how long: one minute, the period of every budget we know. */
const DEFAULT_BLOCK_MS = 60_000;

/**
 * Opens a connection for calls to its provider's API.
 *
 * Each call draws on the account's budget first and is judged by the provider's folder after. A rejected access token
 * asks for a refresh of exactly that generation; the caller takes its work up again later. Nothing here refreshes.
 */
export function createOpenApi({ access, budgets, send, clock, providers }: OpenApiDependencies): OpenApiFor {
  return async (name, lane) => {
    const { connection, accessToken } = await access.open(name);
    const provider = providers[connection.provider];
    if (provider === undefined)
      throw new ConfigInvalidError(`Connection ${name} names the unknown provider ${connection.provider}`);
    const context: ProviderContext = {
      connection: name,
      settings: connection.settings,
      ...(connection.apiEndpoint === undefined ? {} : { apiEndpoint: connection.apiEndpoint }),
    };
    const allowed = egressPolicy(provider, context);
    let sent = 0;

    const call: CallApi = async (request) => {
      const category = request.budget ?? 'default';
      const rule = budgetRule(provider, connection.settings, category);
      const account = connection.budgetAccount;
      const draw = { provider: provider.id, account, category, perMinute: rule.perMinute, lane };
      const answer = await budgets.draw(draw);
      if (!answer.granted) {
        throw new BudgetExhaustedError(`The ${category} budget of ${provider.title} is used up`, answer.retryAfterMs);
      }
      sent += 1;
      const response = await send(toHttp(provider, context, request, accessToken), allowed);
      const failure = provider.judge(response, clock.now(), request.path);
      if (failure === undefined) {
        const pausedUntil = provider.pausedUntil?.(response, clock.now());
        if (pausedUntil !== undefined) await noted(() => budgets.block(draw, pausedUntil));
        return response;
      }
      if (failure instanceof AccessTokenRejectedError) await noted(() => access.reject(name, connection.generation));
      if (failure instanceof ProviderRateLimitedError) {
        const until = new Date(clock.now().getTime() + (failure.retryAfterMs ?? DEFAULT_BLOCK_MS));
        await noted(() => budgets.block(draw, until));
      }
      throw failure;
    };

    return { provider, context, connection, call, requests: () => sent };
  };
}

/**
 * Writes down what the provider said. A store that does not take it now (a refresh that is being committed at this very
 * moment is enough) must not take the place of the provider's word: who comes next hears the same, and writes it down.
 */
async function noted(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
  }
}

/** A provider's allow-list, or exactly the origin of the connection's `endpoint` override. */
export function egressPolicy(provider: Provider, context: ProviderContext): EgressPolicy {
  const { endpoint } = context.settings;
  if (endpoint === undefined) return (url) => provider.allows(url, context);
  const { origin } = new URL(endpoint);
  return (url) => url.origin === origin;
}

function toHttp(provider: Provider, context: ProviderContext, request: ApiRequest, accessToken: string): HttpRequest {
  const url = new URL(request.path, provider.apiBase(context));
  for (const [name, value] of request.query ?? []) url.searchParams.append(name, value);
  return {
    method: request.method,
    url,
    headers: { accept: 'application/json', ...request.headers, authorization: `Bearer ${accessToken}` },
    ...(request.body === undefined ? {} : { body: request.body }),
    ...(request.timeoutMs === undefined ? {} : { timeoutMs: request.timeoutMs }),
    ...(request.maxBytes === undefined ? {} : { maxBytes: request.maxBytes }),
  };
}
