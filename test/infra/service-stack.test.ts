// oxlint-disable vitest/expect-expect -- assertions on a template throw by themselves
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { FUNCTIONS, functionShape } from '../../infra/functions.ts';
import { stageNamed } from '../../infra/stages.ts';
import { PROVIDERS } from '../../functions/providers/registry.ts';
import { synthesize } from './synthesize.ts';

const stage = stageNamed('production');
const { service } = synthesize(stage);

interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly Properties: Record<string, unknown>;
}

function functionNamed(name: string): Resource {
  const found = Object.values(
    service.findResources('AWS::Lambda::Function', { Properties: { Description: `Steward: ${name}` } }),
  );
  expect(found).toHaveLength(1);
  return found[0] as Resource;
}

describe.each(FUNCTIONS.map((shape) => [shape.name, shape] as const))('%s', (name, shape) => {
  const { Properties: properties } = functionNamed(name);

  it('P12 is told exactly what its config.ts asks for', () => {
    const { Variables: variables } = properties['Environment'] as { Variables: Record<string, unknown> };
    const { NODE_OPTIONS: nodeOptions, ...asked } = variables;

    expect(Object.keys(asked).toSorted()).toEqual([...shape.environment].toSorted());
    expect(nodeOptions).toBe('--enable-source-maps --max-semi-space-size=4');
  });

  it('runs on Node 24 and arm64 with its time and memory', () => {
    expect(properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      Timeout: shape.timeoutSeconds,
      MemorySize: shape.memoryMb,
      LoggingConfig: { LogGroup: expect.anything() },
    });
    expect(properties).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  it('P04 P05 is not retried by Lambda, and what fails is a dead letter', () => {
    const configured = Object.values(service.findResources('AWS::Lambda::EventInvokeConfig')) as Resource[];
    expect(configured.length).toBeGreaterThanOrEqual(FUNCTIONS.length);
    for (const { Properties } of configured) {
      expect(Properties).toMatchObject({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 });
      expect(JSON.stringify(Properties['DestinationConfig'])).toContain('DeadLetters');
    }
  });
});

describe('schedules', () => {
  const schedules = Object.values(service.findResources('AWS::Scheduler::Schedule')) as Resource[];
  const targets = schedules.map(({ Properties }) => Properties['Target'] as Record<string, unknown>);

  it('there is one per scheduled function and shard', () => {
    const scheduled = FUNCTIONS.filter(({ everySeconds }) => everySeconds !== undefined);
    expect(schedules).toHaveLength(scheduled.length * stage.shards);
    expect(scheduled.map(({ name }) => name)).toEqual([
      'token-refresher',
      'alert-poller',
      'report-poller',
      'event-publisher',
    ]);
  });

  it('tick each minute, sharp, once, saying the shard and the slot', () => {
    for (const { Properties } of schedules) {
      expect(Properties).toMatchObject({ ScheduleExpression: 'rate(1 minute)', FlexibleTimeWindow: { Mode: 'OFF' } });
    }
    for (const target of targets) {
      expect(target['RetryPolicy']).toEqual({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 });
      expect(target['DeadLetterConfig']).toBeDefined();
    }
    const inputs = targets.map(({ Input }) => JSON.parse(Input as string) as { shard: string; slot: string });
    expect(new Set(inputs.map(({ shard }) => shard))).toEqual(new Set(['0', '1']));
    expect(new Set(inputs.map(({ slot }) => slot))).toEqual(new Set(['<aws.scheduler.scheduled-time>']));
  });

  it('follow the number of shards of the stage', () => {
    const { service: small } = synthesize({ ...stage, shards: 1 });
    small.resourceCountIs('AWS::Scheduler::Schedule', 4);
  });
});

describe('routes', () => {
  const routes = (Object.values(service.findResources('AWS::ApiGatewayV2::Route')) as Resource[]).map(
    ({ Properties }) => Properties['RouteKey'] as string,
  );

  it('S54 are all ANY, and those of infra/functions.ts', () => {
    const wanted = FUNCTIONS.flatMap(({ routes: paths = [] }) => paths.map((path) => `ANY ${path}`));
    expect(routes.toSorted()).toEqual(wanted.toSorted());
  });

  it('S45 every provider has a callback path of its own', () => {
    expect(routes).toContain('ANY /callback/{provider}');
    const paths = Object.keys(PROVIDERS).map((provider) => `/callback/${provider}`);
    expect(new Set(paths).size).toBe(paths.length);
    for (const path of paths) expect(path).toMatch(/^\/callback\/[a-z0-9-]+$/);
  });

  it('speak payload format 2.0', () => {
    service.allResourcesProperties('AWS::ApiGatewayV2::Integration', { PayloadFormatVersion: '2.0' });
  });
});

describe('report-export', () => {
  it('is durable from the first deploy', () => {
    const { durable } = functionShape('report-export');
    expect(functionNamed('report-export').Properties['DurableConfig']).toEqual({
      ExecutionTimeout: (durable?.executionTimeoutDays ?? 0) * 86_400,
      RetentionPeriodInDays: durable?.retentionDays,
    });
    expect(
      service.findResources('AWS::Lambda::Function', { Properties: { DurableConfig: Match.anyValue() } }),
    ).toSatisfy((found: object) => Object.keys(found).length === 1);
  });

  it('is started through a version that a deploy retains', () => {
    const versions = Object.entries(service.findResources('AWS::Lambda::Version')) as [string, Resource][];
    expect(versions).toHaveLength(1);
    const [version] = versions;
    expect(version?.[1].DeletionPolicy).toBe('Retain');
    const { Variables } = functionNamed('report-poller').Properties['Environment'] as { Variables: object };
    expect(Variables).toMatchObject({ EXPORT_FUNCTION_ARN: { Ref: version?.[0] } });
  });

  it('P04 its versions are not retried either', () => {
    service.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      Qualifier: Match.objectLike({ 'Fn::GetAtt': Match.arrayWith(['Version']) }),
      MaximumRetryAttempts: 0,
    });
  });
});

describe('P06 a chain of its own calls', () => {
  it('is meant where the publisher goes on with a backlog, and a mistake anywhere else', () => {
    const allowed = FUNCTIONS.filter(({ name }) => functionNamed(name).Properties['RecursiveLoop'] === 'Allow');

    expect(allowed.map(({ name }) => name)).toEqual(['event-publisher']);
  });
});

describe('logs', () => {
  it('are kept as long as the stage says, under names of their own', () => {
    service.resourceCountIs('AWS::Logs::LogGroup', FUNCTIONS.length);
    service.allResourcesProperties('AWS::Logs::LogGroup', {
      RetentionInDays: stage.logRetention,
      LogGroupName: Match.absent(),
    });
  });
});

describe('the one parameter', () => {
  it('is who receives the alarms', () => {
    const { Parameters } = service.toJSON() as { Parameters: Record<string, { Default?: unknown }> };
    const asked = Object.entries(Parameters).filter(([, { Default }]) => Default === undefined);
    expect(asked.map(([name]) => name)).toEqual(['AlarmEmail']);
    service.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: { Ref: 'AlarmEmail' } });
  });
});
