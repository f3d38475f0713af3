import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestExportOf } from '../../infra/cli/commands/export.ts';
import { createOverviewReader } from '../../infra/cli/read-overview.ts';
import { axeViolations, launchBrowser, NO_BROWSER, openPage, overflow } from '../support/browser.ts';
import { eventually, type RunningService, startRunning } from '../support/running-service.ts';

describe.skipIf(NO_BROWSER !== '')(`an export's summary in a browser${NO_BROWSER}`, () => {
  let running: RunningService;
  let browser: Browser;
  let url: string;

  beforeAll(async () => {
    [running, browser] = await Promise.all([startRunning(), launchBrowser()]);
    const { services } = running.service;
    await eventually(
      'a token',
      async () => (await services.connections.find('northwind-endpoints'))?.health === 'connected',
    );
    await requestExportOf(services)('vulnerabilities');
    const read = createOverviewReader(services);
    const summary = await eventually('an export', async () => {
      const { exports } = await read();
      return exports.find((view) => view.job === 'vulnerabilities')?.summary;
    });
    url = `${running.service.url}/archive/${encodeURI(summary)}`;
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await running?.stop();
  });

  it.each(['light', 'dark'] as const)(
    'reads on a phone in %s: axe, width, no script, nothing from elsewhere',
    async (colorScheme) => {
      const { page, requests, complaints } = await openPage(browser, {
        viewport: { width: 360, height: 740 },
        colorScheme,
      });
      await page.goto(url);
      expect(await overflow(page)).toBe(0);
      expect(await page.locator('script').count()).toBe(0);
      expect(requests.filter((asked) => asked !== url && !asked.endsWith('/favicon.ico'))).toEqual([]);
      expect(complaints.filter((text) => !text.includes('favicon'))).toEqual([]);
      // Served, it is in a sandbox where no script runs: axe is one.
      const html = await (await page.request.get(url)).text();
      await page.goto('about:blank');
      await page.setContent(html);
      expect(await axeViolations(page)).toEqual([]);
      await page.context().close();
    },
  );

  it('says how many rows there are, and draws them by group', async () => {
    const { page } = await openPage(browser);
    await page.goto(url);
    const rows = Number((await page.locator('.tiles strong').first().innerText()).replaceAll(/\D/g, ''));
    expect(rows).toBeGreaterThan(0);
    const counts = await page.locator('.bars li b').allInnerTexts();
    const sum = counts.reduce((total, text) => total + Number(text.replaceAll(' ', '')), 0);
    expect(sum).toBe(rows);
    await page.context().close();
  });

  it('prints on paper without a scroll bar, dark ink on white', async () => {
    const { page } = await openPage(browser, { viewport: { width: 720, height: 1000 }, colorScheme: 'dark' });
    await page.goto(url);
    await page.emulateMedia({ media: 'print' });
    expect(await overflow(page)).toBe(0);
    expect(await page.evaluate('getComputedStyle(document.body).color')).toBe('rgb(0, 0, 0)');
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    const bytes = await page.pdf({ format: 'A4' });
    expect(bytes.subarray(0, 5).toString()).toBe('%PDF-');
    await page.context().close();
  });
});
