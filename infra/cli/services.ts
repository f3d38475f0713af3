import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createConnectionStore } from '../../functions/adapters/dynamodb/connection-store.ts';
import { createHookStore } from '../../functions/adapters/dynamodb/hook-store.ts';
import { createJobStore } from '../../functions/adapters/dynamodb/job-store.ts';
import type { Table } from '../../functions/adapters/dynamodb/table.ts';
import { createNudge, type Nudge } from '../../functions/adapters/lambda/nudge.ts';
import { createCredentialsSource } from '../../functions/adapters/secrets-manager/credentials.ts';
import type { ConnectionStore } from '../../functions/core/connections/store.ts';
import type { Log } from '../../functions/core/log.ts';
import type { Provider } from '../../functions/core/provider.ts';
import type { JobStore } from '../../functions/core/schedules/job-store.ts';
import type { Clock } from '../../functions/core/time.ts';
import type { CredentialsSource } from '../../functions/core/tokens/credentials.ts';
import type { HookStore } from '../../functions/core/work/hook.ts';
import { PROVIDERS } from '../../functions/providers/registry.ts';
import type { Target } from './target.ts';

/** What the commands work with, on a laptop: the stores of the functions, under the shell's own permissions. */
export interface Services {
  readonly target: Target;
  readonly connectionsTable: Table;
  readonly stateTable: Table;
  readonly connections: ConnectionStore;
  readonly jobs: JobStore;
  readonly hooks: HookStore;
  readonly credentials: CredentialsSource;
  readonly nudge: Nudge;
  readonly secrets: SecretsManagerClient;
  readonly s3: S3Client;
  readonly kms: KMSClient;
  readonly lambda: LambdaClient;
  readonly providers: Readonly<Record<string, Provider>>;
  readonly clock: Clock;
}

/** The commands' own words go to people; what the stores would log is not theirs. */
const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

export function createServices(target: Target): Services {
  const options = target.clientOptions;
  const dynamodb = new DynamoDBClient(options);
  const secrets = new SecretsManagerClient(options);
  const lambda = new LambdaClient(options);
  const clock: Clock = { now: () => new Date() };
  const connectionsTable: Table = { client: dynamodb, tableName: target.connectionsTableName };
  const stateTable: Table = { client: dynamodb, tableName: target.stateTableName };
  return {
    target,
    connectionsTable,
    stateTable,
    connections: createConnectionStore({
      client: dynamodb,
      connectionsTable: target.connectionsTableName,
      stateTable: target.stateTableName,
      shardCount: target.shardCount,
    }),
    jobs: createJobStore(stateTable),
    hooks: createHookStore(stateTable),
    credentials: createCredentialsSource({ client: secrets, clock, prefix: target.secretPrefix }),
    nudge: createNudge({ client: lambda, functionName: target.publisherFunctionName, log: SILENT }),
    secrets,
    s3: new S3Client(options),
    kms: new KMSClient(options),
    lambda,
    providers: PROVIDERS,
    clock,
  };
}
