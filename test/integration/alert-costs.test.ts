import { describe, expect, it } from 'vitest';
import { tenantMonth } from '../../infra/costs.ts';
import { WORK } from '../../infra/usage.ts';
import { type Consumption, countTenant } from '../bench/alert-costs.ts';

/** What `infra/costs.ts` reckons with may be this much above what is counted, and never below. */
const SLACK = 1.2;

function outside(counted: Consumption, reckoned: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(counted)
    .filter(([what, amount]) => {
      const bound = reckoned[what] ?? 0;
      return amount > bound + 1e-9 || bound > amount * SLACK + 1e-9;
    })
    .map(([what, amount]) => `${what}: counted ${amount}, reckoned ${reckoned[what] ?? 0}`);
}

describe('what a tenant’s alerts cost', () => {
  it('is what the cost model reckons with: requests, units and SNS calls, counted on DynamoDB’s wire', async () => {
    const { poll, version, tick, versions } = await countTenant();
    const { alertPoll, alertVersion, publisherTick } = WORK;
    expect(versions).toBe(60);
    expect(outside(poll, { ...alertPoll, publishCalls: 0 })).toEqual([]);
    expect(outside(version, { ...alertVersion, publishCalls: alertVersion.publishes })).toEqual([]);
    expect(outside(tick, { ...publisherTick, requests: 0, publishCalls: 0 })).toEqual([]);
  }, 180_000);

  it('comes to a month by polls and versions', () => {
    const { requests, writes, reads, publishCalls, dollars } = tenantMonth({ everySeconds: 60, versionsPerDay: 20 });
    expect({ requests, writes, reads, publishCalls }).toEqual({
      requests: 43_200 * 2 + 600 * 0.75,
      writes: 43_200 * 7 + 600 * 12.5,
      reads: 43_200 * 6 + 600 * 6.5,
      publishCalls: 600,
    });
    expect(dollars).toBeLessThan(0.3);
  });
});
