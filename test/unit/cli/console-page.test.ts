import { describe, expect, it } from 'vitest';
import { CONSOLE_CSP, consoleBody, consolePage } from '../../../infra/cli/console/page.ts';
import type { Overview } from '../../../infra/cli/overview.ts';

const at = new Date('2026-01-31T02:00:00Z');
const EVIL = `<img src=x onerror=alert(1)>"'&`;

/** Everything that may come from outside carries markup. */
const hostile: Overview = {
  stage: EVIL,
  at,
  connections: [
    {
      name: EVIL,
      provider: EVIL,
      title: EVIL,
      needsConsent: true,
      secret: EVIL,
      status: 'reauthorization-required',
      generation: 1,
      accessIssuedAt: at,
      accessExpiresAt: new Date(at.getTime() + 1),
      lastError: { code: EVIL, message: EVIL, at },
      authorizedBy: EVIL,
      providerAccount: EVIL,
    },
  ],
  exports: [
    {
      job: EVIL,
      connection: EVIL,
      provider: EVIL,
      source: EVIL,
      from: at,
      to: at,
      state: 'exported',
      record: 'altered',
      manifest: EVIL,
      summary: `a/${EVIL}/summary.html`,
      completeness: EVIL,
      reason: EVIL,
    },
  ],
  jobs: [
    {
      name: EVIL,
      kind: 'report',
      connection: EVIL,
      provider: EVIL,
      source: EVIL,
      paused: false,
      schedule: EVIL,
      failures: 9,
      lastError: EVIL,
    },
  ],
  events: [
    {
      id: EVIL,
      time: at,
      type: `steward.alert.${EVIL}`,
      summary: EVIL,
      severity: EVIL,
      connection: EVIL,
      publishedAt: at,
    },
  ],
  budgets: [
    { provider: EVIL, account: EVIL, category: EVIL, perMinute: 25, used: 7, blockedUntil: new Date(at.getTime() + 1) },
  ],
  outbox: { pending: 1, oldestAt: new Date(0) },
};

describe('the console’s page', () => {
  it('shows nothing from outside as markup', () => {
    const page = consolePage(hostile);
    expect(page).not.toContain('<img');
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;');
    // No attribute ends early: every quote inside one is an entity.
    for (const [, value = ''] of page.matchAll(/ (?:href|id|data-label|title)="([^"]*)"/g))
      expect(value).not.toMatch(/[<>]/);
  });

  it('allows its own style and script by their hashes, and nothing else', () => {
    expect(CONSOLE_CSP).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+';/);
    expect(CONSOLE_CSP).not.toContain('unsafe');
    expect(consolePage(hostile)).not.toMatch(/ style="| on[a-z]+="/);
  });

  it('is there when there is nothing yet', () => {
    const body = consoleBody({
      ...hostile,
      connections: [],
      exports: [],
      jobs: [],
      events: [],
      budgets: [],
      outbox: { pending: 0 },
    });
    expect(body).toContain('Nothing needs you');
    expect(body).toContain('None yet: <code>steward apply</code> makes them.');
    expect(body).toContain('Nothing was published yet.');
  });

  it.each([
    [[], 'Nothing needs you'],
    [['pending'], 'Nothing needs you; 1 to watch'],
    [['reauthorization-required'], 'Needs somebody: 1'],
    [['reauthorization-required', 'pending', 'paused'], 'Needs somebody: 1; 2 to watch'],
  ] as const)('counts of %j who is needed apart from what is to be watched', (states, heading) => {
    const connections = states.map((status) => ({
      name: status,
      provider: 'vendor',
      title: 'Vendor',
      needsConsent: false,
      secret: 'clients',
      status,
      generation: 1,
    }));
    const page = consoleBody({ ...hostile, connections, exports: [], jobs: [], events: [], outbox: { pending: 0 } });
    expect(page).toContain(`<h2 id="h-attention">${heading}</h2>`);
  });

  it('says now of what ran while it looked', () => {
    const [job] = hostile.jobs;
    const jobs = job === undefined ? [] : [{ ...job, name: 'j', lastAt: new Date(at.getTime() + 900) }];
    expect(consoleBody({ ...hostile, jobs })).toContain('data-label="Last"><div>now');
  });
});
