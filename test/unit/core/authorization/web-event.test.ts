// oxlint-disable vitest/no-conditional-expect -- exhaustive runs are judged by how they ended
import { describe, expect, it } from 'vitest';
import { createAnswerWeb } from '../../../../functions/core/authorization/answer.ts';
import { readWebEvent, type WebEvent, writeWebResult } from '../../../../functions/core/authorization/web-event.ts';
import { createHandler } from '../../../../functions/oauth-callback/handler.ts';
import { createWebWorld, type WebWorld } from '../../../support/web-world.ts';

/** One request in each of Lambda's four forms. */
const SHAPES: Readonly<Record<string, (path: string, query: string, cookie: string) => WebEvent>> = {
  'HTTP API': (rawPath, rawQueryString, cookie) => ({
    version: '2.0',
    rawPath,
    rawQueryString,
    cookies: [cookie],
    headers: { host: 'evil.example' },
    requestContext: { http: { method: 'GET' } },
  }),
  'function URL': (rawPath, rawQueryString, cookie) => ({
    version: '2.0',
    rawPath,
    rawQueryString,
    cookies: [cookie],
    headers: { 'x-forwarded-host': 'evil.example' },
    requestContext: { http: { method: 'GET' } },
  }),
  'payload 1.0': (path, query, cookie) => ({
    version: '1.0',
    httpMethod: 'GET',
    path,
    headers: { Cookie: cookie },
    multiValueHeaders: { Cookie: [cookie], Forwarded: ['host=evil.example'] },
    queryStringParameters: last(query),
    multiValueQueryStringParameters: all(query, (text) => decodeURIComponent(text)),
    requestContext: {},
  }),
  'load balancer': (path, query, cookie) => ({
    httpMethod: 'GET',
    path,
    multiValueHeaders: { cookie: [`a=b; ${cookie}`] },
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

const handlerOf = (world: WebWorld) => createHandler({ answer: createAnswerWeb(world.dependenciesOf()) });
const invocation = { deadline: { remainingMs: () => 29_000 } };

describe.each(Object.entries(SHAPES))('%s', (_name, shape) => {
  it('S57, S61: takes a good callback, whatever host it claims', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    const result = await handlerOf(world)(shape('/callback/acme', query, cookie), invocation);
    expect(result.statusCode).toBe(303);
    expect(result.headers?.location).toBe('/outcome/connected');
    const cookies = result.cookies ?? result.multiValueHeaders?.['set-cookie'];
    expect(cookies?.[0]).toMatch(/^__Host-steward-.*Max-Age=0/);
  });

  it.each(['state', 'code'])('S61: sees that %s came twice', async (name) => {
    const world = createWebWorld();
    const { query, cookie, state, code } = await world.begin();
    world.counts();
    const twice = `${query}&${name}=${name === 'state' ? state : code}`;
    const result = await handlerOf(world)(shape('/callback/acme', twice, cookie), invocation);
    expect(result.statusCode).toBe(400);
    expect(world.counts()).toEqual({ calls: 0, reads: 0, writes: 0 });
  });
});

describe('events that say less', () => {
  it('S61: a load balancer without multi-value headers cannot be trusted with duplicates', () => {
    const event = {
      httpMethod: 'GET',
      path: '/callback/acme',
      queryStringParameters: { code: 'x' },
      requestContext: { elb: {} },
    };
    expect(readWebEvent(event).rawQuery).toBeUndefined();
    expect(readWebEvent({ httpMethod: 'GET', path: '/' }).rawQuery).toBe('');
  });

  it('S90: names like __proto__ are names', () => {
    const multi = JSON.parse('{"__proto__":["x"],"state":["y"]}') as Record<string, string[]>;
    readWebEvent({ httpMethod: 'GET', path: '/', multiValueQueryStringParameters: multi });
    expect(({} as Record<string, unknown>).state).toBeUndefined();
  });

  it('S55: sees a prefetch in any spelling of the header', () => {
    for (const headers of [{ 'Sec-Purpose': 'prefetch' }, { 'sec-purpose': 'prefetch;prerender' }]) {
      expect(readWebEvent({ headers, requestContext: { http: { method: 'GET' } } }).isPrefetch).toBe(true);
    }
    expect(readWebEvent({}).isPrefetch).toBe(false);
    expect(writeWebResult({}, { status: 404, headers: {}, cookies: [], body: '' }).statusCode).toBe(404);
  });
});

describe('fuzz', () => {
  it('S56, S60: 10⁵ queries in all four shapes: never a 500, no echo, no address off the list', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    const handler = handlerOf(world);
    const shapes = Object.values(SHAPES);
    let seed = 42;
    const next = (below: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return seed % below;
    };
    const words = [
      'state=',
      'code=',
      'error=',
      'iss=',
      'redirect_to=//evil.example',
      'next=https://evil.example',
      '%',
      '%00',
      '%E0%A4%A',
      '&',
      '&&',
      '=',
      '[]',
      '__proto__=x',
      '<script>',
      "'",
      '%0d%0aSet-Cookie:x',
      '\u0000',
      'ä',
      '\ud800',
      '+',
      query.slice(0, 20),
      'A'.repeat(43),
    ];
    for (let round = 0; round < 100_000; round += 1) {
      let text = '';
      for (let part = next(7); part >= 0; part -= 1) text += words[next(words.length)];
      if (next(50) === 0) text = query.slice(0, next(query.length)) + text;
      const marker = `ECHO${round}`;
      const shape = shapes[round % shapes.length];
      if (shape === undefined) throw new Error('no shape');
      let event: WebEvent;
      try {
        event = shape('/callback/acme', `${text}&x=${marker}`, cookie);
      } catch {
        continue; // an event that no API Gateway could have decoded
      }
      const result = await handler(event, invocation);
      if (result.statusCode !== 400 && result.statusCode !== 303)
        expect.unreachable(`status ${result.statusCode} for ${text}`);
      if (JSON.stringify(result).includes(marker)) expect.unreachable(`echo of ${text}`);
      const location = result.headers?.location;
      if (location !== undefined && !/^\/outcome\/[a-z-]+$/.test(location)) expect.unreachable(location);
    }
    expect(world.endpoint.presented.length).toBeLessThanOrEqual(1);
  }, 120_000);
});
