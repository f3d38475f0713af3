import type { Browser } from 'playwright-core';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectLink } from '../../infra/cli/commands/connect.ts';
import { requestExportOf } from '../../infra/cli/commands/export.ts';
import { consentFlow } from '../../infra/local/providers/actionstep/consent.ts';
import { axeViolations, launchBrowser, NO_BROWSER, openPage, overflow } from '../support/browser.ts';
import { eventually, type RunningService, startRunning } from '../support/running-service.ts';

interface JsonOverview {
  readonly connections: readonly { readonly name: string; readonly status: string }[];
  readonly exports: readonly { readonly job: string; readonly state: string }[];
}

const DESKTOP = { width: 1400, height: 900 };
const PHONE = { width: 360, height: 740 };

describe.skipIf(NO_BROWSER !== '')(`the console in a browser${NO_BROWSER}`, () => {
  let running: RunningService;
  let browser: Browser;
  let url: string;
  const overview = async () => (await (await fetch(`${url}console/overview.json`)).json()) as JsonOverview;

  beforeAll(async () => {
    [running, browser] = await Promise.all([startRunning(), launchBrowser()]);
    url = `${running.service.url}/`;
    await requestExportOf(running.service.services)('vulnerabilities');
    await eventually('an export and two connections', async () => {
      const { connections, exports } = await overview();
      const connected = connections.filter(({ status }) => status === 'connected').length;
      return connected === 2 && exports.some(({ state }) => state === 'exported');
    });
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    await running?.stop();
  });

  it.each(['light', 'dark'] as const)('passes axe in %s, on a desk and on a phone', async (colorScheme) => {
    for (const viewport of [DESKTOP, PHONE]) {
      const { page, complaints } = await openPage(browser, { viewport, colorScheme });
      await page.goto(url);
      await page.getByText('live', { exact: true }).waitFor();
      expect(await axeViolations(page)).toEqual([]);
      expect(complaints).toEqual([]);
      await page.context().close();
    }
  });

  it('needs no scrolling to the side, on a phone and on a desk', async () => {
    for (const viewport of [
      { width: 320, height: 700 },
      PHONE,
      { width: 800, height: 600 },
      { width: 1000, height: 700 },
      DESKTOP,
    ]) {
      const { page } = await openPage(browser, { viewport });
      await page.goto(url);
      expect({ width: viewport.width, beyond: await overflow(page) }).toEqual({ width: viewport.width, beyond: 0 });
      await page.context().close();
    }
  });

  it('asks nobody but itself for anything', async () => {
    const { page, requests } = await openPage(browser);
    await page.goto(url);
    await page.getByText('live', { exact: true }).waitFor();
    const elsewhere = requests.filter((asked) => !asked.startsWith(url) && !asked.startsWith('data:'));
    expect(elsewhere).toEqual([]);
    expect(requests.some((asked) => asked.endsWith('/console/stream'))).toBe(true);
    await page.context().close();
  });

  it('is whole without JavaScript, and renews itself', async () => {
    const { page } = await openPage(browser, { javaScriptEnabled: false });
    await page.goto(url);
    for (const heading of ['Connections', 'Exports', 'Alerts and events', 'Next runs', 'Rate budgets'])
      expect(await page.getByRole('heading', { name: heading, exact: true }).isVisible()).toBe(true);
    expect(await page.getByText('northwind-operations').first().isVisible()).toBe(true);
    expect(await page.content()).toContain('<meta http-equiv="refresh" content="10">');
    await page.context().close();
  });

  it('is reached by keyboard: the skip link, then the summaries in the order that they stand', async () => {
    const { page } = await openPage(browser, { viewport: DESKTOP });
    await page.goto(url);
    await page.keyboard.press('Tab');
    const skip = page.getByRole('link', { name: 'To the content' });
    expect(await skip.evaluate('document.activeElement.textContent')).toBe('To the content');
    expect(await skip.evaluate('document.activeElement.getBoundingClientRect().left >= 0')).toBe(true);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.getAttribute("href")')).toMatch(/^\/archive\/.*summary\.html$/);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/summary.html');
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('vulnerabilities');
    await page.context().close();
  });

  it('shows how a connection needs somebody, and then that it no longer does, without a reload', async () => {
    const { page } = await openPage(browser, { viewport: DESKTOP });
    await page.goto(url);
    await page.getByText('steward connect harbour-law').first().waitFor();
    const link = page.locator('a[id^="s-vulnerabilities"]').first();
    await link.focus();
    const focused = await page.evaluate<string>('document.activeElement.id');
    await page.evaluate('document.querySelector("header h1").dataset.kept = "yes"');

    const { url: end } = await consentFlow(await connectLink(running.service.services, 'harbour-law', {}));
    expect(end).toMatch(/\/outcome\/connected$/);

    await page.getByRole('heading', { name: 'Nothing needs you' }).waitFor({ timeout: 20_000 });
    expect(await page.getByText('3 of 3 connected').first().isVisible()).toBe(true);
    expect(await page.evaluate('document.activeElement.id')).toBe(focused);
    expect(await page.evaluate('document.querySelector("header h1").dataset.kept')).toBe('yes');
    await page.context().close();
  });

  it('moves the expiry clocks', async () => {
    const { page } = await openPage(browser, { viewport: DESKTOP });
    await page.goto(url);
    const clock = page.locator('.clock strong').first();
    const before = await clock.textContent();
    await eventually('another reading of the clock', async () => (await clock.textContent()) !== before);
    expect(await clock.textContent()).toMatch(/left$/);
    await page.context().close();
  });

  it('shows an alert as it comes, with its latency', async () => {
    const { page } = await openPage(browser, { viewport: DESKTOP });
    await page.goto(url);
    running.doubles.opsramp.control.openAlert({ currentState: 'Critical', subject: '<b>Disk</b> of "web-03" is full' });
    const item = page.locator('.feed li', { hasText: '<b>Disk</b> of "web-03" is full' });
    await item.first().waitFor({ timeout: 20_000 });
    expect(await item.first().innerText()).toMatch(/critical[\s\S]*in (\d+ ms|[\d.]+ s)/);
    expect(await page.locator('.feed b').count()).toBe(0);
    await page.context().close();
  });

  it('says of each export whether its manifest verifies, beside its rows', async () => {
    const { page } = await openPage(browser, { viewport: DESKTOP });
    await page.goto(url);
    const row = page.getByRole('row', { name: /vulnerabilities/ }).first();
    expect(await row.innerText()).toMatch(/exported[\s\S]*reconciled[\s\S]*✓ verified/);
    await page.context().close();
  });

  it('is not served to a page that calls itself by another name, nor written to', async () => {
    const renamed = await request(url, { headers: { host: 'console.example' } });
    expect(renamed.statusCode).toBe(403);
    await renamed.body.dump();
    const posted = await request(url, { method: 'POST' });
    expect(posted.statusCode).toBe(405);
    await posted.body.dump();
    const other = await request(`${url}archive/harbour-law/matters/manifest.json`);
    expect(other.statusCode).toBe(404);
    await other.body.dump();
  });
});
