// oxlint-disable vitest/no-conditional-expect -- exhaustive runs are judged by how they ended
import { setImmediate as aTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { page } from '../../../../functions/core/authorization/pages.ts';
import { secretHash } from '../../../../functions/core/authorization/secrets.ts';
import type { WebResponse } from '../../../../functions/core/authorization/web.ts';
import { StoreUnavailableError } from '../../../../functions/core/errors.ts';
import { DAY_MS, MINUTE_MS } from '../../../../functions/core/time.ts';
import type { AuthorizationProfile, ProviderSettings } from '../../../../functions/core/provider.ts';
import { LEASE_MS } from '../../../../functions/core/tokens/timing.ts';
import { createRefresh } from '../../../../functions/core/tokens/refresh.ts';
import { Killed, Process } from '../../../support/faults.ts';
import { type RotationMode, tokenProvider } from '../../../support/token-provider.ts';
import { createWebWorld, type WebWorld } from '../../../support/web-world.ts';

const REQUIRED_HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'content-type': 'text/html; charset=utf-8',
};

/** RELIABILITY 1.2, for every answer of a callback. */
function expectContract(response: WebResponse): void {
  expect([303, 400, 404, 405, 502, 504]).toContain(response.status);
  expect(response.headers).toMatchObject(REQUIRED_HEADERS);
  const policy = response.headers['content-security-policy'] ?? '';
  for (const rule of ["default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]) {
    expect(policy).toContain(rule);
  }
  expect(policy).not.toContain('unsafe');
  expect(response.headers['strict-transport-security']).toMatch(/max-age=\d{8,}; includeSubDomains/);
  if (response.headers.location !== undefined) expect(response.headers.location).toMatch(/^\/outcome\/[a-z-]+$/);
}

/** The one generic page. */
async function generic(world: WebWorld): Promise<WebResponse> {
  return world.callback('', '');
}

/** Why authorizations failed, as events say. */
const reasons = (world: WebWorld) => world.connections.outbox.map(({ event }) => event.data.reason);

const A43 = 'A'.repeat(43);

describe('a callback that is turned away before anything is read', () => {
  it.each([
    ['S01 no state', 'code=x'],
    ['S12 a long state', `code=x&state=${'a'.repeat(513)}`],
    ['S12 a state of 10 KB', `code=x&state=${'a'.repeat(10_240)}`],
    ['S13 a NUL', `code=x&state=${A43.slice(1)}%00`],
    ['S13 CR LF', `code=x&state=${A43.slice(2)}%0d%0a`],
    ['S13 dots', 'code=x&state=../../etc/passwd'],
    ['S13 JSON', 'code=x&state=%7B%22a%22%3A1%7D'],
    ['S13 an operator', `code=x&state[$ne]=${A43}`],
    ['S13 an array', `code=x&state[]=${A43}`],
    ['S13 not ASCII', `code=x&state=${'%C3%A4'.repeat(43)}`],
    ['S14 state twice, the same', `code=x&state=${A43}&state=${A43}`],
    ['S14 state twice, different', `code=x&state=${A43}&state=${'B'.repeat(43)}`],
    ['S14 state twice, one in another spelling', `code=x&state=${A43}&st%61te=${A43}`],
    ['S19 neither code nor error', `state=${A43}`],
    ['S21 code twice', `code=x&code=x&state=${A43}`],
    ['S22 a code too long', `code=${'c'.repeat(2049)}&state=${A43}`],
    ['S23 a code with NUL', `code=a%00b&state=${A43}`],
    ['S23 a code with CR LF', `code=a%0d%0ab&state=${A43}`],
    ['S23 a code not in ASCII', `code=%C3%A4&state=${A43}`],
    ['S23 an empty code', `code=&state=${A43}`],
    ['S43 iss twice', `code=x&iss=a&iss=a&state=${A43}`],
    ['S50 an error description of 10 KB', `error=x&error_description=${'d'.repeat(10_240)}&state=${A43}`],
    ['S50 control characters in an error', `error=a%07b&state=${A43}`],
    ['S50 control characters in a description', `error=x&error_description=a%0ab&state=${A43}`],
    ['S53 an error without state', 'error=access_denied'],
    ['S59 8 KB of query', `code=x&state=${A43}&pad=${'p'.repeat(8200)}`],
    ['S59 51 parameters', `code=x&state=${A43}${'&a=b'.repeat(50)}`],
    ['S60 a stray escape', `code=x&state=${A43}&x=%`],
    ['S60 half a character', `code=x&state=${A43}&x=%E0%A4%A`],
    ['S60 an overlong form', `code=x&state=${A43}&x=%C0%AF`],
  ])('%s', async (_title, query) => {
    const world = createWebWorld();
    const response = await world.callback(query, '');
    expectContract(response);
    expect(response.status).toBe(400);
    expect(response).toEqual(await generic(world));
    expect(world.counts()).toEqual({ calls: 0, reads: 0, writes: 0 });
  });

  it('S59: in less than 5 ms of CPU', async () => {
    const world = createWebWorld();
    const query = `code=x&state=${A43}&pad=${'%41'.repeat(2600)}`;
    await world.callback(query, '');
    const before = process.cpuUsage();
    for (let round = 0; round < 50; round += 1) await world.callback(query, '');
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000 / 50).toBeLessThan(5);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH'])(
    'S15, S54: %s is not taken and uses nothing up',
    async (method) => {
      const world = createWebWorld();
      const { query, cookie } = await world.begin();
      world.counts();
      const response = await world.callback(query, cookie, { method });
      expectContract(response);
      expect(response.status).toBe(405);
      expect(world.counts()).toEqual({ calls: 0, reads: 0, writes: 0 });
      expect((await world.callback(query, cookie)).headers.location).toBe('/outcome/connected');
    },
  );

  it('S55: a prefetch uses nothing up', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    world.counts();
    expect((await world.callback(query, cookie, { isPrefetch: true })).status).toBe(400);
    expect(world.counts()).toEqual({ calls: 0, reads: 0, writes: 0 });
    expect((await world.callback(query, cookie)).status).toBe(303);
  });

  it.each([
    '/callback/acme/',
    '/callback/ACME',
    '/callback//acme',
    '/callback/%61cme',
    '/callback/..%2facme',
    '/callback/acme%00',
    '/Callback/acme',
    '/callback/__proto__',
    '/callback/constructor',
    '/callback/ops',
    '/callback/nobody',
    '/callback/',
    '/',
    '/outcome/__proto__',
    '/outcome/invalid',
    '/connect/short',
    `/connect/${A43}/`,
    '//evil.example/callback/acme',
  ])('S58: %s is not a page', async (path) => {
    const world = createWebWorld();
    const response = await world.ask({ path, rawQuery: `code=x&state=${A43}` });
    expectContract(response);
    expect(response.status).toBe(404);
    expect(world.counts()).toEqual({ calls: 0, reads: 0, writes: 0 });
  });
});

