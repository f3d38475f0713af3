import { describe, expect, it } from 'vitest';
import { createBrowserCookies } from '../../../../functions/core/authorization/cookies.ts';
import { OUTCOMES } from '../../../../functions/core/authorization/pages.ts';
import { isSameHash, newSecret } from '../../../../functions/core/authorization/secrets.ts';
import { createTicket } from '../../../../functions/core/authorization/ticket.ts';
import { NotFoundError, UsageError } from '../../../../functions/core/errors.ts';
import { seededRandom } from '../../../support/token-world.ts';
import { createWebWorld, type WebWorld } from '../../../support/web-world.ts';

describe('the page of a link', () => {
  it('is constant, changes nothing however often it is looked at, and lets its form lead to the provider', async () => {
    const world = createWebWorld();
    const [one, two] = [await world.invite('c1'), await world.invite('c2')];
    world.counts();
    const first = await world.ask({ path: one });
    for (let again = 0; again < 3; again += 1) expect(await world.ask({ path: two })).toEqual(first);
    expect(world.counts().writes).toBe(0);
    expect(first.status).toBe(200);
    expect(first.headers['content-security-policy']).toContain("form-action 'self' https://acme.example;");
    expect(first.body).toContain('<form method="post">');
    expect(first.body).not.toContain('c1');
  });

  it('S65: no page has a script, an address or anything to load; the style is allowed by its hash', async () => {
    const world = createWebWorld();
    const pages = [await world.ask({ path: await world.invite('c1') }), await world.ask({ path: '/nothing' })];
    for (const outcome of OUTCOMES) pages.push(await world.ask({ path: `/outcome/${outcome}` }));
    for (const { body, headers } of pages) {
      expect(body).not.toMatch(/<script|https?:|\/\/|src=|href=|url\(|@import| on\w+=/i);
      const style = /<style>(.*)<\/style>/s.exec(body)?.[1] ?? '';
      const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style));
      expect(headers['content-security-policy']).toContain(`'sha256-${Buffer.from(digest).toString('base64')}'`);
      expect(body).toMatch(/<html lang="en">.*name="viewport".*<main.*<h1>/s);
    }
  });

  it('S62, S63, S64: every answer forbids framing, referrers, caching and sniffing, whatever it is', async () => {
    const world = createWebWorld();
    const path = await world.invite('c1');
    const paths = [path, '/nothing', `/connect/${'A'.repeat(43)}`, '/callback/acme', '/callback/none', '/outcome/busy'];
    for (const one of paths) {
      for (const method of ['GET', 'POST', 'HEAD', 'DELETE']) {
        const { headers } = await world.ask({ path: one, method });
        expect(headers, `${method} ${one}`).toMatchObject({
          'cache-control': 'no-store',
          'referrer-policy': 'no-referrer',
          'x-frame-options': 'DENY',
          'x-content-type-options': 'nosniff',
          'cross-origin-opener-policy': 'same-origin',
        });
        expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
        expect(headers['strict-transport-security']).toMatch(/max-age=\d{8,}; includeSubDomains/);
      }
    }
  });

  it('sends the browser off with a state, a cookie of this browser, and nothing of ours in the address', async () => {
    const world = createWebWorld();
    const { response, location, cookie } = await world.press(await world.invite('c1'));
    expect(response.status).toBe(303);
    expect(location.origin).toBe('https://acme.example');
    expect(Object.fromEntries(location.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'client',
      scope: 'read write',
      redirect_uri: 'https://steward.example/callback/acme',
    });
    expect(location.href).not.toContain(cookie.split('=')[1]);
    expect(location.href).not.toContain('canary');
  });

  it('S66: the cookie is __Host-, Secure, HttpOnly, Lax, for ten minutes; plain on http loopback', async () => {
    const world = createWebWorld();
    const { response } = await world.press(await world.invite('c1'));
    expect(response.cookies).toHaveLength(1);
    expect(response.cookies[0]).toMatch(
      /^__Host-steward-[0-9a-f]{16}=[A-Za-z0-9_-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
    );
    const plain = createBrowserCookies('http://127.0.0.1:4000').set('f'.repeat(64), 'v');
    expect(plain).toBe('steward-ffffffffffffffff=v; Max-Age=600; Path=/; HttpOnly; SameSite=Lax');
  });

  it('is over after an hour, after its use, and when nobody made it', async () => {
    const world = createWebWorld();
    const path = await world.invite('c1');
    expect((await world.ask({ path: `/connect/${'A'.repeat(43)}` })).status).toBe(400);
    world.clock.advance(3_600_000);
    expect((await world.ask({ path })).status).toBe(400);
    expect((await world.press(path)).response.status).toBe(400);
    expect((await world.ask({ path, method: 'DELETE' })).status).toBe(405);
  });

  it('a second press takes the place of the first', async () => {
    const world = createWebWorld();
    const first = await world.begin('c1');
    const second = await world.press(first.path);
    expect((await world.callback(first.query, first.cookie)).status).toBe(400);
    const query = `code=${first.code}&state=${second.state}`;
    expect((await world.callback(query, second.cookie)).status).toBe(303);
  });

  it('secrets are 256 bits, in letters that need no escape', () => {
    const random = seededRandom('states');
    const seen = new Set(Array.from({ length: 1000 }, () => newSecret(random)));
    expect(seen.size).toBe(1000);
    for (const secret of seen) expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });
});

