import { createHash } from 'node:crypto';
import type { Budgets } from '../../functions/core/budgets/budget.ts';
import type { Connection } from '../../functions/core/connections/connection.ts';
import { tokenFingerprint } from '../../functions/core/connections/fingerprint.ts';
import { CredentialsMissingError, SealBrokenError } from '../../functions/core/errors.ts';
import type { LogFields } from '../../functions/core/log.ts';
import type { Provider } from '../../functions/core/provider.ts';
import type { DataKeys } from '../../functions/core/sealing/data-keys.ts';
import { createSealer } from '../../functions/core/sealing/sealer.ts';
import type { Deadline, Random } from '../../functions/core/time.ts';
import { DAY_MS } from '../../functions/core/time.ts';
import { createConnectionEvents } from '../../functions/core/tokens/connection-events.ts';
import type { CredentialsSource } from '../../functions/core/tokens/credentials.ts';
import type { TokenDependencies } from '../../functions/core/tokens/dependencies.ts';
import { Process, throughProcess } from './faults.ts';
import { createMemoryBreakers } from './memory-breakers.ts';
import { createMemoryConnections } from './memory-connections.ts';
import { createMemoryRescue } from './memory-rescue.ts';
import { createTokenEndpoint, tokenProvider } from './token-provider.ts';
import { createVirtualClock } from './virtual-clock.ts';

const METRIC_UNITS: ReadonlySet<string> = new Set(['Count', 'Seconds', 'Milliseconds', 'Bytes']);