describe('a callback that is turned away by its state', () => {
  it('S02, S09: an unknown state, whatever bit was changed, is read and nothing written', async () => {
    const world = createWebWorld();
    const { state, code, cookie } = await world.begin();
    for (let at = 0; at < state.length; at += 1) {
      const other = `${state.slice(0, at)}${state[at] === 'A' ? 'B' : 'A'}${state.slice(at + 1)}`;
      world.counts();
      const response = await world.callback(`code=${code}&state=${other}`, cookie);
      expect(response).toEqual(await generic(world));
      expect(world.counts()).toEqual({ calls: 0, reads: 1, writes: 0 });
    }
  });

  it('S03, S04, S11, S16, S46, S69: another browser, no browser, unknown, expired and burnt look the same', async () => {
    const world = createWebWorld();
    const mine = await world.begin('c1');
    const theirs = await world.begin('c2');
    const burnt = await world.begin('c3');
    for (let count = 0; count < 5; count += 1) await world.callback(burnt.query, '');
    const refused = await world.begin('c4');
    const stolen = `code=stolen&state=${refused.state}`;
    await world.callback(stolen, refused.cookie);
    world.counts();
    const counted = { calls: 0, reads: 1, writes: 1 };
    const unwritten = { ...counted, writes: 0 };
    const before = structuredClone([...world.connections.items]);
    const turnedAway = async (query: string, cookie: string, expected: typeof counted) => {
      expect(await world.callback(query, cookie)).toEqual(await generic(world));
      expect(world.counts()).toEqual(expected);
    };
    // What is written is how many wrong browsers came.
    await turnedAway(mine.query, theirs.cookie, counted);
    await turnedAway(mine.query, mine.cookie.replace(/=.*/, `=${A43}`), counted);
    await turnedAway(mine.query, '', counted);
    await turnedAway(mine.query, mine.cookie.replace('steward-', 'other-'), counted);
    await turnedAway(`code=x&state=${A43}`, mine.cookie, unwritten);
    await turnedAway(burnt.query, burnt.cookie, unwritten);
    await turnedAway(burnt.query, '', unwritten);
    await turnedAway(stolen, refused.cookie, unwritten);
    expect([...world.connections.items]).toEqual(before);
    expect((await world.callback(mine.query, mine.cookie)).headers.location).toBe('/outcome/connected');
    world.clock.advance(600_000);
    world.counts();
    await turnedAway(theirs.query, theirs.cookie, unwritten);
  });

  it('S03: the fifth wrong browser burns the state', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    for (let count = 0; count < 5; count += 1) await world.callback(query, cookie.replace(/=.*/, `=${A43}`));
    expect((await world.callback(query, cookie)).status).toBe(400);
    expect(world.counts().calls).toBe(0);
    const other = await world.begin('c2');
    for (let count = 0; count < 4; count += 1) await world.callback(other.query, '');
    expect((await world.callback(other.query, other.cookie)).headers.location).toBe('/outcome/connected');
  });

  it('S03: has counted a wrong browser when it answers', async () => {
    const world = createWebWorld();
    const { query } = await world.begin();
    const { countMismatch } = world.authorizations;
    let counted = 0;
    world.authorizations.countMismatch = async (...given) => {
      await aTurn();
      await countMismatch(...given);
      counted += 1;
    };
    await world.callback(query, '');
    expect(counted).toBe(1);
  });

  it('S84: has the keys for new tokens in hand before it takes the lease, and the lease before it calls', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    const process = new Process();
    await world.callback(query, cookie, {}, process);
    const steps = ['keys.generate', 'store.lease', 'send', 'store.commit'];
    expect(process.names.filter((name) => steps.includes(name))).toEqual(['keys.generate', ...steps]);
  });

  it('S08: a state past its time is refused although the table still has it', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    world.clock.advance(600_000);
    world.counts();
    expect(await world.callback(query, cookie)).toEqual(await generic(world));
    expect(world.authorizations.pending.size).toBe(1);
    expect(world.counts()).toEqual({ calls: 0, reads: 1, writes: 0 });
  });

  it('S10: a state of one provider is nothing on the path of another', async () => {
    const world = createWebWorld({ providers: [tokenProvider('acme'), tokenProvider('other')] });
    const { query, cookie } = await world.begin();
    world.counts();
    expect(await world.callback(query, cookie, { path: '/callback/other' })).toEqual(await generic(world));
    expect(world.counts()).toEqual({ calls: 0, reads: 1, writes: 0 });
    expect((await world.callback(query, cookie)).status).toBe(303);
  });

  it('S05, S67: a reload after success shows it again, without code or state and without a call', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    const first = await world.callback(query, cookie);
    expectContract(first);
    expect(first.status).toBe(303);
    expect(first.cookies[0]).toMatch(/Max-Age=0/);
    world.counts();
    const again = await world.callback(query, cookie);
    expect(again.headers.location).toBe(first.headers.location);
    expect(world.counts()).toEqual({ calls: 0, reads: 1, writes: 0 });
  });

  it('S05, S69: another browser is told nothing of a success', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    await world.callback(query, cookie);
    const other = await world.callback(query, '');
    expect(other.status).toBe(400);
    expect(other.headers.location).toBeUndefined();
    expect(other.body).toBe((await world.callback(`code=x&state=${'A'.repeat(43)}`, '')).body);
  });

  it.each([2, 10, 50])('S07: %i callbacks at once on one state make one token call', async (count) => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    world.counts();
    const answers = await Promise.all(Array.from({ length: count }, () => world.callback(query, cookie)));
    expect(world.counts().calls).toBe(1);
    expect(world.endpoint.presented).toHaveLength(1);
    expect(world.eventTypes()).toEqual(['authorized']);
    expect(world.connections.items.get('c1')).toMatchObject({ generation: 1, health: 'connected', attempts: [] });
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303, 400]));
  });

  it('S70: ten thousand invalid callbacks write nothing and read nothing that is malformed', async () => {
    const world = createWebWorld();
    for (let count = 0; count < 10_000; count += 1) await world.callback(`code=x&state=${count}`, '');
    expect(world.counts()).toEqual({ calls: 0, reads: 0, writes: 0 });
  });
});

