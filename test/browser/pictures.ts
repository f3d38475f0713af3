// `npm run pictures [-- folder]`: takes the README's pictures anew, of the console and of an export's summary.
// With a folder, it puts there what a person should look at after a change: dark, phone, and a service in trouble.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { connectLink } from '../../infra/cli/commands/connect.ts';
import { requestExportOf } from '../../infra/cli/commands/export.ts';
import { createOverviewReader } from '../../infra/cli/read-overview.ts';
import { consentFlow } from '../../infra/local/providers/actionstep/consent.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { eventually, type RunningService, startRunning } from '../support/running-service.ts';

const README_FOLDER = fileURLToPath(new URL('../../infra/cli/console', import.meta.url));
const DESK = { width: 1180, height: 900 };
const PHONE = { width: 390, height: 844 };
const EXPORTED = ['vulnerabilities', 'matters', 'time-recorded', 'patch-compliance'];

async function shoot(browser: Browser, url: string, file: string, options: BrowserContextOptions, fullPage = false) {
  const { page } = await openPage(browser, options);
  await page.goto(url);
  await page.waitForTimeout(2500);
  await page.screenshot({ path: file, fullPage });
  await page.context().close();
  console.log(file);
}

async function untilExported({ service }: RunningService): Promise<string> {
  const read = createOverviewReader(service.services);
  await consentFlow(await connectLink(service.services, 'harbour-law', { authorizedBy: 'the demonstration' }));
  await eventually('three connections', async () =>
    (await read()).connections.every(({ status }) => status === 'connected'),
  );
  for (const job of EXPORTED) await requestExportOf(service.services)(job);
  const summaries = await eventually(
    'the exports',
    async () => {
      const found = (await read()).exports.filter(
        ({ state, summary }) => state === 'exported' && summary !== undefined,
      );
      return found.length >= EXPORTED.length && found;
    },
    120_000,
  );
  const summary = summaries.find(({ job }) => job === 'vulnerabilities')?.summary ?? '';
  return `${service.url}/archive/${encodeURI(summary)}`;
}

const folder = process.argv[2];
const [running, browser] = await Promise.all([startRunning(), launchBrowser()]);
try {
  const url = `${running.service.url}/`;
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true });
    await shoot(browser, url, join(folder, 'trouble.png'), { viewport: DESK }, true);
  }
  const summary = await untilExported(running);
  await shoot(browser, url, join(README_FOLDER, 'console.png'), { viewport: DESK });
  await shoot(browser, summary, join(README_FOLDER, 'summary.png'), { viewport: { width: 900, height: 900 } });
  if (folder !== undefined) {
    await shoot(browser, url, join(folder, 'whole.png'), { viewport: DESK }, true);
    await shoot(browser, url, join(folder, 'dark.png'), { viewport: DESK, colorScheme: 'dark' }, true);
    await shoot(browser, url, join(folder, 'phone.png'), { viewport: PHONE }, true);
    await shoot(browser, summary, join(folder, 'summary-phone.png'), { viewport: PHONE }, true);
  }
} finally {
  await browser.close();
  await running.stop();
}
