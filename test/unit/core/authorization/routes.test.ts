import { describe, expect, it } from 'vitest';
import { OUTCOMES, page, type PageName, redirect } from '../../../../functions/core/authorization/pages.ts';
import { newSecret } from '../../../../functions/core/authorization/secrets.ts';
import { StoreUnavailableError } from '../../../../functions/core/errors.ts';
import { seededRandom } from '../../../support/token-world.ts';
import { createWebWorld } from '../../../support/web-world.ts';

const A43 = 'A'.repeat(43);
const bodyOf = (name: PageName) => page(name, 200).body;

const NAMES: readonly PageName[] = [
  ...OUTCOMES,
  'connect',
  'invalid',
  'link-over',
  'not-found',
  'method',
  'provider-failed',
  'provider-silent',
];

describe('the pages', () => {
  it('are one for each ending, each whole, none like another', () => {
    const bodies = NAMES.map(bodyOf);
    expect(new Set(bodies).size).toBe(NAMES.length);
    for (const body of bodies) {
      expect(body).toMatch(/<main class="(good|wait|bad)"><h1>[^<]+<\/h1><p>[^<]+<\/p>(<form .*<\/form>)?<footer>/);
      expect(body).not.toContain('undefined');
    }
    expect(bodies.filter((body) => body.includes('<form'))).toEqual([bodyOf('connect')]);
    for (const body of bodies)
      expect(body).toMatch(/^<!doctype html><html lang="en"><head><meta .*<\/style><\/head><body>/);
  });

  it('say what to do next', () => {
    const again = ['declined', 'other-account', 'busy', 'invalid', 'provider-failed', 'provider-silent'] as const;
    for (const name of again) expect(bodyOf(name)).toContain('Open the link that you were given once more');
    expect(bodyOf('link-over')).toContain('Ask whoever sent you the link');
  });

  it('set no cookie of their own, and let nothing be embedded', async () => {
    const world = createWebWorld();
    const path = await world.invite('c1');
    for (const one of [path, '/nothing', '/outcome/busy', '/callback/acme']) {
      const { cookies, headers } = await world.ask({ path: one });
      expect(cookies).toEqual([]);
      expect(headers['content-security-policy']?.split('; ')).toContain("object-src 'none'");
    }
    expect((await world.ask({ path })).body).toBe(bodyOf('connect'));
    expect(redirect('https://id.example/authorize').cookies).toEqual([]);
  });
});

describe('an address', () => {
  it('S58: of an ending shows its page, to whoever looks', async () => {
    const world = createWebWorld();
    for (const outcome of OUTCOMES) {
      const response = await world.ask({ path: `/outcome/${outcome}` });
      expect([response.status, response.body]).toEqual([200, bodyOf(outcome)]);
    }
    const posted = await world.ask({ path: '/outcome/busy', method: 'POST' });
    expect([posted.status, posted.body]).toEqual([405, bodyOf('method')]);
  });

  it.each([
    '/x/outcome/busy',
    '/outcome/busy/',
    '/outcome/busyx',
    '/outcome/',
    `/x/connect/${A43}`,
    '/outcome/received-busy-connected-x',
    '/callback/ops',
    '/callback/none',
  ])('S58: %s is none of ours', async (path) => {
    const response = await createWebWorld().ask({ path });
    expect([response.status, response.body]).toEqual([404, bodyOf('not-found')]);
  });

  it('S58: of a link is taken whole', async () => {
    const world = createWebWorld();
    const path = await world.invite('c1');
    expect((await world.ask({ path })).status).toBe(200);
    expect((await world.ask({ path: `/x${path}` })).status).toBe(404);
    const none = await world.ask({ path: `/connect/${newSecret(seededRandom('none'))}` });
    expect([none.status, none.body]).toEqual([400, bodyOf('link-over')]);
    for (const [where, method] of [
      [path, 'DELETE'],
      ['/callback/acme', 'POST'],
    ] as const) {
      const response = await world.ask({ path: where, method });
      expect([response.status, response.body]).toEqual([405, bodyOf('method')]);
    }
  });
});

describe('a failure while answering', () => {
  it('is a page when it is one of ours, and stops the invocation when nobody knows it', async () => {
    const world = createWebWorld();
    const path = await world.invite('c1');
    world.authorizations.findTicket = async () => {
      throw new StoreUnavailableError('down');
    };
    const response = await world.ask({ path });
    expect([response.status, response.body]).toEqual([502, bodyOf('provider-failed')]);
    world.authorizations.findTicket = async () => {
      throw new TypeError('a bug');
    };
    await expect(world.ask({ path })).rejects.toThrow(TypeError);
  });
});