describe('an authorization response that says no', () => {
  it('S47: a denial is shown, told, and needs no new link', async () => {
    const world = createWebWorld();
    const { path, state, cookie } = await world.begin();
    const response = await world.callback(`error=access_denied&state=${state}`, cookie);
    expectContract(response);
    expect(response.headers.location).toBe('/outcome/declined');
    expect(world.endpoint.presented).toHaveLength(0);
    expect(world.eventTypes()).toEqual(['authorization-failed']);
    expect((await world.callback(`error=access_denied&state=${state}`, cookie)).status).toBe(400);
    const second = await world.press(path);
    const code = world.endpoint.issueCode('c1');
    const query = `code=${code}&state=${second.state}`;
    expect((await world.callback(query, second.cookie)).headers.location).toBe('/outcome/connected');
    expect((await world.press(path)).response.status).toBe(400);
  });

  it.each([
    '%3Cscript%3Ealert(1)%3C/script%3E',
    '%3Cimg onerror=x%3E',
    '%3C/title%3E',
    'a%22%7D%2C%7B%22level%22%3A%22x',
  ])('S48, S49, S52: nothing of %s is shown, fetched or logged', async (text) => {
    const world = createWebWorld();
    const { state, cookie } = await world.begin();
    const query = `error=access_denied&error_description=${text}&error_uri=javascript:${text}&state=${state}`;
    world.counts();
    const response = await world.callback(query, cookie);
    expect(response.headers.location).toBe('/outcome/declined');
    expect(response.body).toBe('');
    expect(world.counts().calls).toBe(0);
    const logged = JSON.stringify(world.lines);
    expect(logged).not.toContain(decodeURIComponent(text));
    expect(logged).not.toContain('javascript');
    expect(world.lines.filter(({ event }) => event === 'authorization.failed')).toHaveLength(1);
  });

  it('S51: an unknown error is of class other', async () => {
    const world = createWebWorld();
    const { state, cookie } = await world.begin();
    const response = await world.callback(`error=something_new&state=${state}`, cookie);
    expectContract(response);
    expect(response.status).toBe(502);
    expect(world.counts().calls).toBe(0);
    expect(reasons(world)).toEqual(['other']);
  });

  it('S20: with both a code and an error the code is not used', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    const response = await world.callback(`${query}&error=access_denied`, cookie);
    expect(response.headers.location).toBe('/outcome/declined');
    expect((await world.callback(query, cookie)).status).toBe(400);
    expect(world.counts().calls).toBe(0);
    expect(world.connections.items.get('c1')).toMatchObject({ health: 'pending', generation: 0 });
  });

  it.each([
    ['S39 another issuer', 'https://evil.example', 400],
    ['S40 none although it is required', undefined, 400],
    ['S42 a trailing slash', 'https://acme.example/', 400],
    ['S42 another case', 'https://ACME.example', 400],
    ['S42 the default port', 'https://acme.example:443', 400],
    ['the right one', 'https://acme.example', 303],
  ])('%s', async (_title, iss, status) => {
    const provider = tokenProvider('acme');
    const authorization = { ...provider.authorization, issuer: () => 'https://acme.example' } as never;
    const world = createWebWorld({ providers: [{ ...provider, authorization }] });
    const { query, cookie } = await world.begin();
    const response = await world.callback(
      `${query}${iss === undefined ? '' : `&iss=${encodeURIComponent(iss)}`}`,
      cookie,
    );
    expectContract(response);
    expect(response.status).toBe(status);
    expect(world.counts().calls).toBe(status === 303 ? 1 : 0);
    if (status === 303) return;
    // The cookie is taken back, or it is the one page of all that is turned away.
    expect({ ...response, cookies: [] }).toEqual(await generic(world));
    expect(reasons(world)).toEqual(['issuer']);
  });

  it('S41, S44: an issuer that nobody configured is refused, also beside an error', async () => {
    for (const more of ['', '&error=access_denied']) {
      const world = createWebWorld();
      const { query, cookie } = await world.begin();
      const response = await world.callback(`${query}${more}&iss=https://evil.example`, cookie);
      expect({ ...response, cookies: [] }).toEqual(await generic(world));
      expect(world.counts().calls).toBe(0);
      expect(reasons(world)).toEqual(['issuer']);
    }
  });
});

