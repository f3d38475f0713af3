import { describe, expect, it } from 'vitest';
import { createOpenApi, type OpenApiDependencies } from '../../../functions/core/api.ts';
import type { Connection } from '../../../functions/core/connections/connection.ts';
import {
  AccessTokenRejectedError,
  BudgetExhaustedError,
  ProviderRateLimitedError,
  type ServiceError,
  StoreUnavailableError,
} from '../../../functions/core/errors.ts';
import type { Lane, Provider } from '../../../functions/core/provider.ts';
import { configurationProvider } from '../../support/fake-provider.ts';
import { endlessBudgets } from '../../support/memory-budgets.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

const connection = {
  name: 'acme',
  provider: 'acme',
  settings: {},
  budgetAccount: 'acme',
  generation: 3,
} as unknown as Connection;

/** An API whose provider has one word for every answer, and whose stores are what a test makes of them. */
function openApiFor(
  said: { failure?: ServiceError; pausedUntil?: Date },
  broken: Error | undefined,
  change: Partial<OpenApiDependencies> = {},
) {
  const written: string[] = [];
  const write = async (what: string) => {
    if (broken !== undefined) throw broken;
    written.push(what);
  };
  const provider: Provider = {
    ...configurationProvider('acme'),
    allows: () => true,
    apiBase: () => new URL('https://api.example/'),
    judge: () => said.failure,
    pausedUntil: () => said.pausedUntil,
  };
  const dependencies: OpenApiDependencies = {
    access: {
      open: async () => ({ connection, accessToken: 'canary' }),
      reject: async (name, generation) => write(`reject ${name} ${generation}`),
      find: async () => connection,
    },
    budgets: { ...endlessBudgets(), block: async (_draw, until) => write(`block ${until.toISOString()}`) },
    send: async () => ({ status: 200, headers: {}, body: new Uint8Array() }),
    clock: createVirtualClock(),
    providers: { acme: provider },
    ...change,
  };
  const open = (lane: Lane) => createOpenApi(dependencies)('acme', lane);
  const call = async () => (await open('alerts')).call({ method: 'GET', path: 'x' });
  return { open, call, written };
}

const busy = new StoreUnavailableError('Writing connection acme: TransactionConflictException');
const rejected = new AccessTokenRejectedError('401');
const limited = new ProviderRateLimitedError('429', 5000);

describe('a call to a provider', () => {
  it('asks for a refresh of exactly the generation that was rejected', async () => {
    const { call, written } = openApiFor({ failure: rejected }, undefined);
    await expect(call()).rejects.toBe(rejected);
    expect(written).toEqual(['reject acme 3']);
  });

  it.each([
    ['a rejected token', rejected],
    ['a full minute', limited],
  ])('says what the provider said of %s, although it cannot be written down now', async (_what, failure) => {
    const { call } = openApiFor({ failure }, busy);
    await expect(call()).rejects.toBe(failure);
  });

  it('keeps an answer that is good, although what it says of the budget cannot be written down now', async () => {
    const { call } = openApiFor({ pausedUntil: new Date(0) }, busy);
    expect(await call()).toMatchObject({ status: 200 });
  });

  it('waits as an answer says that is good, and where none says so does not', async () => {
    const { call, written } = openApiFor({ pausedUntil: new Date(5000) }, undefined);
    await call();
    expect(written).toEqual(['block 1970-01-01T00:00:05.000Z']);
    const free = openApiFor({}, undefined);
    await free.call();
    expect(free.written).toEqual([]);
  });

  it('draws on its own lane whatever it does, and counts what was sent and not what was kept back', async () => {
    const lanes: string[] = [];
    const budgets: OpenApiDependencies['budgets'] = {
      ...endlessBudgets(),
      draw: async ({ lane }) => {
        lanes.push(lane);
        return lanes.length > 2 ? { granted: false, retryAfterMs: 1000 } : { granted: true };
      },
    };
    const api = await openApiFor({}, undefined, { budgets }).open('exports');
    await api.call({ method: 'GET', path: 'x' });
    await api.call({ method: 'POST', path: 'x', body: '{}' });
    await expect(api.call({ method: 'GET', path: 'x' })).rejects.toThrow(BudgetExhaustedError);
    expect(lanes).toEqual(['exports', 'exports', 'exports']);
    expect(api.requests()).toBe(2);
  });

  it('hides no bug in a store', async () => {
    const bug = new TypeError('a bug');
    await expect(openApiFor({ failure: rejected }, bug).call()).rejects.toBe(bug);
  });
});
