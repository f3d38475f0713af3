import { Aws, Duration } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import { CfnSchedule, ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import type { DeadLetters } from './dead-letters.ts';

/** EventBridge Scheduler puts the time that the tick was meant for in its place, ISO 8601. */
const SCHEDULED_TIME = '<aws.scheduler.scheduled-time>';

/**
 * The schedules of all functions: one per function and shard, each tick saying which shard and which slot.
 *
 * A tick is not retried and not delivered late: the next one does the same work.
 */
export class Ticks extends Construct {
  readonly group: ScheduleGroup;
  private readonly role: Role;
  private readonly deadLetters: DeadLetters;

  constructor(scope: Construct, id: string, props: { readonly deadLetters: DeadLetters }) {
    super(scope, id);
    this.deadLetters = props.deadLetters;
    this.group = new ScheduleGroup(this, 'Group');
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    });
    this.role.addToPolicy(
      new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [props.deadLetters.queue.queueArn] }),
    );
  }

  /** Ticks `fn` for each shard. `name` is the function's, for the ids. */
  tick(name: string, fn: Function, every: Duration, shards: number): void {
    this.role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [fn.functionArn] }));
    for (let shard = 0; shard < shards; shard += 1) {
      const schedule = new CfnSchedule(this, `${name}Shard${shard}`, {
        description: `Steward: ${name}, shard ${shard}`,
        groupName: this.group.scheduleGroupName,
        scheduleExpression: rate(every),
        flexibleTimeWindow: { mode: 'OFF' },
        target: {
          arn: fn.functionArn,
          roleArn: this.role.roleArn,
          input: JSON.stringify({ shard: String(shard), slot: SCHEDULED_TIME }),
          retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
          deadLetterConfig: { arn: this.deadLetters.queue.queueArn },
        },
      });
      // A tick before the role's policy is there would be a dead letter.
      schedule.node.addDependency(this.role);
    }
  }
}

function rate(every: Duration): string {
  const minutes = every.toMinutes();
  return `rate(${minutes} minute${minutes === 1 ? '' : 's'})`;
}
