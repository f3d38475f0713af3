import { describe, expect, it } from 'vitest';
import { readWebEvent, writeWebResult } from '../../../../functions/core/authorization/web-event.ts';
import { fuzzCallback, handlerOf, invocation, SHAPES } from '../../../support/callback-fuzz.ts';
import { createWebWorld } from '../../../support/web-world.ts';

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

  it('S57: sends the browser off with our own address, whatever host it claims', async () => {
    const world = createWebWorld();
    const result = await handlerOf(world)(shape(await world.invite('c1'), '', '', 'POST'), invocation);
    expect(result.statusCode).toBe(303);
    expect(JSON.stringify(result)).not.toContain('evil');
    const location = new URL(result.headers?.location ?? result.multiValueHeaders?.location?.[0] ?? 'none:');
    expect(location.searchParams.get('redirect_uri')).toBe('https://steward.example/callback/acme');
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
  it('S61: a load balancer without multi-value headers cannot be trusted with duplicates', async () => {
    const event = {
      httpMethod: 'GET',
      path: '/callback/acme',
      queryStringParameters: { code: 'x' },
      requestContext: { elb: {} },
    };
    expect(readWebEvent(event).rawQuery).toBeUndefined();
    const world = createWebWorld();
    const { state, code, cookie } = await world.begin();
    world.counts();
    const good = { ...event, headers: { cookie }, queryStringParameters: { code, state } };
    expect((await handlerOf(world)(good, invocation)).statusCode).toBe(400);
    expect(world.counts()).toEqual({ calls: 0, reads: 0, writes: 0 });
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
    const { faults, statuses, connected } = await fuzzCallback({ count: 100_000, seed: 42 });
    expect(faults).toEqual([]);
    expect(Object.keys(statuses).toSorted()).toEqual(['303', '400', '502']);
    expect(connected).toBeGreaterThan(0);
  }, 120_000);
});
