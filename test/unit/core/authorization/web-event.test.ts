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

describe('readWebEvent()', () => {
  const nothing = { path: '', rawQuery: '', cookies: [], isPrefetch: false };

  it('S57: takes what an HTTP API has, and nothing for what it has not', () => {
    const http = { method: 'GET' };
    expect(readWebEvent({ requestContext: { http } })).toEqual({ ...nothing, method: 'GET' });
    const event = { rawPath: '/a', rawQueryString: 'b=c', cookies: ['d=e'], path: '/x', httpMethod: 'PUT' };
    expect(readWebEvent({ ...event, requestContext: { http } })).toEqual({
      method: 'GET',
      path: '/a',
      rawQuery: 'b=c',
      cookies: ['d=e'],
      isPrefetch: false,
    });
  });

  it('S57: takes what a REST API or a load balancer has, and nothing for what it has not', () => {
    expect(readWebEvent({})).toEqual({ ...nothing, method: '' });
    expect(readWebEvent({ headers: null, multiValueHeaders: null, requestContext: {} })).toEqual({
      ...nothing,
      method: '',
    });
    const event = { httpMethod: 'GET', path: '/a', headers: { Cookie: 'a=1; b=2', cookies: 'c=3', host: undefined } };
    expect(readWebEvent(event)).toEqual({ ...nothing, method: 'GET', path: '/a', cookies: ['a=1', ' b=2'] });
    const multiValueHeaders = { cookie: ['d=4', 'e=5; f=6'], host: undefined };
    expect(readWebEvent({ ...event, multiValueHeaders }).cookies).toEqual(['d=4', 'e=5', ' f=6']);
    const valueless = { cookie: undefined, 'sec-purpose': undefined };
    for (const headers of [{ headers: valueless }, { multiValueHeaders: valueless }]) {
      expect(readWebEvent({ ...headers, httpMethod: 'GET' })).toEqual({ ...nothing, method: 'GET' });
    }
  });

  it('S61: rebuilds the query from all its values, encoded once', () => {
    const multiValueQueryStringParameters = { 'a b': ['c&d', 'e%'], f: undefined, g: ['ä'] };
    const query = (event: object) => readWebEvent({ httpMethod: 'GET', ...event }).rawQuery;
    expect(query({ multiValueQueryStringParameters })).toBe('a%20b=c%26d&a%20b=e%25&g=%C3%A4');
    const elb = { multiValueQueryStringParameters: { 'a%20b': ['c%26d'] }, requestContext: { elb: {} } };
    expect(query(elb)).toBe('a%20b=c%26d');
    expect(query({ multiValueQueryStringParameters: { a: ['\ud800'] } })).toBeUndefined();
    expect(query({ multiValueQueryStringParameters: null, queryStringParameters: null })).toBe('');
    expect(query({ multiValueQueryStringParameters: null, queryStringParameters: {} })).toBe('');
    expect(query({ multiValueQueryStringParameters: null, queryStringParameters: { a: 'b' } })).toBeUndefined();
  });

  it('S55: sees a prefetch in one of several values, and none where nobody says so', () => {
    const isPrefetch = (values: readonly string[]) =>
      readWebEvent({ multiValueHeaders: { 'Sec-Purpose': values } }).isPrefetch;
    expect(isPrefetch(['x', 'prefetch;anonymous-client-ip'])).toBe(true);
    expect(isPrefetch(['x', 'y'])).toBe(false);
    expect(readWebEvent({ headers: { purpose: 'prefetch' } }).isPrefetch).toBe(false);
  });
});

describe('writeWebResult()', () => {
  const response = { status: 303 as const, headers: { location: '/x' }, cookies: ['a=1', 'b=2'], body: 'text' };
  const { status: statusCode, ...same } = response;

  it('S57: has cookies apart for an HTTP API, and as headers for the others', () => {
    expect(writeWebResult({ requestContext: { http: { method: 'GET' } } }, response)).toEqual({ statusCode, ...same });
    const { headers, body } = response;
    expect(writeWebResult({ requestContext: {} }, response)).toEqual({
      statusCode,
      headers,
      multiValueHeaders: { location: ['/x'], 'set-cookie': ['a=1', 'b=2'] },
      body,
    });
    const none = writeWebResult({ requestContext: { http: {} } }, { ...response, cookies: [] });
    expect(none).toEqual({ statusCode, headers, multiValueHeaders: { location: ['/x'] }, body });
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
