import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METRICS_NAMESPACE as NAMESPACE_IN_CODE } from '../../functions/adapters/powertools/metrics.ts';
import { FUNCTIONS } from '../../infra/functions.ts';
import { METRIC_PROVIDERS, METRICS, METRICS_NAMESPACE } from '../../infra/metrics.ts';
import { stageNamed } from '../../infra/stages.ts';
import { synthesize } from './synthesize.ts';

const stage = stageNamed('production');
const { service } = synthesize(stage);
const runbook = readFileSync(new URL('../../infra/RUNBOOK.md', import.meta.url), 'utf8');

interface Alarm {
  readonly Properties: {
    readonly AlarmDescription: string;
    readonly AlarmActions?: readonly unknown[];
    readonly MetricName?: string;
    readonly Threshold: number;
    readonly TreatMissingData?: string;
    readonly ComparisonOperator: string;
    readonly EvaluationPeriods: number;
  };
}
const plain = Object.entries(service.findResources('AWS::CloudWatch::Alarm')) as [string, Alarm][];
const composite = Object.entries(service.findResources('AWS::CloudWatch::CompositeAlarm')) as [string, Alarm][];
const alarms = [...plain, ...composite];

/** `## token-refresher-fails` → its text up to the next heading of that level. */
const sections = new Map(
  runbook
    .split(/^## /m)
    .slice(1)
    .map((text) => [anchorOf(text.split('\n')[0] ?? ''), text]),
);

function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
}

function alarmOf(id: string): Alarm['Properties'] {
  const found = plain.filter(([logicalId]) => logicalId.startsWith(`Alarm${id}`));
  expect(found).toHaveLength(1);
  return (found[0] as [string, Alarm])[1].Properties;
}

const pascal = (name: string) => name.replaceAll(/(^|-)([a-z])/g, (_m, _d, letter: string) => letter.toUpperCase());

describe.each(alarms)('%s', (_id, { Properties: alarm }) => {
  const section = sections.get(/#([a-z-]+)$/.exec(alarm.AlarmDescription)?.[1] ?? '');

  it('says what is lost and links to a section of the runbook', () => {
    expect(alarm.AlarmDescription).toMatch(/^[A-Z].{20,}\. Runbook: infra\/RUNBOOK\.md#[a-z-]+$/);
    expect(section).toBeDefined();
  });

  it('has a section with all four parts', () => {
    for (const part of ['What it means.', 'Look here.', 'Do this.', 'How to know that it is over.']) {
      expect(section).toContain(`**${part}**`);
    }
  });

  it('tells somebody', () => {
    expect(alarm.AlarmActions).toHaveLength(1);
  });
});

describe('alarms of functions', () => {
  it.each(FUNCTIONS.map(({ name, errorImpact }) => [name, errorImpact]))('%s fails', (name, impact) => {
    const alarm = alarmOf(`${pascal(name)}Fails`);
    expect(alarm).toMatchObject({ MetricName: 'Errors', TreatMissingData: 'notBreaching' });
    expect(alarm.AlarmDescription).toContain(impact);
  });

  it.each(FUNCTIONS.filter(({ everySeconds }) => everySeconds !== undefined).map(({ name }) => [name]))(
    '%s is not running, and no data says so too',
    (name) => {
      expect(alarmOf(`${pascal(name)}NotRunning`)).toMatchObject({
        MetricName: 'Invocations',
        ComparisonOperator: 'LessThanThreshold',
        TreatMissingData: 'breaching',
        Threshold: 6,
      });
    },
  );

  it('one dead shard of many is seen, and one late tick is not', () => {
    const { service: wide } = synthesize({ ...stage, shards: 4 });
    const [alarm] = Object.entries(wide.findResources('AWS::CloudWatch::Alarm'))
      .filter(([id]) => id.startsWith('AlarmTokenRefresherNotRunning'))
      .map(([, found]) => (found as Alarm).Properties);
    const ticksOfThreeShards = 15;
    const ticksWithOneLate = 19;
    expect(ticksOfThreeShards).toBeLessThan(alarm?.Threshold ?? 0);
    expect(ticksWithOneLate).toBeGreaterThanOrEqual(alarm?.Threshold ?? Infinity);
  });
});

describe('the page', () => {
  it('is one composite alarm over those that cannot wait', () => {
    expect(composite).toHaveLength(1);
    const rule = JSON.stringify(composite);
    for (const id of [
      'TokenRefresherFails',
      'TokenRefresherNotRunning',
      'OutboxBacklog',
      'DeadLettersNotEmpty',
      'SealBroken',
    ]) {
      expect(rule).toContain(`Alarm${id}`);
    }
    expect(rule).not.toContain('AlarmReauthorizationRequired');
  });
});

describe('metrics', () => {
  it('are in the namespace that the functions write to', () => {
    expect(METRICS_NAMESPACE).toBe(NAMESPACE_IN_CODE);
  });

  it('are few enough in each alarm, however many providers there are', () => {
    const all = Object.values(service.findResources('AWS::CloudWatch::Alarm')) as {
      readonly Properties: { readonly Metrics?: readonly { readonly MetricStat?: object }[] };
    }[];
    const series = all.map(({ Properties }) => (Properties.Metrics ?? []).filter((one) => one.MetricStat).length);
    expect(Math.max(...series)).toBeGreaterThanOrEqual(METRIC_PROVIDERS.length);
    // CloudWatch takes ten of them in one alarm.
    expect(Math.max(...series)).toBeLessThanOrEqual(10);
  });

  it('name functions that exist', () => {
    const names = FUNCTIONS.map(({ name }) => name as string);
    for (const { functions } of Object.values(METRICS)) expect(names).toEqual(expect.arrayContaining([...functions]));
  });

  it('are all on the dashboard', () => {
    const [dashboard] = Object.values(service.findResources('AWS::CloudWatch::Dashboard'));
    const body = JSON.stringify(dashboard);
    expect(Object.keys(METRICS).filter((name) => !body.includes(name))).toEqual([]);
  });
});

interface TopicPolicy {
  readonly Properties: {
    readonly Topics: readonly { readonly Ref: string }[];
    readonly PolicyDocument: { readonly Statement: readonly Record<string, unknown>[] };
  };
}

describe('alarms reach somebody', () => {
  const policies = Object.values(service.findResources('AWS::SNS::TopicPolicy')) as TopicPolicy[];
  const topics = new Set(
    alarms.flatMap(([, { Properties }]) => (Properties.AlarmActions as { Ref: string }[]).map(({ Ref }) => Ref)),
  );

  it.each([...topics])('%s lets CloudWatch publish: a policy of its own replaces the one that would', (topic) => {
    const statements = policies
      .filter(({ Properties }) => Properties.Topics.some(({ Ref }) => Ref === topic))
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement);

    expect(topics.size).toBe(2);
    expect(statements).toContainEqual({
      Sid: 'AlarmsOfThisAccount',
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: 'sns:Publish',
      Resource: { Ref: topic },
      Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
    });
  });
});
