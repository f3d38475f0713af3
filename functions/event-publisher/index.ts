import { setTimeout } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SNSClient } from '@aws-sdk/client-sns';
import { createLatencyStore } from '../adapters/dynamodb/latency-store.ts';
import { createOutboxStore } from '../adapters/dynamodb/outbox-store.ts';
import { createNudge } from '../adapters/lambda/nudge.ts';
import { createEntry } from '../adapters/powertools/entry.ts';
import { createLog } from '../adapters/powertools/log.ts';
import { createMetrics } from '../adapters/powertools/metrics.ts';
import { createSnsPublisher } from '../adapters/sns/publisher.ts';
import { PUBLISH_PATIENCE } from '../core/publishing/publisher.ts';
import { STORE_PATIENCE } from '../core/tokens/timing.ts';
import { readConfig } from './config.ts';
import { createHandler } from './handler.ts';

const config = readConfig(process.env);
const log = createLog('event-publisher');
const table = { client: new DynamoDBClient(STORE_PATIENCE), tableName: config.STATE_TABLE_NAME };

export const handler = createEntry(
  log,
  createHandler({
    outbox: createOutboxStore(table),
    latencies: createLatencyStore(table),
    publisher: createSnsPublisher({
      client: new SNSClient(PUBLISH_PATIENCE),
      topicArns: JSON.parse(config.TOPIC_ARNS) as Readonly<Record<string, string>>,
    }),
    // Lambda's own variable: a publisher with more backlog than time calls the next one.
    nudge: createNudge({
      client: new LambdaClient(STORE_PATIENCE),
      functionName: process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? '',
      log,
    }),
    clock: { now: () => new Date() },
    pause: (ms) => setTimeout(ms),
    metrics: createMetrics('event-publisher'),
    log,
  }),
);
