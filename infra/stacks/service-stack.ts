import { CfnOutput, CfnParameter, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { Code } from 'aws-cdk-lib/aws-lambda';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { AlarmSet } from '../constructs/alarm-set.ts';
import { createAlarmTopic } from '../constructs/alarm-topic.ts';
import { ServiceDashboard } from '../constructs/dashboard.ts';
import { addFunctionAlarms } from '../constructs/function-alarms.ts';
import { addLogMeasures } from '../constructs/log-measures.ts';
import { PublicRoutes } from '../constructs/public-routes.ts';
import { addSealAlarm } from '../constructs/seal-alarm.ts';
import { addServiceAlarms } from '../constructs/service-alarms.ts';
import { ServiceFunction } from '../constructs/service-function.ts';
import { Ticks } from '../constructs/ticks.ts';
import { FUNCTIONS, type FunctionName } from '../functions.ts';
import type { Stage } from '../stages.ts';
import { grantEverything, type Functions } from './grants.ts';
import type { StateStack } from './state-stack.ts';

export interface ServiceStackProps extends StackProps {
  readonly stage: Stage;
  readonly state: StateStack;
  /** Where each function's bundle is. */
  readonly codeOf: (name: FunctionName) => Code;
}

/** What may be replaced at any time: functions, their routes and schedules, alarms and the dashboard. */
export class ServiceStack extends Stack {
  readonly functions: Functions;

  constructor(scope: Construct, id: string, props: ServiceStackProps) {
    super(scope, id, props);
    this.functions = this.createFunctions(props);
    grantEverything(this.functions, props.state, props.stage);
    this.drive(props);
    this.watch(props);
    new CfnOutput(this, 'PublisherFunctionName', { value: this.functions['event-publisher'].function.functionName });
    new CfnOutput(this, 'ExportFunctionArn', {
      value: this.functions['report-export'].function.currentVersion.functionArn,
    });
  }

  private createFunctions({ stage, state, codeOf }: ServiceStackProps): Functions {
    const made = FUNCTIONS.map((shape) => [
      shape.name,
      new ServiceFunction(this, pascal(shape.name), {
        shape,
        code: codeOf(shape.name),
        deadLetters: state.deadLetters,
        logRetention: stage.logRetention,
      }),
    ]);
    return Object.fromEntries(made) as Functions;
  }

  /** What makes the functions run: requests and ticks. */
  private drive({ stage, state }: ServiceStackProps): void {
    const ticks = new Ticks(this, 'Ticks', { deadLetters: state.deadLetters });
    for (const { shape, function: fn, node } of Object.values(this.functions)) {
      if (shape.routes !== undefined) {
        new PublicRoutes(this, `${node.id}Routes`, { publicApi: state.publicApi, function: fn, paths: shape.routes });
      }
      if (shape.everySeconds !== undefined) {
        ticks.tick(node.id, fn, Duration.seconds(shape.everySeconds), stage.shards);
      }
    }
  }

  /** Who is told when it does not. */
  private watch({ stage, state }: ServiceStackProps): void {
    const receiver = new CfnParameter(this, 'AlarmEmail', {
      description: 'Who receives the alarms: an e-mail address. AWS asks it to confirm once.',
      allowedPattern: '[^@\\s]+@[^@\\s]+\\.[^@\\s]+',
      constraintDescription: 'has to be an e-mail address',
    });
    const alarmTopic = createAlarmTopic(this, 'Alarms', state.storageKey.key);
    alarmTopic.addSubscription(new EmailSubscription(receiver.valueAsString));
    const pageTopic = createAlarmTopic(this, 'Pages', state.storageKey.key);

    const alarms = new AlarmSet(this, 'Alarm', { topic: alarmTopic, runbook: stage.runbook });
    for (const each of Object.values(this.functions)) {
      addLogMeasures(each);
      addFunctionAlarms(alarms, each, stage.shards);
    }
    addServiceAlarms(alarms, state.deadLetters.queue);
    addSealAlarm(alarms, openersOf(this.functions));
    const page = alarms.addPage(pageTopic);
    new ServiceDashboard(this, 'Overview', {
      stage: stage.name,
      functions: Object.values(this.functions),
      tables: [state.connections.table, state.state.table],
      deadLetters: state.deadLetters.queue,
      alarms: [page, ...alarms.all],
      archiveBytes: state.archive.metricBytes(),
    });
    new CfnOutput(this, 'PageTopicArn', { value: pageTopic.topicArn });
  }
}

function openersOf(functions: Functions): ServiceFunction[] {
  const names = ['oauth-callback', 'token-refresher', 'alert-poller', 'report-export'] as const;
  return names.map((name) => functions[name]);
}

function pascal(name: string): string {
  return name.replaceAll(/(^|-)([a-z])/g, (_match, _dash, letter: string) => letter.toUpperCase());
}
