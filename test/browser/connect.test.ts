import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectLink } from '../../infra/cli/commands/connect.ts';
import { axeViolations, launchBrowser, NO_BROWSER, openPage, overflow, type WatchedPage } from '../support/browser.ts';
import { eventually, type RunningService, startRunning } from '../support/running-service.ts';

const PHONE = { width: 360, height: 740 };

describe.skipIf(NO_BROWSER !== '')(`connecting an account in a browser${NO_BROWSER}`, () => {
  let running: RunningService;
  let browser: Browser;
  let watched: WatchedPage;
  const link = () => connectLink(running.service.services, 'harbour-law', { authorizedBy: 'Pat Example' });
  const connection = () => running.service.services.connections.find('harbour-law');

  beforeAll(async () => {
    [running, browser] = await Promise.all([startRunning(), launchBrowser()]);
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await running?.stop();
  });
  beforeEach(async () => {
    watched = await openPage(browser, { viewport: PHONE });
  });
  afterEach(async () => {
    await watched.page.context().close();
  });

  /** A page of ours: no scripts, nothing asked of anybody else, readable by all. */
  async function expectOurs({ page }: WatchedPage): Promise<void> {
    expect(await page.locator('script').count()).toBe(0);
    expect(await overflow(page)).toBe(0);
    expect(await axeViolations(page)).toEqual([]);
  }

  async function consent(page: Page, button: string): Promise<void> {
    await page.getByRole('button', { name: 'Continue to sign in' }).click();
    await page.getByRole('button', { name: button }).click();
    await page.waitForURL('**/outcome/*');
  }

  it('S66 shows a declined consent as such, and the same link may be used again', async () => {
    const { page } = watched;
    const url = await link();
    await page.goto(url);
    await consent(page, 'Decline');
    expect(await page.getByRole('heading').textContent()).toBe('Not connected');
    await expectOurs(watched);

    await page.goto(url);
    expect(await page.getByRole('button', { name: 'Continue to sign in' }).isVisible()).toBe(true);
    expect((await connection())?.health).toBe('pending');
  });

  it('S65 goes from the link over the consent to the outcome, with no script and no request elsewhere', async () => {
    const { page, requests, complaints } = watched;
    await page.goto(await link());
    await expectOurs(watched);
    await consent(page, 'Allow');

    expect(new URL(page.url()).pathname).toBe('/outcome/connected');
    expect(new URL(page.url()).search).toBe('');
    await expectOurs(watched);
    expect(complaints).toEqual([]);
    const origins = new Set(requests.map((request) => new URL(request).origin));
    expect(origins).toEqual(new Set([running.service.url, new URL(running.doubles.urls.actionstep).origin]));
    const stored = await eventually('the tokens', async () => {
      const found = await connection();
      return found?.health === 'connected' && found;
    });
    expect(stored).toMatchObject({ generation: 1, authorizedBy: 'Pat Example', providerAccount: 'harbourlegal' });
  });

  it('sends no referrer and no cookie to the provider, and leaves none behind', async () => {
    const { page } = watched;
    const sent: Record<string, string>[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/api/oauth/authorize') && request.method() === 'GET') sent.push(request.headers());
    });
    await page.goto(await link());
    await consent(page, 'Allow');

    expect(sent).toHaveLength(1);
    expect(sent[0]).not.toHaveProperty('referer');
    expect(sent[0]?.['cookie'] ?? '').toBe('');
    const ours = (await page.context().cookies(running.service.url)).filter(({ value }) => value !== '');
    expect(ours).toEqual([]);
  });

  it('tells whoever opens a link that was used already, by the page and its status', async () => {
    const { page } = watched;
    const url = await link();
    await page.goto(url);
    await consent(page, 'Allow');

    const again = await page.goto(url);

    expect(again?.status()).toBe(400);
    expect(await page.getByRole('heading').textContent()).toBe('This link is over');
    await expectOurs(watched);
  });

  it('works by keyboard alone', async () => {
    const { page } = watched;
    await page.goto(await link());
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Continue to sign in');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/api/oauth/authorize**');
    await page.getByRole('button', { name: 'Allow' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL('**/outcome/connected');
  });

  it.each(['light', 'dark'] as const)('passes axe on every outcome in %s', async (colorScheme) => {
    const { page } = await openPage(browser, { viewport: PHONE, colorScheme });
    for (const outcome of ['connected', 'received', 'declined', 'other-account', 'busy', 'none-of-these']) {
      await page.goto(`${running.service.url}/outcome/${outcome}`);
      expect({ outcome, violations: await axeViolations(page) }).toEqual({ outcome, violations: [] });
      expect(await overflow(page)).toBe(0);
    }
    await page.context().close();
  });
});
