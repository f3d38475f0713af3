import { Annotations, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type CfnFunction,
  type Code,
  type EventInvokeConfigOptions,
  Function,
  RecursiveLoop,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FunctionShape } from '../functions.ts';
import type { DeadLetters } from './dead-letters.ts';

export interface ServiceFunctionProps {
  readonly shape: FunctionShape;
  readonly code: Code;
  readonly deadLetters: DeadLetters;
  readonly logRetention: RetentionDays;
}

/**
 * One of Steward's functions: its code, its own role and its own log.
 *
 * The role begins with nothing but the log. What else the function may do, and where to find it, comes from the
 * `grant…` of what it uses.
 */
export class ServiceFunction extends Construct {
  readonly shape: FunctionShape;
  readonly function: Function;
  readonly logGroup: LogGroup;
  private readonly role: Role;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    super(scope, id);
    const { shape } = props;
    this.shape = shape;
    this.logGroup = new LogGroup(this, 'Log', { retention: props.logRetention, removalPolicy: RemovalPolicy.RETAIN });
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [this.logGroup.logGroupArn],
      }),
    );
    const asynchronous = onlyTheNextTickRetries(props.deadLetters);
    this.function = new Function(this, 'Function', {
      description: `Steward: ${shape.name}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: props.code,
      role: this.role,
      timeout: Duration.seconds(shape.timeoutSeconds),
      memorySize: shape.memoryMb,
      logGroup: this.logGroup,
      // A small young generation keeps an export's memory flat: measured 44 MB over base instead of 132 MB at 100 MB of rows.
      environment: { NODE_OPTIONS: '--enable-source-maps --max-semi-space-size=4' },
      ...asynchronous,
      ...(shape.durable === undefined ? {} : durability(shape.durable, asynchronous)),
    });
    if (shape.durable !== undefined) {
      this.allowCheckpoints();
      Annotations.of(this.function).acknowledgeInfo(
        'aws-lambda:Function.DurableConfig',
        'Durable from the first deploy, so nothing is replaced.',
      );
    }
  }

  /** Lets `caller` wake this function, and tells it the name: a nudge, which may be lost. */
  grantNudge(caller: Function, variable: string): void {
    caller.addEnvironment(variable, this.function.functionName);
    caller.addToRolePolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [this.function.functionArn] }),
    );
  }

  /**
   * Lets the function call itself on, by the name that Lambda gives it: a backlog that outlasts one run.
   *
   * Lambda takes the seventeenth call of such a chain for a mistake and makes it a dead letter, unless it is told that
   * the chain is meant. It ends by itself: only a run that leaves something behind calls the next.
   *
   * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
   */
  grantNudgeItself(): void {
    (this.function.node.defaultChild as CfnFunction).recursiveLoop = RecursiveLoop.ALLOW;
    new Policy(this, 'CallsItself', {
      roles: [this.role],
      statements: [new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [this.function.functionArn] })],
    });
  }

  /**
   * Lets `caller` start durable executions, and tells it the version of this deploy.
   *
   * The permission covers every version, so that during a deploy neither the old nor the new caller is locked out.
   */
  grantStart(caller: Function, variable: string): void {
    caller.addEnvironment(variable, this.function.currentVersion.functionArn);
    caller.addToRolePolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [`${this.function.functionArn}:*`] }),
    );
  }

  /** In a policy beside the role's own: that one is made before the function and cannot name it. */
  private allowCheckpoints(): void {
    new Policy(this, 'Checkpoints', {
      roles: [this.role],
      statements: [
        new PolicyStatement({
          actions: ['lambda:CheckpointDurableExecution', 'lambda:GetDurableExecutionState'],
          resources: [`${this.function.functionArn}:*`],
        }),
      ],
    });
  }
}

/** Lambda's own retries are off; an invocation that failed, or waited for a minute, is a dead letter (P04, P05). */
function onlyTheNextTickRetries(deadLetters: DeadLetters): EventInvokeConfigOptions {
  return { retryAttempts: 0, maxEventAge: Duration.seconds(60), onFailure: new SqsDestination(deadLetters.queue) };
}

/** Versions stay after a deploy: a running export goes on with the code that it began with. */
function durability(durable: NonNullable<FunctionShape['durable']>, asynchronous: EventInvokeConfigOptions) {
  return {
    durableConfig: {
      executionTimeout: Duration.days(durable.executionTimeoutDays),
      retentionPeriod: Duration.days(durable.retentionDays),
    },
    currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN, ...asynchronous },
  };
}