/** Everything around the refresh protocol, in memory, on a virtual clock. */
export function createTokenWorld(options: { readonly providers?: readonly Provider[] } = {}) {
  const clock = createVirtualClock();
  const random = seededRandom('token-world');
  const connections = createMemoryConnections();
  const endpoint = createTokenEndpoint(clock);
  const rescued = new Map<string, string>();
  const lines: { level: string; event: string; fields: LogFields }[] = [];
  const metered: { name: string; value: number; provider?: string }[] = [];
  const draws: string[] = [];
  const budget = { grants: true, retryAfterMs: 5000 };
  const secrets = {
    current: 'canary-secret',
    cached: undefined as string | undefined,
    previous: undefined as string | undefined,
  };
  const keys = memoryDataKeys();
  const list = options.providers ?? [tokenProvider('acme'), tokenProvider('ops', { grant: 'client-credentials' })];
  const providers = Object.fromEntries(list.map((provider) => [provider.id, provider]));

  const rescue = createMemoryRescue(rescued);
  const breakers = createMemoryBreakers();
  const credentials: CredentialsSource = {
    async get(_secret, { fresh = false, previous = false } = {}) {
      const clientSecret = previous ? secrets.previous : fresh ? secrets.current : (secrets.cached ?? secrets.current);
      if (clientSecret === undefined) throw new CredentialsMissingError('no such secret');
      return { clientId: 'client', clientSecret };
    },
  };
  const budgets: Budgets = {
    async draw({ category }) {
      draws.push(category);
      return budget.grants ? { granted: true } : { granted: false, retryAfterMs: budget.retryAfterMs };
    },
    block: async () => undefined,
  };
  const note =
    (level: string) =>
    (event: string, fields: LogFields = {}) =>
      void lines.push({ level, event, fields });

  /** The dependencies as one process has them; each effect of it goes through the process. */
  const dependenciesOf = (process = new Process(), overrides: Partial<TokenDependencies> = {}): TokenDependencies => {
    const dataKeys = throughProcess(process, 'keys', keys.port);
    return {
      store: throughProcess(process, 'store', connections),
      rescue: throughProcess(process, 'rescue', rescue),
      sealer: createSealer({ keys: dataKeys, clock, random }),
      credentials: throughProcess(process, 'credentials', credentials),
      budgets: throughProcess(process, 'budgets', budgets),
      breakers: throughProcess(process, 'breakers', breakers),
      send: (request, allowed) => process.run('send', () => endpoint.send(request, allowed)),
      clock,
      random,
      wait: async (ms) => clock.advance(ms),
      log: { info: note('info'), warn: note('warn'), error: note('error') },
      metrics: {
        add: (name, unit, value, dimensions = {}) => {
          if (name === '' || !METRIC_UNITS.has(unit)) throw new Error(`CloudWatch takes no ${name} in ${unit}`);
          metered.push({ name, value, ...dimensions });
        },
      },
      events: createConnectionEvents('test'),
      providers,
      redirectUri: (provider) => `https://steward.example/callback/${provider}`,
      owner: 'test',
      ...overrides,
    };
  };

  /** A function's time: 55 s from now on the virtual clock. */
  const deadline = (ms = 55_000): Deadline => {
    const end = clock.now().getTime() + ms;
    return { remainingMs: () => end - clock.now().getTime() };
  };

  /** A connected account, its first token set stored and due at once. */
  const addConnected = async (name: string, overrides: Partial<Connection> = {}): Promise<Connection> => {
    await connections.configure(
      name,
      { provider: 'acme', grant: 'authorization-code', settings: {}, secret: { name: 'acme' }, budgetAccount: 'acme' },
      clock.now(),
    );
    const refreshToken = endpoint.issueRefreshToken(name);
    const seal = await createSealer({ keys: keys.port, clock, random }).prepare(['access', 'refresh']);
    const context = { provider: 'acme', connection: name, generation: 1 };
    const now = clock.now();
    const item: Connection = {
      ...(connections.items.get(name) as Connection),
      health: 'connected',
      generation: 1,
      fingerprint: tokenFingerprint(refreshToken),
      access: {
        sealed: seal('canary-access-first', { ...context, purpose: 'access' }),
        issuedAt: now,
        expiresAt: new Date(now.getTime() + 3_600_000),
      },
      refresh: {
        sealed: seal(refreshToken, { ...context, purpose: 'refresh' }),
        issuedAt: now,
        expiresAt: new Date(now.getTime() + 21 * DAY_MS),
      },
      nextRefreshAt: now,
      providerAccount: name,
      ...overrides,
    };
    connections.items.set(name, item);
    connections.highWaters.set(name, 1);
    return item;
  };

  const addClient = async (name: string): Promise<void> => {
    await connections.configure(
      name,
      { provider: 'ops', grant: 'client-credentials', settings: {}, secret: { name: 'ops' }, budgetAccount: 'ops' },
      clock.now(),
    );
  };

  const eventTypes = (name?: string) =>
    connections.outbox
      .filter(({ event }) => name === undefined || event.connection === name)
      .map(({ event }) => event.type.replace('steward.connection.', ''));

  /** Everything that was written anywhere a secret must not be. */
  const sinks = () =>
    JSON.stringify([lines, metered, connections.outbox, [...rescued], [...connections.items.values()]]);

  return {
    clock,
    random,
    connections,
    endpoint,
    rescue,
    rescued,
    breakerStates: breakers.states,
    lines,
    metered,
    draws,
    budget,
    secrets,
    keys,
    providers,
    dependenciesOf,
    deadline,
    addConnected,
    addClient,
    eventTypes,
    sinks,
  };
}

export type TokenWorld = ReturnType<typeof createTokenWorld>;

/** Random bytes that are the same in every run. */
export function seededRandom(seed: string): Random {
  let count = 0;
  return {
    bytes(length) {
      const parts: Buffer[] = [];
      for (let have = 0; have < length; have += 32) {
        parts.push(
          createHash('sha256')
            .update(`${seed}:${(count += 1)}`)
            .digest(),
        );
      }
      return new Uint8Array(Buffer.concat(parts).subarray(0, length));
    },
  };
}

/** Data keys without KMS; the wrapped key opens for its purpose only. */
export function memoryDataKeys() {
  const issued = new Map<string, { readonly purpose: string; readonly plaintext: Uint8Array }>();
  const random = seededRandom('data-keys');
  const calls = { generate: 0, open: 0 };
  const port: DataKeys = {
    async generate(purpose) {
      calls.generate += 1;
      const plaintext = random.bytes(32);
      const wrapped = random.bytes(48);
      issued.set(Buffer.from(wrapped).toString('hex'), { purpose, plaintext });
      return { plaintext, wrapped };
    },
    async open(wrapped, purpose) {
      calls.open += 1;
      const key = issued.get(Buffer.from(wrapped).toString('hex'));
      if (key?.purpose !== purpose) throw new SealBrokenError('not a key of this purpose');
      return key.plaintext;
    },
  };
  return { port, calls };
}