describe('a provider with several authorization servers', () => {
  const several = (id: string) => {
    const provider = tokenProvider(id);
    const server = ({ region }: ProviderSettings) => (region === 'two' ? 'two.acme.example' : 'one.acme.example');
    return { ...provider, authorization: { ...provider.authorization, server } as AuthorizationProfile };
  };

  it('S45: each answers at a redirect URI of its own, and at no other', async () => {
    const path = '/callback/acme.one.acme.example';
    for (const wrong of ['/callback/acme', '/callback/acme.two.acme.example', `${path}.`]) {
      const world = createWebWorld({ providers: [several('acme')] });
      const { query, cookie, location } = await world.begin();
      expect(location.searchParams.get('redirect_uri')).toBe(`https://steward.example${path}`);
      expect((await world.callback(query, cookie, { path: wrong })).status).toBe(400);
      expect(world.endpoint.presented).toHaveLength(0);
      expect((await world.callback(query, cookie, { path })).headers.location).toBe('/outcome/connected');
    }
  });

  it('S58: a name that is longer, or of other letters, is no path of ours', async () => {
    const world = createWebWorld({ providers: [several('acme')] });
    for (const path of [
      '/callback/acme.ONE',
      '/callback/acme.%2e',
      `/callback/acme.${'x'.repeat(254)}`,
      '/callback/.acme',
    ]) {
      expect((await world.callback('state=s', '', { path })).status).toBe(404);
    }
  });
});

