import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCredentialsSource } from '../../functions/adapters/secrets-manager/credentials.ts';
import { CredentialsMissingError, StoreUnavailableError } from '../../functions/core/errors.ts';
import { MINUTE_MS } from '../../functions/core/time.ts';
import { type AwsEndpoint, awsEndpoint, unique } from '../support/aws-endpoint.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const PREFIX = 'steward/contract/';
const textOf = (clientSecret: string) => JSON.stringify({ clientId: 'client', clientSecret });

describe('client credentials in Secrets Manager', () => {
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

  async function aSecret(text: string) {
    const name = unique('firm');
    const SecretId = `${PREFIX}${name}`;
    await client.send(new CreateSecretCommand({ Name: SecretId, SecretString: text }));
    aws.afterwards(() => client.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true })));
    const put = (SecretString: string) => client.send(new PutSecretValueCommand({ SecretId, SecretString }));
    return { name, put };
  }

  function aSource() {
    const clock = createVirtualClock();
    let isSilent = false;
    const sometimes = new Proxy(client, {
      get: (target, member) =>
        member === 'send' && isSilent
          ? () => Promise.reject(Object.assign(new Error('silence'), { name: 'TimeoutError' }))
          : (Reflect.get(target, member) as unknown),
    });
    const source = createCredentialsSource({ client: sometimes, clock, prefix: PREFIX });
    return { clock, source, fallSilent: (silent = true) => void (isSilent = silent) };
  }

  it('gives the one client of a secret, or the named one of many', async () => {
    const { source } = aSource();
    const one = await aSecret(textOf('s1'));
    expect(await source.get({ name: one.name })).toEqual({ clientId: 'client', clientSecret: 's1' });
    const many = await aSecret(JSON.stringify({ acme: { clientId: 'a', clientSecret: 'b' } }));
    expect(await source.get({ name: many.name, key: 'acme' })).toEqual({ clientId: 'a', clientSecret: 'b' });
    await expect(source.get({ name: many.name, key: 'other' })).rejects.toThrow(CredentialsMissingError);
  });

  it('R24: reads again when it is asked for fresh ones, after three minutes, and during a rotation the ones before', async () => {
    const { clock, source } = aSource();
    const { name, put } = await aSecret(textOf('s1'));
    const secret = async (how?: { readonly fresh?: boolean; readonly previous?: boolean }) =>
      (await source.get({ name }, how)).clientSecret;
    expect(await secret()).toBe('s1');
    await put(textOf('s2'));
    expect(await secret()).toBe('s1');
    expect(await secret({ previous: true })).toBe('s1');
    expect(await secret({ fresh: true })).toBe('s2');
    await put(textOf('s3'));
    clock.advance(3 * MINUTE_MS - 1);
    expect(await secret()).toBe('s2');
    clock.advance(1);
    expect(await secret()).toBe('s3');
  });

  it('R25: lives for an hour on what it read when Secrets Manager falls silent, and no longer', async () => {
    const { clock, source, fallSilent } = aSource();
    const { name } = await aSecret(textOf('s1'));
    await source.get({ name });
    fallSilent();
    clock.advance(60 * MINUTE_MS - 1);
    expect((await source.get({ name })).clientSecret).toBe('s1');
    expect((await source.get({ name }, { fresh: true })).clientSecret).toBe('s1');
    await expect(source.get({ name }, { previous: true })).rejects.toThrow(StoreUnavailableError);
    clock.advance(3 * MINUTE_MS);
    await expect(source.get({ name })).rejects.toThrow(StoreUnavailableError);
    fallSilent(false);
    expect((await source.get({ name })).clientSecret).toBe('s1');
  });

  it('names what is not there, and the command that mends it, and shows nothing of what is', async () => {
    const { source } = aSource();
    const none = source.get({ name: 'none' });
    await expect(none).rejects.toThrow(CredentialsMissingError);
    await expect(none).rejects.toThrow('steward credentials set none');
    const first = await aSecret(textOf('s1'));
    await expect(source.get({ name: first.name }, { previous: true })).rejects.toThrow(CredentialsMissingError);
    const broken = await aSecret('canary-secret');
    const refused = await source.get({ name: broken.name }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CredentialsMissingError);
    expect(String(refused)).not.toContain('canary');
  });
});
