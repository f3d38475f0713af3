import type { SecretReference } from '../connections/connection.ts';
import { CredentialsMissingError } from '../errors.ts';
import type { ClientCredentials } from '../provider.ts';

/**
 * Takes one client out of a secret's text: `{"clientId", "clientSecret"}`, or under a name where many share a secret.
 *
 * Only own properties count, so that `__proto__` and its kin are plain names that are not there (S90).
 *
 * @throws CredentialsMissingError naming the secret and the field, never a value.
 */
export function readSecretText(text: string, secret: SecretReference): ClientCredentials {
  const where = secret.key === undefined ? secret.name : `${secret.name}#${secret.key}`;
  const document = parse(text, secret.name);
  const client = secret.key === undefined ? document : own(document, secret.key);
  if (typeof client !== 'object' || client === null || Array.isArray(client)) {
    throw new CredentialsMissingError(
      `The secret ${secret.name} has no client ${secret.key ?? ''}: steward credentials set ${where}`,
    );
  }
  return { clientId: field(client, 'clientId', where), clientSecret: field(client, 'clientSecret', where) };
}

function parse(text: string, name: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch {
    // The parser's message quotes the text, which is the secret: it is not passed on.
    throw new CredentialsMissingError(`The secret ${name} is not JSON`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new CredentialsMissingError(`The secret ${name} is not a JSON object`);
}

function field(client: object, name: 'clientId' | 'clientSecret', where: string): string {
  const value = own(client, name);
  if (typeof value === 'string' && value.trim() !== '') return value.trim();
  throw new CredentialsMissingError(`The secret ${where} has no ${name}: steward credentials set ${where}`);
}

function own(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}
