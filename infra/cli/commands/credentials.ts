import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { ConfigInvalidError, UsageError } from '../../../functions/core/errors.ts';
import { EXIT } from '../exit.ts';
import type { CommandContext } from './context.ts';

export interface CredentialsOptions {
  readonly clientId?: string;
  /** Reads the client secret from standard input instead of asking: for a pipe out of a password manager. */
  readonly stdin?: boolean;
}

/** `steward credentials set <name|name#key>`: into Secrets Manager, and nowhere else. */
export async function credentialsSetCommand(
  { terminal, services }: CommandContext,
  reference: string,
  options: CredentialsOptions,
): Promise<number> {
  const [name = '', key, ...rest] = reference.split('#');
  if (!/^[\w./-]+$/.test(name) || key === '' || rest.length > 0)
    throw new UsageError(`${reference} is not the name of a secret: say name, or name#key for one of many`);
  const clientId = options.clientId ?? (await terminal.secret('Client id (not shown): ', '--client-id'));
  const clientSecret =
    options.stdin === true
      ? await standardInput()
      : await terminal.secret('Client secret (not shown): ', '--stdin, and pipe it in');
  if (clientId.trim() === '' || clientSecret.trim() === '')
    throw new UsageError('An empty client id or secret was given; nothing was stored');
  const { secretPrefix } = services.target;
  await storeCredentials(services.secrets, `${secretPrefix}${name}`, key, {
    clientId: clientId.trim(),
    clientSecret: clientSecret.trim(),
  });
  terminal.note(
    `Stored in ${secretPrefix}${name}${key === undefined ? '' : `, key ${key}`}. Functions see it within minutes.`,
  );
  if (terminal.json)
    terminal.out(JSON.stringify({ secret: `${secretPrefix}${name}`, ...(key === undefined ? {} : { key }) }));
  return EXIT.done;
}

/** Writes one client's credentials; with a key, beside the other clients of the same secret. */
export async function storeCredentials(
  client: SecretsManagerClient,
  secretId: string,
  key: string | undefined,
  credentials: { readonly clientId: string; readonly clientSecret: string },
): Promise<void> {
  const current = await readSecret(client, secretId);
  const clients = parseClients(secretId, current);
  const isSingle = Object.hasOwn(clients, 'clientSecret') || Object.keys(clients).length === 0;
  if (key !== undefined && Object.hasOwn(clients, 'clientSecret'))
    throw new ConfigInvalidError(`${secretId} holds one client, not many: name another secret for keys`);
  if (key === undefined && !isSingle)
    throw new ConfigInvalidError(`${secretId} holds many clients: say which with name#key, none was replaced`);
  const value = key === undefined ? credentials : { ...clients, [key]: credentials };
  const SecretString = JSON.stringify(value);
  if (current === undefined) await client.send(new CreateSecretCommand({ Name: secretId, SecretString }));
  else if (current !== SecretString) await client.send(new PutSecretValueCommand({ SecretId: secretId, SecretString }));
}

async function readSecret(client: SecretsManagerClient, secretId: string): Promise<string | undefined> {
  try {
    return (await client.send(new GetSecretValueCommand({ SecretId: secretId }))).SecretString;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

function parseClients(secretId: string, text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {};
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // The parser's message quotes the text, which is the secret: it is not passed on.
  }
  throw new ConfigInvalidError(`${secretId} holds something that is no JSON object: remove it, or name another secret`);
}

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}