describe('isSameHash()', () => {
  it('S68: is true for the same alone, whatever its length', () => {
    expect(isSameHash('ab', 'ab')).toBe(true);
    for (const other of ['ac', 'a', 'abc', '']) expect(isSameHash('ab', other)).toBe(false);
  });
});

describe('createTicket', () => {
  const dependenciesOf = (world: WebWorld) => ({
    ...world,
    tickets: world.authorizations,
    publicBaseUrl: 'https://steward.example',
  });

  it('says who will consent, where it is known, and reopens nothing that stands', async () => {
    const world = createWebWorld();
    await world.addConnected('c1');
    let reopened = 0;
    world.connections.reopen = async () => (reopened += 1) > 0;
    await createTicket(dependenciesOf(world), { connection: 'c1' });
    await createTicket(dependenciesOf(world), { connection: 'c1', authorizedBy: 'ops@acme.example' });
    expect(reopened).toBe(0);
    const [nobody, somebody] = [...world.authorizations.tickets.values()];
    expect(nobody).not.toHaveProperty('authorizedBy');
    expect(somebody).toMatchObject({ authorizedBy: 'ops@acme.example', replaceAccount: false });
  });

  it('reopens by the grant of the provider, and as a client where the provider is no more', async () => {
    const world = createWebWorld();
    const grants: unknown[] = [];
    world.connections.reopen = async (...given) => grants.push(given[1]) > 0;
    for (const name of ['c1', 'c2']) {
      const item = await world.addConnected(name, { health: 'disconnected' });
      if (name === 'c2') world.connections.items.set(name, { ...item, provider: 'gone' });
    }
    await createTicket(dependenciesOf(world), { connection: 'c1' });
    await expect(createTicket(dependenciesOf(world), { connection: 'c2' })).rejects.toThrow(UsageError);
    expect(grants).toEqual(['authorization-code', 'client-credentials']);
  });

  it('makes a disconnected connection pending again, and tells who needs no consent', async () => {
    const world = createWebWorld();
    await world.invite('c1');
    await world.addClient('o1');
    await world.connections.disconnect('c1', [], world.clock.now());
    await world.connections.disconnect('o1', [], world.clock.now());
    const dependencies = dependenciesOf(world);
    const { url, expiresAt } = await createTicket(dependencies, { connection: 'c1' });
    expect(url).toMatch(/^https:\/\/steward\.example\/connect\/[A-Za-z0-9_-]{43}$/);
    expect(expiresAt.getTime() - world.clock.now().getTime()).toBe(3_600_000);
    expect(world.connections.items.get('c1')?.health).toBe('pending');
    await expect(createTicket(dependencies, { connection: 'o1' })).rejects.toThrow(UsageError);
    expect(world.connections.items.get('o1')).toMatchObject({ health: 'pending', nextRefreshAt: world.clock.now() });
    await expect(createTicket(dependencies, { connection: 'nobody' })).rejects.toThrow(NotFoundError);
  });
});
