import { existsSync, statSync, writeFileSync } from 'node:fs';
import { DescribeTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient, CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../infra/local/cloud.ts';
import { STATE_TABLE } from '../../infra/tables.ts';
import { temporaryDirectory } from '../support/local-host.ts';

const stops: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

function folder(): string {
  const made = temporaryDirectory();
  stops.push(() => made.remove());
  return made.path;
}

async function start(directory: string, engine?: 'dynoxide' | 'dynalite'): Promise<LocalCloud> {
  const cloud = await startLocalCloud({ directory, ...(engine === undefined ? {} : { engine }) });
  stops.push(() => cloud.stop());
  return cloud;
}

const clientOf = (cloud: LocalCloud) => ({
  endpoint: cloud.endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  maxAttempts: 1,
});

describe('the local cloud', () => {
  it.each(['dynoxide', 'dynalite'] as const)(
    'has everything again after a restart in its folder (%s)',
    async (engine) => {
      const directory = folder();
      const first = await start(directory, engine);
      const { stateTableName: TableName, sealingKeyArn: KeyId, archiveBucketName: Bucket } = first.resources;
      const Key = { pk: { S: 'job#a' }, sk: { S: 'job' } };
      await new DynamoDBClient(clientOf(first)).send(
        new PutItemCommand({ TableName, Item: { ...Key, n: { N: '1' } } }),
      );
      await new S3Client(clientOf(first)).send(new PutObjectCommand({ Bucket, Key: 'a/b', Body: 'kept' }));
      await new SecretsManagerClient(clientOf(first)).send(new CreateSecretCommand({ Name: 'x', SecretString: 'y' }));
      const sealed = await new KMSClient(clientOf(first)).send(
        new EncryptCommand({ KeyId, Plaintext: Buffer.from('z') }),
      );
      await first.stop();

      const second = await start(directory, engine);

      expect(second.resources).toEqual(first.resources);
      const item = await new DynamoDBClient(clientOf(second)).send(new GetItemCommand({ TableName, Key }));
      expect(item.Item?.['n']).toEqual({ N: '1' });
      const object = await new S3Client(clientOf(second)).send(new GetObjectCommand({ Bucket, Key: 'a/b' }));
      expect(await object.Body?.transformToString()).toBe('kept');
      const secret = await new SecretsManagerClient(clientOf(second)).send(
        new GetSecretValueCommand({ SecretId: 'x' }),
      );
      expect(secret.SecretString).toBe('y');
      const { CiphertextBlob } = sealed;
      const opened = await new KMSClient(clientOf(second)).send(new DecryptCommand({ CiphertextBlob }));
      expect(Buffer.from(opened.Plaintext ?? []).toString()).toBe('z');
    },
  );

  it('makes the tables of infra/tables.ts', async () => {
    const cloud = await start(folder());
    const { Table } = await new DynamoDBClient(clientOf(cloud)).send(new DescribeTableCommand({ TableName: 'state' }));

    expect(Table?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName).toSorted()).toEqual(
      STATE_TABLE.indexes.map(({ name }) => name).toSorted(),
    );
  });

  it('delivers what passes a filter to a subscriber, raw', async () => {
    const cloud = await start(folder());
    const QueueUrl = cloud.subscribeQueue('alerts', { severity: ['critical'] });
    const sns = new SNSClient(clientOf(cloud));
    for (const severity of ['minor', 'critical']) {
      await sns.send(
        new PublishCommand({
          TopicArn: cloud.resources.topicArns.alerts,
          Message: `{"severity":"${severity}"}`,
          MessageAttributes: { severity: { DataType: 'String', StringValue: severity } },
        }),
      );
    }

    const sqs = new SQSClient(clientOf(cloud));
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
    );

    expect(Messages?.map(({ Body }) => Body)).toEqual(['{"severity":"critical"}']);
  });

  it('keeps what waits in a queue over a restart', async () => {
    const directory = folder();
    const first = await start(directory);
    first.subscribeQueue('events');
    const TopicArn = first.resources.topicArns.events;
    await new SNSClient(clientOf(first)).send(new PublishCommand({ TopicArn, Message: 'waiting' }));
    await first.stop();

    const second = await start(directory);
    const QueueUrl = second.subscribeQueue('events');
    const sqs = new SQSClient(clientOf(second));
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));

    expect(Messages?.map(({ Body }) => Body)).toEqual(['waiting']);
  });

  it('answers 501 for a service that it does not have, or a request without a signature', async () => {
    const cloud = await start(folder());
    const signature =
      'AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=b';

    for (const headers of [{ authorization: signature }, {}]) {
      expect((await fetch(cloud.endpoint, { method: 'POST', headers })).status).toBe(501);
    }
  });

  it('is for one instance at a time, and takes a folder over from a process that died', async () => {
    const directory = folder();
    const cloud = await start(directory);

    await expect(startLocalCloud({ directory })).rejects.toThrow(/is in use by process \d+/);
    await cloud.stop();
    expect(existsSync(`${directory}/lock`)).toBe(false);
    writeFileSync(`${directory}/lock`, '999999999');
    await start(directory);
  });

  it('keeps its folder to this user', async () => {
    const directory = `${folder()}/steward`;
    await start(directory);

    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });
});
