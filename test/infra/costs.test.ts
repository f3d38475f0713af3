import { describe, expect, it } from 'vitest';
import { ALARMS, costTable, limits, monthlyCosts, typicalUsage } from '../../infra/costs.ts';
import { synthesize } from './synthesize.ts';

const total = (connections: number) =>
  monthlyCosts(typicalUsage(connections)).reduce((sum, { dollars }) => sum + dollars, 0);
const dollarsOf = (connections: number, item: string) =>
  monthlyCosts(typicalUsage(connections)).find((cost) => cost.item === item)?.dollars ?? NaN;

describe('costs', () => {
  it('what is used costs in proportion, what stands does not', () => {
    expect(dollarsOf(1_000, 'DynamoDB writes') / dollarsOf(10, 'DynamoDB writes')).toBeCloseTo(100);
    expect(dollarsOf(1_000, 'Keys, secrets')).toBe(dollarsOf(10, 'Keys, secrets'));
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

describe('limits', () => {
  it.each([10, 1_000, 100_000])('with %i connections one is the tightest, and says what to turn', (connections) => {
    const found = limits(typicalUsage(connections));
    const used = found.map((limit) => limit.used);
    expect(used).toEqual(used.toSorted((a, b) => b - a));
    expect(found.every(({ turn }) => turn.length > 0)).toBe(true);
  });

  it('no sweep is more than half full at the shards that a size is given', () => {
    for (const connections of [10, 1_000, 100_000]) {
      const sweeps = limits(typicalUsage(connections)).filter(({ name }) => name.includes('sweep'));
      for (const { used } of sweeps) expect(used).toBeLessThan(0.5);
    }
  });

  it('too few shards are seen', () => {
    const [first] = limits({ ...typicalUsage(100_000), shards: 1 }).filter(({ name }) => name.includes('alert sweep'));
    expect(first?.used).toBeGreaterThan(1);
  });
});

describe('the table', () => {
  it('has a row for each size', () => {
    expect(costTable([10, 1_000]).split('\n')).toHaveLength(4);
  });
});
