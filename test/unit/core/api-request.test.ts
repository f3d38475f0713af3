import { describe, expect, it } from 'vitest';
import { createOpenApi, egressPolicy, type OpenApiDependencies } from '../../../functions/core/api.ts';
import type { BudgetDraw } from '../../../functions/core/budgets/budget.ts';
import type { Connection } from '../../../functions/core/connections/connection.ts';
import { BudgetExhaustedError, ConfigInvalidError, ProviderRateLimitedError } from '../../../functions/core/errors.ts';
import type { EgressPolicy, HttpRequest } from '../../../functions/core/http.ts';
import type { Provider } from '../../../functions/core/provider.ts';
import { configurationProvider } from '../../support/fake-provider.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

function scene(change: Partial<Connection> = {}, more: Partial<Provider> = {}, granted = true) {
  const clock = createVirtualClock();
  const sent: { request: HttpRequest; allowed: EgressPolicy }[] = [];
  const draws: BudgetDraw[] = [];
  const blocked: number[] = [];
  const rejected: string[] = [];
  const connection = {
    name: 'c1',
    provider: 'acme',
    settings: {},
    budgetAccount: 'account-7',
    generation: 3,
    ...change,
  } as unknown as Connection;
  const provider: Provider = {
    ...configurationProvider('acme'),
    budgets: { default: { perMinute: 30 }, pages: { perMinute: 50 } },
    allows: (url) => url.host === 'api.example',
    apiBase: ({ apiEndpoint }) => new URL(apiEndpoint ?? 'https://api.example/v1/'),
    judge: () => undefined,
    ...more,
  };
  const dependencies: OpenApiDependencies = {
    access: {
      open: async () => ({ connection, accessToken: 'canary' }),
      reject: async (name) => void rejected.push(name),
      find: async () => connection,
    },
    budgets: {
      draw: async (draw) => {
        draws.push(draw);
        return granted ? { granted: true } : { granted: false, retryAfterMs: 4000 };
      },
      block: async (_draw, until) => void blocked.push(until.getTime() - clock.now().getTime()),
    },
    send: async (request, allowed) => {
      sent.push({ request, allowed });
      return { status: 200, headers: {}, body: new Uint8Array() };
    },
    clock,
    providers: { acme: provider },
  };
  return { open: () => createOpenApi(dependencies)('c1', 'exports'), sent, draws, blocked, rejected, provider };
}

describe('a request to a provider’s API', () => {
  it('is sent to its address, with the token, and with what was asked for and no more', async () => {
    const { open, sent } = scene();
    const api = await open();
    await api.call({ method: 'GET', path: 'rows' });
    const query = [
      ['tag', 'a b'],
      ['tag', 'c&d'],
    ] as const;
    await api.call({
      method: 'POST',
      path: 'rows',
      query,
      headers: { accept: 'text/csv', 'x-page': '2' },
      body: '{}',
      timeoutMs: 7,
      maxBytes: 9,
    });
    expect(sent.map(({ request }) => ({ ...request, url: request.url.href }))).toStrictEqual([
      {
        method: 'GET',
        url: 'https://api.example/v1/rows',
        headers: { accept: 'application/json', authorization: 'Bearer canary' },
      },
      {
        method: 'POST',
        url: 'https://api.example/v1/rows?tag=a+b&tag=c%26d',
        headers: { accept: 'text/csv', 'x-page': '2', authorization: 'Bearer canary' },
        body: '{}',
        timeoutMs: 7,
        maxBytes: 9,
      },
    ]);
    expect(api.requests()).toBe(2);
  });

  it('goes to the address that the provider gave the connection', async () => {
    const { open, sent } = scene({ apiEndpoint: 'https://eu.api.example/' });
    const { call, context } = await open();
    await call({ method: 'GET', path: 'rows' });
    expect(sent[0]?.request.url.href).toBe('https://eu.api.example/rows');
    expect(context).toEqual({ connection: 'c1', settings: {}, apiEndpoint: 'https://eu.api.example/' });
    expect((await scene().open()).context).not.toHaveProperty('apiEndpoint');
  });

  it('draws on its account’s budget, of its own kind where it has one', async () => {
    const { open, draws } = scene();
    const { call } = await open();
    await call({ method: 'GET', path: 'rows' });
    await call({ method: 'GET', path: 'rows', budget: 'pages' });
    const draw = { provider: 'acme', account: 'account-7', lane: 'exports' };
    expect(draws).toEqual([
      { ...draw, category: 'default', perMinute: 30 },
      { ...draw, category: 'pages', perMinute: 50 },
    ]);
  });

  it('is not sent when the budget is used up', async () => {
    const { open, sent } = scene({}, {}, false);
    const { call, requests } = await open();
    const error: unknown = await call({ method: 'GET', path: 'rows' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BudgetExhaustedError);
    expect(error).toMatchObject({ retryAfterMs: 4000 });
    expect([sent, requests()]).toEqual([[], 0]);
  });

  it('blocks the budget for as long as a 429 says, or a minute, and asks for no refresh', async () => {
    for (const [said, ms] of [
      [5000, 5000],
      [undefined, 60_000],
    ] as const) {
      const failure = new ProviderRateLimitedError('429', said);
      const { open, blocked, rejected } = scene({}, { judge: () => failure });
      await expect((await open()).call({ method: 'GET', path: 'rows' })).rejects.toBe(failure);
      expect([blocked, rejected]).toEqual([[ms], []]);
    }
    const { open, blocked } = scene();
    await (await open()).call({ method: 'GET', path: 'rows' });
    expect(blocked).toEqual([]);
  });

  it('is none for a provider that is not there', async () => {
    await expect(scene({ provider: 'gone' }).open()).rejects.toThrow(ConfigInvalidError);
  });
});

describe('where a connection’s requests may go', () => {
  const { provider } = scene();
  const may = (url: string, settings: object = {}) =>
    egressPolicy(provider, { connection: 'c1', settings: settings as never })(new URL(url));

  it('is the provider’s list', () => {
    expect(may('https://api.example/x')).toBe(true);
    expect(may('https://evil.example/x')).toBe(false);
  });

  it('is exactly the origin of its own endpoint, where it has one', () => {
    const settings = { endpoint: 'http://127.0.0.1:4010/acme' };
    expect(may('http://127.0.0.1:4010/other', settings)).toBe(true);
    for (const url of ['https://api.example/x', 'http://127.0.0.1:4011/', 'https://127.0.0.1:4010/']) {
      expect(may(url, settings)).toBe(false);
    }
  });
});
