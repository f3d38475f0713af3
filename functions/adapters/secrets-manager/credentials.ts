import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CredentialsMissingError, StoreUnavailableError } from '../../core/errors.ts';
import type { Clock } from '../../core/time.ts';
import { MINUTE_MS } from '../../core/time.ts';
import type { CredentialsSource } from '../../core/tokens/credentials.ts';
import { readSecretText } from '../../core/tokens/secret-text.ts';
import { STORE_PATIENCE } from '../../core/tokens/timing.ts';

/** A secret is read again after this; a rotation is noticed earlier, by `invalid_client`. */
const CACHE_MS = 3 * MINUTE_MS;
/** When Secrets Manager does not answer, what was read within this time still serves (R25). */
const STALE_MS = 60 * MINUTE_MS;

export interface CredentialsSourceOptions {
  readonly client?: SecretsManagerClient;
  readonly clock: Clock;
  /** `steward/<stage>/`: a connection names its secret without it. */
  readonly prefix: string;
}

interface CachedSecret {
  readonly text: Promise<string>;
  readonly since: number;
}

/** Client credentials from Secrets Manager. One read serves every connection that shares the secret. */
export function createCredentialsSource(options: CredentialsSourceOptions): CredentialsSource {
  const { client = new SecretsManagerClient(STORE_PATIENCE), clock, prefix } = options;
  const current = new Map<string, CachedSecret>();
  const answered = new Map<string, { readonly text: string; readonly at: number }>();

  const read = async (name: string, stage: 'AWSCURRENT' | 'AWSPREVIOUS'): Promise<string> => {
    const id = `${prefix}${name}`;
    try {
      const answer = await client.send(new GetSecretValueCommand({ SecretId: id, VersionStage: stage }));
      if (typeof answer.SecretString === 'string') return answer.SecretString;
    } catch (cause) {
      throw secretError(cause, name, stage);
    }
    throw new CredentialsMissingError(`The secret ${name} is binary, not text: steward credentials set ${name}`);
  };

  const readCurrent = async (name: string): Promise<string> => {
    const now = clock.now().getTime();
    try {
      const text = await read(name, 'AWSCURRENT');
      answered.set(name, { text, at: now });
      return text;
    } catch (error) {
      const last = answered.get(name);
      if (error instanceof StoreUnavailableError && last !== undefined && now - last.at < STALE_MS) return last.text;
      throw error;
    }
  };

  return {
    async get(secret, { fresh = false, previous = false } = {}) {
      if (previous) return readSecretText(await read(secret.name, 'AWSPREVIOUS'), secret);
      const now = clock.now().getTime();
      const cached = current.get(secret.name);
      if (!fresh && cached !== undefined && Math.abs(now - cached.since) < CACHE_MS) {
        return readSecretText(await cached.text, secret);
      }
      const entry = { text: readCurrent(secret.name), since: now };
      current.set(secret.name, entry);
      entry.text.catch(() => {
        if (current.get(secret.name) === entry) current.delete(secret.name);
      });
      return readSecretText(await entry.text, secret);
    },
  };
}

function secretError(cause: unknown, name: string, stage: string): unknown {
  const kind = cause instanceof Error ? cause.name : 'unknown';
  if (kind === 'ResourceNotFoundException') {
    const version = stage === 'AWSCURRENT' ? '' : ' in a previous version';
    return new CredentialsMissingError(`There is no secret ${name}${version}: steward credentials set ${name}`, {
      cause,
    });
  }
  return new StoreUnavailableError(`Secrets Manager, secret ${name}: ${kind}`, { cause });
}
