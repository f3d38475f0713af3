import { statSync } from 'node:fs';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AwsEndpoint, awsEndpoint, eventually, IS_FOREIGN, unique } from '../support/aws-endpoint.ts';

let aws: AwsEndpoint;
let client: SecretsManagerClient;

beforeAll(async () => {
  aws = await awsEndpoint();
  client = new SecretsManagerClient(aws.client);
});

afterAll(async () => {
  await aws.stop();
  client.destroy();
});

async function create(Name: string, SecretString: string) {
  const created = await client.send(new CreateSecretCommand({ Name, SecretString }));
  aws.afterwards(() => client.send(new DeleteSecretCommand({ SecretId: Name, ForceDeleteWithoutRecovery: true })));
  return created;
}

const read = (SecretId: string, more: { VersionStage?: string; VersionId?: string } = {}) =>
  client.send(new GetSecretValueCommand({ SecretId, ...more }));
const put = (
  SecretId: string,
  SecretString: string,
  more: { VersionStages?: string[]; ClientRequestToken?: string } = {},
) => client.send(new PutSecretValueCommand({ SecretId, SecretString, ...more }));

describe('Secrets Manager', () => {
  it('gives a secret by name and by ARN', async () => {
    const name = unique('steward/dev/firm');
    const { ARN = '' } = await create(name, '{"clientId":"one"}');

    expect(await read(name)).toMatchObject({ Name: name, SecretString: '{"clientId":"one"}', ARN });
    expect((await read(ARN)).SecretString).toBe('{"clientId":"one"}');
  });

  it('keeps the previous value during a rotation', async () => {
    const name = unique('steward/dev/rotated');
    await create(name, 'one');
    await put(name, 'two');
    await put(name, 'three');

    expect((await read(name)).SecretString).toBe('three');
    expect((await read(name, { VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('two');
  });

  it('keeps a pending value beside the current one', async () => {
    const name = unique('steward/dev/pending');
    await create(name, 'one');
    const pending = await put(name, 'two', { VersionStages: ['AWSPENDING'] });

    expect((await read(name)).SecretString).toBe('one');
    expect((await read(name, { VersionId: pending.VersionId ?? '' })).SecretString).toBe('two');
    const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId: name }));
    expect(
      Object.values(VersionIdsToStages ?? {})
        .flat()
        .toSorted(),
    ).toEqual(['AWSCURRENT', 'AWSPENDING']);
  });

  it('takes the same put twice and refuses its token for another value', async () => {
    const name = unique('steward/dev/idempotent');
    await create(name, 'one');
    const ClientRequestToken = '0f0e0d0c-0b0a-0908-0706-050403020100';
    const first = await put(name, 'two', { ClientRequestToken });

    expect((await put(name, 'two', { ClientRequestToken })).VersionId).toBe(first.VersionId);
    await expect(put(name, 'three', { ClientRequestToken })).rejects.toMatchObject({ name: 'ResourceExistsException' });
  });

  it('says what it does not have, by the names of the errors', async () => {
    const name = unique('steward/dev/named');
    await expect(read(name)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await create(name, 'one');

    await expect(create(name, 'two')).rejects.toMatchObject({ name: 'ResourceExistsException' });
    await expect(read(name, { VersionStage: 'AWSPREVIOUS' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await client.send(new DeleteSecretCommand({ SecretId: name }));
    await expect(read(name)).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });

  it('lists by the beginning of a name', async () => {
    const prefix = unique('steward/list');
    for (const name of ['a', 'b']) await create(`${prefix}/${name}`, name);

    const Filters = [{ Key: 'name' as const, Values: [`${prefix}/`] }];
    await eventually(async () => {
      const { SecretList } = await client.send(new ListSecretsCommand({ Filters }));
      expect(SecretList?.map(({ Name }) => Name).toSorted()).toEqual([`${prefix}/a`, `${prefix}/b`]);
    });
  });
});

describe.skipIf(IS_FOREIGN)('Secrets Manager on this machine', () => {
  it('keeps secrets where only this user reads them', async () => {
    await create(unique('mode'), 'x');

    expect(statSync(`${aws.directory}/secrets.json`).mode & 0o777).toBe(0o600);
  });
});
