import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { createJobStore } from '../adapters/dynamodb/job-store.ts';
import { createWindowStore } from '../adapters/dynamodb/window-store.ts';
import { createNudge } from '../adapters/lambda/nudge.ts';
import { createStartExport } from '../adapters/lambda/start-export.ts';
import { createEntry } from '../adapters/powertools/entry.ts';
import { createLog } from '../adapters/powertools/log.ts';
import { createMetrics } from '../adapters/powertools/metrics.ts';
import { sourceOf } from '../core/reports/plan.ts';
import { createSweepReports } from '../core/schedules/sweep-reports.ts';
import { PROVIDERS } from '../providers/registry.ts';
import { readConfig } from './config.ts';
import { createHandler } from './handler.ts';

const config = readConfig(process.env);
const log = createLog('report-poller');
const clock = { now: () => new Date() };
const table = { client: new DynamoDBClient(), tableName: config.STATE_TABLE_NAME };
const lambda = new LambdaClient();

export const handler = createEntry(
  log,
  createHandler({
    log,
    clock,
    sweep: createSweepReports({
      stage: config.STAGE,
      jobs: createJobStore(table),
      windows: createWindowStore(table),
      describe: (job) => sourceOf(job, PROVIDERS).describe(job.options),
      start: createStartExport({ client: lambda, functionArn: config.EXPORT_FUNCTION_ARN }),
      nudge: createNudge({ client: lambda, functionName: config.PUBLISHER_FUNCTION_NAME, log }),
      clock,
      log,
      metrics: createMetrics('report-poller'),
    }),
  }),
);