describe('the exchange', () => {
  it('stores the first token set: who consented, for which account, with which scopes', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin('c1', { authorizedBy: 'Kim Lee' });
    expect((await world.callback(query, cookie)).headers.location).toBe('/outcome/connected');
    const item = world.connections.items.get('c1');
    expect(item).toMatchObject({
      health: 'connected',
      generation: 1,
      authorizedBy: 'Kim Lee',
      providerAccount: 'c1',
      scopes: ['read', 'write'],
      attempts: [],
    });
    expect(item?.lease).toBeUndefined();
    expect(world.eventTypes()).toEqual(['authorized']);
    expect(world.announced).toEqual(['0']);
    world.clock.set(item?.nextRefreshAt ?? new Date(0));
    const refresh = createRefresh(world.dependenciesOf());
    expect((await refresh('c1', world.deadline())).outcome).toBe('refreshed');
  });

  it('S26, S27: sends S256 of a fresh verifier, and the very same redirect URI', async () => {
    const world = createWebWorld();
    const bodies: string[] = [];
    const send = world.endpoint.send;
    (world.endpoint as { send: typeof send }).send = async (request, allowed) => {
      bodies.push(request.body ?? '');
      return send(request, allowed);
    };
    const seen = new Set<string>();
    for (const name of ['c1', 'c2', 'c3']) {
      const { query, cookie, location } = await world.begin(name);
      await world.callback(query, cookie);
      const form = new URLSearchParams(bodies.at(-1));
      const verifier = form.get('code_verifier') ?? '';
      expect(verifier).toMatch(/^[A-Za-z0-9_-]{43,128}$/);
      expect(location.searchParams.get('code_challenge_method')).toBe('S256');
      expect(location.searchParams.get('code_challenge')).toBe(
        Buffer.from(secretHash(verifier), 'hex').toString('base64url'),
      );
      expect(form.get('redirect_uri')).toBe(location.searchParams.get('redirect_uri'));
      expect(form.get('redirect_uri')).toBe('https://steward.example/callback/acme');
      expect(location.href).not.toContain(verifier);
      expect(cookie).not.toContain(verifier);
      seen.add(verifier);
    }
    expect(seen.size).toBe(3);
  });

  it('S25: without PKCE the state bound to the browser holds alone', async () => {
    const provider = tokenProvider('acme');
    const authorization = { ...provider.authorization, pkce: () => false } as never;
    const world = createWebWorld({ providers: [{ ...provider, authorization }] });
    const { query, cookie, location } = await world.begin();
    expect(location.searchParams.has('code_challenge')).toBe(false);
    expect((await world.callback(query, '')).status).toBe(400);
    expect((await world.callback(query, cookie)).status).toBe(303);
  });

  it('S18, S71, S86: at rest there are hashes and a sealed verifier, and no secret is in any sink', async () => {
    const world = createWebWorld();
    const bodies: string[] = [];
    const { send } = world.endpoint;
    (world.endpoint as { send: typeof send }).send = async (request, allowed) => {
      bodies.push(request.body ?? '');
      return send(request, allowed);
    };
    const { path, query, cookie, state, code } = await world.begin();
    const stored = [...world.authorizations.tickets, ...world.authorizations.pending];
    const dump = JSON.stringify(stored, (_name, member: unknown) =>
      member instanceof Uint8Array ? Buffer.from(member).toString('latin1') : member,
    );
    const value = cookie.split('=')[1] ?? '';
    for (const secret of [state, value, path.split('/')[2] ?? '']) {
      expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(dump).not.toContain(secret);
    }
    const response = await world.callback(query, cookie);
    const verifier = new URLSearchParams(bodies.at(-1)).get('code_verifier') ?? '';
    expect(verifier).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(dump).toContain('sealedVerifier');
    expect(dump).not.toContain(verifier);
    const text = world.sinks() + JSON.stringify(response);
    for (const secret of [state, value, code, verifier, 'canary-access', 'canary-refresh', 'canary-secret']) {
      for (const encoding of ['utf8', 'hex', 'base64'] as const) {
        // Of base64 the whole groups: what follows changes the last.
        const form = Buffer.from(secret)
          .toString(encoding)
          .replace(/.{0,3}=+$/, '');
        expect(text).not.toContain(form);
      }
      expect(text).not.toContain(encodeURIComponent(secret));
    }
  });

  it('S06, S24: a code that is refused is a 400, and its state is gone', async () => {
    const world = createWebWorld();
    const { state, cookie } = await world.begin();
    const query = `code=stolen&state=${state}`;
    const response = await world.callback(query, cookie);
    expectContract(response);
    expect(response.status).toBe(400);
    expect({ ...response, cookies: [] }).toEqual(await generic(world));
    expect(world.connections.items.get('c1')).toMatchObject({ generation: 0, health: 'pending', attempts: [] });
    expect(world.connections.items.get('c1')).not.toHaveProperty('access');
    expect(reasons(world)).toEqual(['code-refused']);
    expect((await world.callback(query, cookie)).status).toBe(400);
    expect(world.counts().calls).toBe(1);
  });

  it.each([
    ['S28 silence', 'lost-request', 504],
    ['S29 a reset after bytes were sent', 'lost-reply', 502],
    ['S29 5xx', 500, 502],
    ['S30 301', 301, 502],
    ['S30 302', 302, 502],
    ['S30 307', 307, 502],
    ['S30 308', 308, 502],
    ['S30 a status that is none', 999, 502],
    ['429', 429, 502],
    ['S31 half a body', 'truncated', 502],
    ['a refused connection', 'refused-connection', 502],
  ] as const)('%s: one call, nothing stored, the state used up', async (_title, weather, status) => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    world.endpoint.weather.push(weather);
    const began = world.clock.now().getTime();
    world.counts();
    const response = await world.callback(query, cookie);
    expectContract(response);
    expect(response.status).toBe(status);
    expect(world.counts().calls).toBe(1);
    expect(world.clock.now().getTime() - began).toBeLessThan(20_000);
    expect(world.connections.items.get('c1')).not.toHaveProperty('access');
    expect(world.connections.items.get('c1')).toMatchObject({ generation: 0, attempts: [] });
    expect(world.connections.items.get('c1')?.lease).toBeUndefined();
    expect(world.eventTypes()).toEqual(['authorization-failed']);
    expect((await world.callback(query, cookie)).status).toBe(400);
  });

  it.each<[string, Record<string, unknown>, boolean]>([
    ['S34 BEARER', { token_type: 'BEARER' }, true],
    ['S34 mac', { token_type: 'mac' }, false],
    ['S34 no type', { token_type: undefined }, false],
    ['S35 no lifetime', { expires_in: undefined }, false],
    ['S35 "3600"', { expires_in: '3600' }, true],
    ['S35 "NaN"', { expires_in: 'NaN' }, false],
    ['S35 0', { expires_in: 0 }, false],
    ['S35 −1', { expires_in: -1 }, false],
    ['S35 1e20', { expires_in: 1e20 }, false],
    ['S35 "abc"', { expires_in: 'abc' }, false],
    ['S37 CR LF in the token', { access_token: 'a\r\nb' }, false],
    ['S37 100 KB of token', { access_token: 'a'.repeat(100_000) }, false],
    ['S37 not ASCII', { access_token: 'ä' }, false],
    ['S73 metadata address', { api_endpoint: 'http://169.254.169.254/' }, false],
    ['S73 runtime API', { api_endpoint: 'http://localhost:9001/2018-06-01/runtime/' }, false],
    ['S74 a suffix trick', { api_endpoint: 'https://acme.example.evil.example/' }, false],
    ['an endpoint of the provider', { api_endpoint: 'https://eu.acme.example/api/' }, true],
    ['an id_token that is none', { id_token: 'not.a.jwt' }, true],
  ])('%s', async (_title, extra, isTaken) => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    world.endpoint.extra = extra;
    world.counts();
    const response = await world.callback(query, cookie);
    expectContract(response);
    expect(response.status).toBe(isTaken ? 303 : 502);
    expect(world.counts().calls).toBe(1);
    const item = world.connections.items.get('c1');
    expect(item).toMatchObject({
      health: isTaken ? 'connected' : 'pending',
      generation: isTaken ? 1 : 0,
      attempts: [],
    });
    expect(item?.access === undefined).toBe(!isTaken);
    expect(world.eventTypes()).toEqual([isTaken ? 'authorized' : 'authorization-failed']);
  });

  it.each([
    ['S31 HTML', 'text/html', '<html></html>'],
    ['S31 an array', 'application/json', '[]'],
    ['S31 null', 'application/json', 'null'],
    [
      'S33 a member twice',
      'application/json',
      '{"access_token":"a","access_token":"b","token_type":"bearer","expires_in":60}',
    ],
    ['S33 __proto__', 'application/json', '{"__proto__":{"access_token":"a"},"token_type":"bearer","expires_in":60}'],
    ['S79 deep nesting', 'application/json', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
  ])('%s is no token reply', async (_title, type, body) => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    (world.endpoint as { send: unknown }).send = async () => ({
      status: 200,
      headers: { 'content-type': type },
      body: new TextEncoder().encode(body),
    });
    world.counts();
    expect((await world.callback(query, cookie)).status).toBe(502);
    expect(world.counts().calls).toBe(1);
    expect(world.connections.items.get('c1')).toMatchObject({ health: 'pending', generation: 0, attempts: [] });
    expect(world.connections.items.get('c1')).not.toHaveProperty('access');
    expect(({} as Record<string, unknown>).access_token).toBeUndefined();
  });

  it.each([
    ['S73, S75: an address elsewhere', 'api-endpoint', 502],
    ['S25: another account than the settings name', 'other-account', 303],
  ] as const)('%s refuses the consent: nothing is stored, and the event says why', async (_title, reason, status) => {
    const acme = tokenProvider('acme');
    const world = createWebWorld({
      providers: [
        {
          ...acme,
          token: {
            ...acme.token,
            reply: (response, settings) => ({
              ...acme.token.reply(response, settings),
              refused: [reason === 'api-endpoint' ? 'api-endpoint' : 'account'],
            }),
          },
        },
      ],
    });
    const { query, cookie } = await world.begin();
    const response = await world.callback(query, cookie);
    expectContract(response);
    expect([response.status, response.body]).toEqual([status, status === 303 ? '' : page('provider-failed', 502).body]);
    const item = world.connections.items.get('c1');
    expect(item).toMatchObject({ health: 'pending', generation: 0, attempts: [] });
    expect(item).not.toHaveProperty('lease');
    expect(item).not.toHaveProperty('refresh');
    expect(reasons(world)).toEqual([reason]);
  });

  it('S36: without a refresh token it is suspect and told, never healthy', async () => {
    const world = createWebWorld();
    world.endpoint.rotation = 'none';
    const { query, cookie } = await world.begin();
    await world.callback(query, cookie);
    expect(world.connections.items.get('c1')).toMatchObject({
      health: 'suspect',
      lastError: { code: 'REFRESH_TOKEN_MISSING' },
    });
    expect(world.eventTypes()).toEqual(['authorized', 'suspect']);
    world.clock.advance(3_600_000);
    const refresh = createRefresh(world.dependenciesOf());
    expect((await refresh('c1', world.deadline())).outcome).toBe('reauthorization-required');
  });

  it('S38: fewer scopes than asked for are told, and stay known whatever is refreshed', async () => {
    const world = createWebWorld();
    world.endpoint.extra = { scope: 'read' };
    const { query, cookie } = await world.begin();
    await world.callback(query, cookie);
    expect(world.connections.items.get('c1')?.scopes).toEqual(['read']);
    expect(world.connections.outbox[0]?.event).toMatchObject({
      severity: 'medium',
      summary: 'c1 was authorized, without write',
      data: { missingScopes: ['write'] },
    });
    const refresh = createRefresh(world.dependenciesOf());
    world.endpoint.extra = {};
    world.clock.advance(3_600_000);
    expect((await refresh('c1', world.deadline())).outcome).toBe('refreshed');
    expect(world.connections.items.get('c1')?.scopes).toEqual(['read']);
    const again = await world.begin('c1');
    await world.callback(again.query, again.cookie);
    expect(world.connections.items.get('c1')?.scopes).toEqual(['read', 'write']);
  });

  it('S57: knows its own address from configuration, not from the request', async () => {
    const world = createWebWorld();
    const { location } = await world.begin();
    expect(location.searchParams.get('redirect_uri')).toBe('https://steward.example/callback/acme');
  });

  it('S88: a client secret that was just rotated is read again once', async () => {
    const world = createWebWorld();
    world.secrets.cached = 'canary-old';
    const { query, cookie } = await world.begin();
    expect((await world.callback(query, cookie)).status).toBe(303);
    expect(world.endpoint.presented).toHaveLength(2);
  });
});

