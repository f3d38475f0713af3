import { describe, expect, it } from 'vitest';
import { ALARMS, costTable, monthlyCosts } from '../../infra/costs.ts';
import { limits, limitTable } from '../../infra/limits.ts';
import { COST_SIZES, typicalUsage, type Usage } from '../../infra/usage.ts';
import { synthesize } from './synthesize.ts';

const total = (connections: number) =>
  monthlyCosts(typicalUsage(connections)).reduce((sum, { dollars }) => sum + dollars, 0);
const dollarsOf = (connections: number, item: string) =>
  monthlyCosts(typicalUsage(connections)).find((cost) => cost.item === item)?.dollars ?? NaN;

describe('costs', () => {
  it('what is used costs in proportion, what stands does not', () => {
    expect(dollarsOf(1_000, 'DynamoDB writes') / dollarsOf(10, 'DynamoDB writes')).toBeCloseTo(100);
    expect(dollarsOf(1_000, 'Alarms, metrics')).toBe(dollarsOf(10, 'Alarms, metrics'));
  });

  it('reads a secret no more often than it is used, nor than it is forgotten', () => {
    const reads = (connections: number) => Math.round(dollarsOf(connections, 'Secrets read') / 5e-6);
    expect(reads(10)).toBe(10 * 12 * 30);
    // Six secrets in one environment, each every three minutes.
    expect(reads(1_000)).toBe(6 * 20 * 24 * 30);
  });

  it('no secret is more than half full', () => {
    for (const connections of COST_SIZES)
      expect(used(typicalUsage(connections), 'Clients in one secret')).toBeLessThanOrEqual(0.5);
    expect(used({ ...typicalUsage(1_000), secrets: 1 }, 'Clients in one secret')).toBeGreaterThan(1);
  });

  it('counts a refresh as the bench counted it', () => {
    const usage = {
      ...typicalUsage(1_000),
      refreshesPerDay: 32,
      alertPollsPerDay: 0,
      alertVersionsPerDay: 0,
      exportsPerDay: 0,
    };
    const writes = monthlyCosts(usage).find(({ item }) => item === 'DynamoDB writes')?.dollars;
    expect(writes).toBeCloseTo(960_000 * 9 * 0.625e-6, 6);
  });

  it('a connection more is cheaper than the one before', () => {
    expect(total(100_000) / 100_000).toBeLessThan(total(1_000) / 1_000);
  });

  it('counts the alarms that there are', () => {
    const { service } = synthesize();
    const alarms = Object.keys(service.findResources('AWS::CloudWatch::Alarm')).length;
    expect(ALARMS).toBe(alarms);
  });
});

const used = (usage: Usage, name: string) => limits(usage).find((limit) => limit.name.startsWith(name))?.used ?? NaN;
const REFRESHES = 'Refreshes that a tick has time for';
const PASSES = 'Alert passes that a tick has time for';

describe('limits', () => {
  it.each(COST_SIZES)('with %i connections one is the tightest, and each says what to turn', (connections) => {
    const found = limits(typicalUsage(connections));
    const shares = found.map((limit) => limit.used);
    expect(shares).toEqual(shares.toSorted((a, b) => b - a));
    expect(found.every(({ turn }) => turn.length > 0)).toBe(true);
  });

  it('no sweep is more than half full at the shards that a size is given', () => {
    for (const connections of COST_SIZES) {
      expect(used(typicalUsage(connections), REFRESHES)).toBeLessThan(0.5);
      expect(used(typicalUsage(connections), PASSES)).toBeLessThan(0.5);
    }
  });

  it('too few shards are seen', () => {
    expect(used({ ...typicalUsage(100_000), shards: 1 }, PASSES)).toBeGreaterThan(10);
    expect(used({ ...typicalUsage(100_000), shards: 1 }, REFRESHES)).toBeGreaterThan(0.4);
  });

  it('a tick has time for as many refreshes as fit beside each other into what is left of it before the last one', () => {
    // 20 at a time for 55 - 24 seconds, 0.35 seconds each.
    const perMinute = (20 * 31) / 0.35;
    const connections = 1440 * perMinute;
    expect(used({ ...typicalUsage(connections), shards: 1, refreshesPerDay: 1 }, REFRESHES)).toBeCloseTo(1);
  });
});

describe('the tables', () => {
  it('of costs has a row for each size', () => {
    expect(costTable([10, 1_000]).split('\n')).toHaveLength(4);
  });

  it('of limits has a row for each limit, the tightest at the largest size first', () => {
    const usages = [10, 1_000].map(typicalUsage);
    const rows = limitTable(usages).split('\n').slice(2);
    expect(rows.map((row) => row.split('|')[1]?.trim())).toEqual(limits(typicalUsage(1_000)).map(({ name }) => name));
  });
});
