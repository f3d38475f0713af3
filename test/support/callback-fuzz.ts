import { createAnswerWeb } from '../../functions/core/authorization/answer.ts';
import type { WebEvent, WebResult } from '../../functions/core/authorization/web-event.ts';
import { createHandler } from '../../functions/oauth-callback/handler.ts';
import { createWebWorld, type WebWorld } from './web-world.ts';

type Shape = (path: string, query: string, cookie: string, method?: string) => WebEvent;

/** One request in each of Lambda's four forms, and in each the host that an attacker claims. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  'HTTP API': (rawPath, rawQueryString, cookie, method = 'GET') => ({
    version: '2.0',
    rawPath,
    rawQueryString,
    cookies: [cookie],
    headers: { host: 'evil.example' },
    requestContext: { http: { method } },
  }),
  'function URL': (rawPath, rawQueryString, cookie, method = 'GET') => ({
    version: '2.0',
    rawPath,
    rawQueryString,
    cookies: [cookie],
    headers: { 'x-forwarded-host': 'evil.example' },
    requestContext: { http: { method } },
  }),
  'payload 1.0': (path, query, cookie, httpMethod = 'GET') => ({
    version: '1.0',
    httpMethod,
    path,
    headers: { Cookie: cookie },
    multiValueHeaders: { Cookie: [cookie], Forwarded: ['host=evil.example'] },
    queryStringParameters: last(query),
    multiValueQueryStringParameters: all(query, (text) => decodeURIComponent(text)),
    requestContext: {},
  }),
  'load balancer': (path, query, cookie, httpMethod = 'GET') => ({
    httpMethod,
    path,
    multiValueHeaders: { cookie: [`a=b; ${cookie}`], host: ['evil.example'], 'x-forwarded-host': ['evil.example'] },
    multiValueQueryStringParameters: all(query, (text) => text),
    requestContext: { elb: {} },
  }),
};

function all(query: string, decode: (text: string) => string): Record<string, string[]> {
  const found: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const pair of query.split('&')) {
    const at = pair.indexOf('=');
    const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
    (found[decode(name)] ??= []).push(decode(value));
  }
  return found;
}

function last(query: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(all(query, (text) => text)).map(([name, values]) => [name, values.at(-1) ?? '']),
  );
}

export const handlerOf = (world: WebWorld) => createHandler({ answer: createAnswerWeb(world.dependenciesOf()) });
export const invocation = { deadline: { remainingMs: () => 29_000 } };

export interface FuzzOptions {
  readonly count: number;
  /** The same seed, the same queries. */
  readonly seed: number;
  /** Told every 10,000 queries. */
  readonly onProgress?: (tried: number) => void;
}

export interface FuzzResult {
  /** What must not happen, with the query that made it; the first hundred. */
  readonly faults: readonly string[];
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Queries that were good by chance, or nearly whole, and connected the account. */
  readonly connected: number;
  /** Queries that a gateway could not have decoded into an event of its shape. */
  readonly impossible: number;
}

/** A new authorization this often, so that there is always a state to hit. */
const WORLD_EVERY = 1000;
const MOST_FAULTS = 100;

/** Callbacks made of what attackers and broken encoders send, over a real pending authorization, in all four shapes. */
export async function fuzzCallback({ count, seed, onProgress }: FuzzOptions): Promise<FuzzResult> {
  const next = randomFrom(seed);
  const shapes = Object.values(SHAPES);
  const faults: string[] = [];
  const statuses: Record<string, number> = {};
  let [impossible, connected] = [0, 0];
  let target = await aTarget();
  for (let round = 0; round < count && faults.length < MOST_FAULTS; round += 1) {
    if (round % WORLD_EVERY === 0) {
      connected += target.world.endpoint.presented.length;
      target = await aTarget();
    }
    if (round % 10_000 === 0) onProgress?.(round);
    const marker = `ECHO${round}`;
    const text = textFrom(next, target.query, marker);
    const event = eventOf(shapes[round % shapes.length], text, target.cookie);
    if (event === undefined) {
      impossible += 1;
      continue;
    }
    try {
      const result = await target.handle(event, invocation);
      statuses[result.statusCode] = (statuses[result.statusCode] ?? 0) + 1;
      faults.push(...faultsOf(result, marker).map((fault) => `${fault}: ${JSON.stringify(text)}`));
    } catch (error) {
      faults.push(`thrown ${String(error)}: ${JSON.stringify(text)}`);
    }
    if (target.world.endpoint.presented.length > 1) faults.push(`a second token call: ${JSON.stringify(text)}`);
  }
  connected += target.world.endpoint.presented.length;
  return { faults, statuses, connected, impossible };
}

async function aTarget() {
  const world = createWebWorld();
  const { query, cookie } = await world.begin();
  return { world, query, cookie, handle: handlerOf(world) };
}

/** 502: an authorization server's error on a state that is good. */
const EXPECTED: ReadonlySet<number> = new Set([303, 400, 502]);

function faultsOf(result: WebResult, marker: string): readonly string[] {
  const location = result.headers?.['location'] ?? result.multiValueHeaders?.['location']?.join(' ');
  return [
    ...(EXPECTED.has(result.statusCode) ? [] : [`status ${result.statusCode}`]),
    ...(JSON.stringify(result).includes(marker) ? ['an echo'] : []),
    ...(location === undefined || /^\/outcome\/[a-z-]+$/.test(location) ? [] : [`sent to ${location}`]),
  ];
}

/** `undefined` where the gateway of that shape would itself have refused the query. */
function eventOf(shape: (typeof SHAPES)[string] | undefined, text: string, cookie: string): WebEvent | undefined {
  try {
    return shape?.('/callback/acme', text, cookie);
  } catch {
    return undefined;
  }
}

const WORDS: readonly string[] = [
  'state=',
  'code=',
  'error=',
  'error=access_denied&',
  'error_description=',
  'iss=',
  'redirect_to=//evil.example',
  'next=https://evil.example',
  '%',
  '%00',
  '%E0%A4%A',
  '%c0%ae',
  '&',
  '&&',
  '=',
  '[]',
  '[$ne]=',
  '__proto__=x',
  'constructor=x',
  '<script>',
  "'",
  '%0d%0aSet-Cookie:x',
  '\u0000',
  'ä',
  '\ud800',
  '+',
  'A'.repeat(43),
  'a'.repeat(2100),
];

function textFrom(next: (below: number) => number, query: string, marker: string): string {
  let text = '';
  for (let part = next(7); part >= 0; part -= 1) text += WORDS[next(WORDS.length)];
  const luck = next(200);
  if (luck < 4) text = query.slice(0, next(query.length)) + text;
  if (luck === 4) text = `${query}&${text}`;
  return luck === 5 ? `${query}&x=${marker}` : `${text}&x=${marker}`;
}

/** A linear congruence: plenty for this, and the same everywhere. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed & 0x7fffffff;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
}
