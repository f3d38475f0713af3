import { RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/**
 * What an access log may hold (S72). A route key is `ANY /callback/{provider}`, never what came in its place; query,
 * path, headers and cookies may carry an authorization code, a ticket or a hook's secret and are not in the list.
 */
const ACCESS_LOG = {
  time: '$context.requestTimeEpoch',
  requestId: '$context.requestId',
  routeKey: '$context.routeKey',
  status: '$context.status',
  sourceIp: '$context.identity.sourceIp',
  responseLength: '$context.responseLength',
  latency: '$context.responseLatency',
  integrationStatus: '$context.integration.status',
  integrationError: '$context.integration.error',
} as const;

export interface PublicApiProps {
  readonly perSecond: number;
  readonly burst: number;
  readonly logRetention: RetentionDays;
}

/**
 * The public address. It is registered with providers by hand, so it outlives every deploy of the service; routes are
 * put on it from there (`PublicRoutes`).
 */
export class PublicApi extends Construct {
  readonly api: HttpApi;
  readonly stage: HttpStage;

  constructor(scope: Construct, id: string, props: PublicApiProps) {
    super(scope, id);
    this.api = new HttpApi(this, 'Api', {
      description: 'Steward: connect pages, OAuth callbacks and webhooks',
      createDefaultStage: false,
    });
    this.api.applyRemovalPolicy(RemovalPolicy.RETAIN);
    const logs = new LogGroup(this, 'AccessLog', {
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      autoDeploy: true,
      throttle: { rateLimit: props.perSecond, burstLimit: props.burst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(logs),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
    this.stage.applyRemovalPolicy(RemovalPolicy.RETAIN);
  }

  /** `https://…`, without a slash at its end. */
  get baseUrl(): string {
    return this.api.apiEndpoint;
  }

  /** Tells `fn` under which address it is reached: redirect URIs are built from it, never from a request (S57). */
  grantAddress(fn: Function): void {
    fn.addEnvironment('PUBLIC_BASE_URL', this.baseUrl);
  }
}
