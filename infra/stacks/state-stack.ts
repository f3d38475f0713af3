import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { AccessLogs } from '../constructs/access-logs.ts';
import { Archive } from '../constructs/archive.ts';
import { AuditorRole } from '../constructs/auditor-role.ts';
import { ConnectionsTable } from '../constructs/connections-table.ts';
import { Credentials } from '../constructs/credentials.ts';
import { DeadLetters } from '../constructs/dead-letters.ts';
import { PublicApi } from '../constructs/public-api.ts';
import { Rescue } from '../constructs/rescue.ts';
import { SealingKey } from '../constructs/sealing-key.ts';
import { SigningKey } from '../constructs/signing-key.ts';
import { StateTable } from '../constructs/state-table.ts';
import { StorageKey } from '../constructs/storage-key.ts';
import { Topics } from '../constructs/topics.ts';
import type { Stage } from '../stages.ts';

export interface StateStackProps extends StackProps {
  readonly stage: Stage;
}

/**
 * What must outlive every deploy: tables, archive, keys, topics, and the public address that providers know.
 *
 * Protected against deletion and retained when it is deleted all the same. Logical ids here are recorded in
 * `test/infra/stateful-resources.json`: none of them may change.
 */
export class StateStack extends Stack {
  readonly storageKey: StorageKey;
  readonly sealingKey: SealingKey;
  readonly signingKey: SigningKey;
  readonly connections: ConnectionsTable;
  readonly state: StateTable;
  readonly archive: Archive;
  readonly rescue: Rescue;
  readonly topics: Topics;
  readonly credentials: Credentials;
  readonly deadLetters: DeadLetters;
  readonly publicApi: PublicApi;
  readonly auditor: AuditorRole;

  constructor(scope: Construct, id: string, props: StateStackProps) {
    super(scope, id, { terminationProtection: true, ...props });
    const { stage } = props;
    this.storageKey = new StorageKey(this, 'StorageKey');
    this.sealingKey = new SealingKey(this, 'SealingKey');
    this.signingKey = new SigningKey(this, 'SigningKey');
    const { key } = this.storageKey;
    const accessLogs = new AccessLogs(this, 'AccessLogs');

    this.connections = new ConnectionsTable(this, 'Connections', { key });
    this.state = new StateTable(this, 'State', { key });
    this.archive = new Archive(this, 'Archive', { key, accessLogs });
    this.rescue = new Rescue(this, 'Rescue', { key, accessLogs });
    this.topics = new Topics(this, 'Topics', { kinds: stage.topics, key });
    this.credentials = new Credentials(this, 'Credentials', { stage: stage.name });
    this.deadLetters = new DeadLetters(this, 'DeadLetters');
    this.publicApi = new PublicApi(this, 'PublicApi', { ...stage.publicRate, logRetention: stage.logRetention });
    this.auditor = new AuditorRole(this, 'Auditor', {
      archive: this.archive,
      signingKey: this.signingKey,
      accounts: stage.auditorAccounts,
    });
    this.tellTheCommand(stage);
  }

  /** What `steward` reads to find its way: the same words as the functions' variables. */
  private tellTheCommand(stage: Stage): void {
    const outputs: Record<string, string> = {
      Stage: stage.name,
      ShardCount: String(stage.shards),
      ConnectionsTableName: this.connections.table.tableName,
      StateTableName: this.state.table.tableName,
      ArchiveBucketName: this.archive.bucket.bucketName,
      RescueBucketName: this.rescue.bucket.bucketName,
      SealingKeyArn: this.sealingKey.key.keyArn,
      SigningKeyArn: this.signingKey.key.keyArn,
      SecretPrefix: this.credentials.prefix,
      TopicArns: this.topics.arnsAsJson(),
      PublicBaseUrl: this.publicApi.baseUrl,
      AuditorRoleArn: this.auditor.role.roleArn,
      DeadLetterQueueUrl: this.deadLetters.queue.queueUrl,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
