import { afterEach, describe, expect, it } from 'vitest';
import { egressPolicy } from '../../../../functions/core/api.ts';
import { bodyJson, type HttpResponse } from '../../../../functions/core/http.ts';
import { createSend } from '../../../../functions/http/send.ts';
import { action1 } from '../../../../functions/providers/action1/provider.ts';
import { DEFAULT_CREDENTIALS } from '../../../../infra/local/providers/action1/options.ts';
import {
  startAction1Simulator,
  type Action1Simulator,
  type Action1SimulatorOptions,
} from '../../../../infra/local/providers/action1/simulator.ts';

const send = createSend({ allowLoopback: true });
let running: Action1Simulator | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

async function open(options: Action1SimulatorOptions = {}) {
  running = await startAction1Simulator(options);
  const settings = action1.parseSettings({ region: 'Europe', endpoint: running.url });
  const context = { connection: 'c1', settings };
  const allowed = egressPolicy(action1, context);
  const request = action1.token.request({ type: 'client-credentials' }, settings, DEFAULT_CREDENTIALS);
  const { accessToken } = action1.token.reply(await send(request, allowed), settings);
  const get = (path: string): Promise<HttpResponse> =>
    send(
      {
        method: 'GET',
        url: new URL(path, action1.apiBase(context)),
        headers: { authorization: `Bearer ${accessToken}` },
      },
      allowed,
    );
  return { simulator: running, get };
}

describe('the simulator of Action1 on loopback', () => {
  it('answers over a socket what the model answers, under its own address', async () => {
    const { simulator, get } = await open();
    const page = bodyJson(await get('organizations')) as { self: string; items: unknown[] };
    expect(page.items).toHaveLength(3);
    expect(page.self).toBe(`${simulator.url}/api/3.0/organizations?from=0&limit=50`);
    expect(simulator.control.counters()).toMatchObject({ 'GET organizations': 1, 'POST oauth2/token': 1 });
  });

  it('keeps a row id as it stands in the path', async () => {
    const { simulator, get } = await open();
    const [organization] = simulator.control.organizations();
    const path = `reportdata/${organization?.id}/installed_software_1635264799139/data/Google%2520Chrome/drilldown`;
    expect((await get(path)).status).toBe(200);
  });

  it('takes its time from the clock that it is given', async () => {
    let now = new Date('2026-06-01T00:00:00Z');
    const { get } = await open({ now: () => now, tokenLifetimeSeconds: 60 });
    expect((await get('me')).status).toBe(200);
    now = new Date('2026-06-01T00:01:00Z');
    expect(action1.judge(await get('me'), now)?.code).toBe('ACCESS_TOKEN_REJECTED');
  });

  it('shows on the next reading what control did', async () => {
    const { simulator, get } = await open({ vulnerabilitiesPerOrganization: 0 });
    const added = simulator.control.addCriticalVulnerability({ knownExploited: true });
    const page = bodyJson(await get(`vulnerabilities/${added.organizationId}`)) as {
      items: { cve_id: string; cisa_kev: string }[];
    };
    expect(page.items).toEqual([expect.objectContaining({ cve_id: added.cve, cisa_kev: 'Yes' })]);
  });

  it('fails a token call once when told to', async () => {
    const { simulator } = await open();
    simulator.control.setSwitches({ failTokenOnce: true });
    const settings = action1.parseSettings({ endpoint: simulator.url });
    const request = action1.token.request({ type: 'client-credentials' }, settings, DEFAULT_CREDENTIALS);
    const statuses = [await send(request, () => true), await send(request, () => true)].map(({ status }) => status);
    expect(statuses).toEqual([500, 200]);
  });
});
