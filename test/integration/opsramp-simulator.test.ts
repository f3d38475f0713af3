import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOpenApi } from '../../functions/core/api.ts';
import type { AlertSource } from '../../functions/core/alerts/source.ts';
import type { Connection } from '../../functions/core/connections/connection.ts';
import { AccessTokenRejectedError, EgressRefusedError } from '../../functions/core/errors.ts';
import type { ReportSource } from '../../functions/core/reports/source.ts';
import { createSend } from '../../functions/http/send.ts';
import { opsramp } from '../../functions/providers/opsramp/provider.ts';
import { SIMULATED_TENANT } from '../../infra/local/providers/opsramp/options.ts';
import { type OpsrampSimulator, startOpsrampSimulator } from '../../infra/local/providers/opsramp/simulator.ts';
import { endlessBudgets } from '../support/memory-budgets.ts';
import { NOW, readAlerts, readReport } from '../support/opsramp.ts';

describe('OpsRamp over loopback', () => {
  let simulator: OpsrampSimulator;
  beforeAll(async () => {
    simulator = await startOpsrampSimulator({ clock: () => NOW, alerts: 620, switches: { rateLimits: false } });
  });
  afterAll(() => simulator.stop());

  const send = createSend({ allowLoopback: true });
  async function open() {
    const tenant = { host: 'acme.api.opsramp.com', tenantId: SIMULATED_TENANT.tenantId, endpoint: simulator.url };
    const settings = opsramp.parseSettings(tenant);
    const request = opsramp.token.request({ type: 'client-credentials' }, settings, SIMULATED_TENANT);
    const { accessToken } = opsramp.token.reply(await send(request, () => true), settings);
    const connection = {
      provider: 'opsramp',
      name: 'acme',
      settings,
      generation: 7,
      budgetAccount: 'acme',
    } as Connection;
    const rejected: number[] = [];
    const access = {
      open: async () => ({ connection, accessToken }),
      reject: async (_name: string, generation: number) => void rejected.push(generation),
      find: async () => connection,
    };
    const clock = { now: () => NOW };
    const api = await createOpenApi({ access, budgets: endlessBudgets(), send, clock, providers: { opsramp } })(
      'acme',
      'alerts',
    );
    return { api, rejected };
  }

  it('exports and polls through the production path', async () => {
    const { api } = await open();
    const { rows, last } = await readReport(api, opsramp.sources['alert-history'] as ReportSource);
    expect(rows).toHaveLength(620);
    expect(last.completeness).toBe('reconciled');

    const id = simulator.control.openAlert({ subject: 'Disk + CPU: 90 %, really' });
    const span = { from: new Date(NOW.getTime() - 60_000), to: NOW };
    const read = await readAlerts(api, opsramp.alertSources.alerts as AlertSource, span);
    expect(read.map((alert) => alert.id)).toContain(id);
  });

  it('sees a 407 as what it is, and asks for a refresh of that very generation', async () => {
    const { api, rejected } = await open();
    simulator.control.expireTokens();
    const reading = api.call({ method: 'GET', path: 'alerts/search' });
    await expect(reading).rejects.toThrow(AccessTokenRejectedError);
    expect(rejected).toEqual([7]);
    await expect((await open()).api.call({ method: 'GET', path: 'alerts/search' })).resolves.toMatchObject({
      status: 200,
    });
  });

  it('goes to the overridden origin and to no other', async () => {
    const { api } = await open();
    const elsewhere = api.call({ method: 'GET', path: 'https://acme.api.opsramp.com/api/v2/alertTypes' });
    await expect(elsewhere).rejects.toThrow(EgressRefusedError);
  });
});