describe('a consent on a connection that exists', () => {
  it('replaces the grant and keeps the connection', async () => {
    const world = createWebWorld();
    await world.addConnected('c1', { health: 'reauthorization-required' });
    const { query, cookie } = await world.begin('c1');
    expect((await world.callback(query, cookie)).headers.location).toBe('/outcome/connected');
    expect(world.connections.items.get('c1')).toMatchObject({ generation: 2, health: 'connected' });
    expect(world.eventTypes()).toEqual(['authorized', 'restored']);
  });

  it('I7: that fails is looked after by the refresher, where another was stored between its read and its lease', async () => {
    const world = createWebWorld();
    const [first, second] = [await world.begin('c1'), await world.begin('c1')];
    const { lease } = world.connections;
    world.connections.lease = async (request) => {
      world.connections.lease = lease;
      expect((await world.callback(first.query, first.cookie)).headers.location).toBe('/outcome/connected');
      world.endpoint.refusesAll = true;
      return lease(request);
    };
    const answer = await world.callback(second.query, second.cookie);
    expect(answer.headers.location).not.toBe('/outcome/connected');
    const item = world.connections.items.get('c1');
    expect(item).toMatchObject({ health: 'connected', generation: 1, attempts: [], nextRefreshAt: world.clock.now() });
    expect(item?.lease).toBeUndefined();
  });

  it('refuses another account, unless it was asked for', async () => {
    const world = createWebWorld();
    const nextRefreshAt = new Date(world.clock.now().getTime() + DAY_MS);
    const before = await world.addConnected('c1', { nextRefreshAt });
    const first = await world.begin('c1', {}, 'stranger');
    expect((await world.callback(first.query, first.cookie)).headers.location).toBe('/outcome/other-account');
    expect(world.connections.items.get('c1')).toMatchObject({
      generation: 1,
      fingerprint: before.fingerprint,
      attempts: [],
    });
    expect(world.connections.items.get('c1')?.nextRefreshAt).toEqual(nextRefreshAt);
    const second = await world.begin('c1', { replaceAccount: true }, 'stranger');
    expect((await world.callback(second.query, second.cookie)).headers.location).toBe('/outcome/connected');
    expect(world.connections.items.get('c1')?.providerAccount).toBe('stranger');
  });

  it('R15: waits for a refresh that is under way, and replaces what it stored', async () => {
    const world = createWebWorld();
    await world.addConnected('c1');
    const { query, cookie } = await world.begin('c1');
    let landed: WebResponse | undefined;
    world.endpoint.during = async () => {
      world.endpoint.during = undefined;
      landed = await world.callback(query, cookie);
    };
    await createRefresh(world.dependenciesOf())('c1', world.deadline());
    expect(landed?.headers.location).toBe('/outcome/busy');
    const again = await world.begin('c1');
    expect((await world.callback(again.query, again.cookie)).headers.location).toBe('/outcome/connected');
    expect(world.connections.items.get('c1')).toMatchObject({ generation: 3, health: 'connected' });
  });

  it('R15: keeps refreshes away while it runs', async () => {
    const world = createWebWorld();
    await world.addConnected('c1');
    const { query, cookie } = await world.begin('c1');
    let outcome = '';
    world.endpoint.during = async () => {
      world.endpoint.during = undefined;
      ({ outcome } = await createRefresh(world.dependenciesOf())('c1', world.deadline()));
    };
    expect((await world.callback(query, cookie)).headers.location).toBe('/outcome/connected');
    expect(outcome).toBe('leased');
  });

  it('R15: wins over a refresh that is committed between its read and its write', async () => {
    const world = createWebWorld();
    await world.addConnected('c1');
    const { query, cookie } = await world.begin('c1');
    world.endpoint.during = async () => {
      const item = world.connections.items.get('c1');
      if (item === undefined) return;
      world.connections.items.set('c1', { ...item, generation: 2, fingerprint: 'late-refresh' });
      world.connections.highWaters.set('c1', 2);
    };
    expect((await world.callback(query, cookie)).headers.location).toBe('/outcome/connected');
    expect(world.connections.items.get('c1')).toMatchObject({ generation: 3, health: 'connected' });
  });

  it('R16: comes to nothing when the connection is disconnected meanwhile', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin('c1');
    world.endpoint.during = async () => void (await world.connections.disconnect('c1', [], world.clock.now()));
    expect((await world.callback(query, cookie)).status).toBe(400);
    expect(world.connections.items.get('c1')).toMatchObject({ health: 'disconnected', generation: 0 });
  });

  it('R21: is kept in the rescue bucket when the table is down, and merged by the next sweep', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin('c1', { authorizedBy: 'Kim' });
    const commit = world.connections.commit;
    world.connections.commit = async () => {
      throw new StoreUnavailableError('down');
    };
    expect((await world.callback(query, cookie)).headers.location).toBe('/outcome/received');
    world.connections.commit = commit;
    world.clock.advance(LEASE_MS);
    const refresh = createRefresh(world.dependenciesOf());
    expect((await refresh('c1', world.deadline())).outcome).toBe('merged');
    expect(world.connections.items.get('c1')).toMatchObject({ health: 'connected', authorizedBy: 'Kim', attempts: [] });
    expect(world.rescued.size).toBe(0);
  });
});

describe('the page after the end', () => {
  const down = async () => {
    throw new StoreUnavailableError('down');
  };

  it('S05: says that a consent was received, once more on a reload', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin('c1');
    world.connections.commit = down;
    for (let visit = 0; visit < 2; visit += 1) {
      expect((await world.callback(query, cookie)).headers.location).toBe('/outcome/received');
    }
  });

  it('R21: says so too when the whole table is down from the commit on', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin('c1');
    const { finish } = world.authorizations;
    world.connections.commit = async () => {
      world.connections.find = down;
      world.authorizations.finish = down;
      return down();
    };
    const response = await world.callback(query, cookie);
    expect(response.headers.location).toBe('/outcome/received');
    expect(response.cookies.join()).toContain('Max-Age=0');
    expect(world.rescued.size).toBe(1);
    world.authorizations.finish = finish;
  });

  it('R15, R21: keeps a consent that lost to a refresh and then cannot read what won', async () => {
    const world = createWebWorld();
    await world.addConnected('c1');
    const { query, cookie } = await world.begin('c1');
    world.endpoint.during = async () => {
      const item = world.connections.items.get('c1');
      if (item !== undefined) world.connections.items.set('c1', { ...item, generation: 2 });
    };
    const commit = world.connections.commit;
    world.connections.commit = async (...given) => {
      world.connections.find = down;
      world.connections.highWater = down;
      const outcome = await commit(...given);
      world.connections.commit = down;
      return outcome;
    };
    expect((await world.callback(query, cookie)).headers.location).toBe('/outcome/received');
    expect(world.rescued.size).toBe(1);
  });

  it('says connected, and wakes the publisher, when nothing can be read after the commit', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin('c1');
    const commit = world.connections.commit;
    world.connections.commit = async (...given) => {
      world.connections.find = down;
      return commit(...given);
    };
    expect((await world.callback(query, cookie)).headers.location).toBe('/outcome/connected');
    expect(world.announced).toEqual(['0']);
  });

  it('does not wait for a note that there is no time for', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin('c1');
    let finished = 0;
    world.authorizations.finish = async () => void (finished += 1);
    world.connections.commit = async () => {
      world.clock.advance(26_000);
      return down();
    };
    expect((await world.callback(query, cookie)).headers.location).toBe('/outcome/received');
    expect(finished).toBe(0);
  });
});

describe('a consent after a restore from a backup', () => {
  const restored = async () => {
    const world = createWebWorld();
    await world.addConnected('c1');
    world.connections.highWaters.set('c1', 9);
    const tick = () => createRefresh(world.dependenciesOf())('c1', world.deadline());
    expect((await tick()).outcome).toBe('suspect');
    return { world, tick };
  };

  it('S82, R21: that could not be stored is merged from the rescue bucket', async () => {
    const { world, tick } = await restored();
    const { query, cookie } = await world.begin('c1');
    const commit = world.connections.commit;
    world.connections.commit = async () => {
      throw new StoreUnavailableError('down');
    };
    expect((await world.callback(query, cookie)).headers.location).toBe('/outcome/received');
    world.connections.commit = commit;
    world.clock.advance(LEASE_MS);
    expect((await tick()).outcome).toBe('merged');
    expect(world.connections.items.get('c1')).toMatchObject({ health: 'connected', generation: 10, attempts: [] });
    expect(world.rescued.size).toBe(0);
  });

  it('S82: that left nothing behind leaves it suspect, with its old token unused', async () => {
    const { world, tick } = await restored();
    const { query, cookie } = await world.begin('c1');
    const calls = world.endpoint.presented.length;
    world.endpoint.during = async () => {
      throw new TypeError('the end of the process');
    };
    await world.callback(query, cookie).catch(() => undefined);
    world.endpoint.during = undefined;
    expect(world.connections.items.get('c1')?.attempts).toHaveLength(1);
    for (let minute = 0; minute < 10; minute += 1) {
      world.clock.advance(MINUTE_MS);
      await tick();
    }
    expect(world.connections.items.get('c1')).toMatchObject({ health: 'suspect', generation: 1, attempts: [] });
    expect(world.connections.items.get('c1')?.nextRefreshAt).toBeUndefined();
    expect(world.endpoint.presented.slice(calls).filter((token) => token.includes('refresh'))).toEqual([]);
  });
});

describe('a callback that is killed', () => {
  it.each<RotationMode>(['strict', 'grace', 'revokes'])(
    'R01–R08: leaves a connection that a refresh or a new consent can go on with (%s)',
    async (mode) => {
      const names: string[] = [];
      for (let effect = -1; effect < (names.length || 1); effect += 1) {
        for (const when of ['before', 'after'] as const) {
          const world = createWebWorld();
          world.endpoint.mode = mode;
          await world.addConnected('c1');
          const { path, query, cookie } = await world.begin('c1');
          const process = new Process(effect < 0 ? undefined : { effect, when });
          await world.callback(query, cookie, {}, process).catch((error: unknown) => {
            if (!(error instanceof Killed)) throw error;
          });
          if (effect < 0 && names.length === 0) names.push(...process.names);
          world.clock.advance(LEASE_MS);
          for (let tick = 0; tick < 3; tick += 1) {
            const result = await createRefresh(world.dependenciesOf())('c1', world.deadline());
            await result.decide?.(false);
            world.clock.advance(3_000_000);
          }
          const item = world.connections.items.get('c1');
          expect(item?.health, `killed ${when} ${names[effect] ?? 'nothing'}`).toBe('connected');
          expect(item?.attempts).toEqual([]);
          expect(world.endpoint.mostInFlight).toBeLessThanOrEqual(1);
          const again = world.authorizations.tickets.values().next().value;
          if (again?.consumedAt === undefined) {
            world.clock.set(new Date('2026-03-01T12:10:00Z'));
            expect((await world.press(path)).response.status).toBe(303);
          }
        }
      }
      expect(names).toContain('send');
      expect(names).toContain('store.commit');
    },
  );

  it('R01–R08: leaves a new connection pending or connected, never in between', async () => {
    const run = async (kill?: { effect: number; when: 'before' | 'after' }) => {
      const world = createWebWorld();
      const { query, cookie } = await world.begin('c1');
      const process = new Process(kill);
      await world.callback(query, cookie, {}, process).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
      });
      return { world, process };
    };
    const { names } = (await run()).process;
    for (const [effect, name] of names.entries()) {
      for (const when of ['before', 'after'] as const) {
        const { world } = await run({ effect, when });
        world.clock.advance(LEASE_MS);
        await createRefresh(world.dependenciesOf())('c1', world.deadline());
        const item = world.connections.items.get('c1');
        expect(item?.attempts, `killed ${when} ${name}`).toEqual([]);
        expect(item?.lease).toBeUndefined();
        expect(['pending', 'connected']).toContain(item?.health);
        if (item?.health === 'pending') expect(item.nextRefreshAt).toBeUndefined();
        const again = await world.begin('c1');
        expect((await world.callback(again.query, again.cookie)).headers.location).toBe('/outcome/connected');
      }
    }
  });
});
