import { readFileSync, statSync } from 'node:fs';
import * as v from 'valibot';
import { ConfigInvalidError } from '../../functions/core/errors.ts';
import type { SecretsFile } from './service.ts';

const text = v.pipe(v.string(), v.trim(), v.minLength(1, 'must not be empty'));
const client = v.strictObject({ clientId: text, clientSecret: text });
const schema = v.record(v.string(), v.union([client, v.record(v.string(), client)]));

/**
 * Client credentials for `--secrets`: by the name of the secret, one client or several by key.
 *
 * @throws ConfigInvalidError when it is not there, others may read it, or it is not of that shape. Never quotes it.
 */
export function readSecretsFile(path: string): SecretsFile {
  let content: string;
  try {
    const { mode } = statSync(path);
    // Windows has no such bits; its own access list decides there.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new ConfigInvalidError(`${path} can be read by others than its owner: chmod 600 ${path}`);
    }
    content = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof ConfigInvalidError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigInvalidError(
      `${path} cannot be read (${code ?? 'unknown'}): --secrets names a file with client credentials`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(content) as unknown;
  } catch {
    throw new ConfigInvalidError(`${path} is not JSON: infra/cli/examples/secrets.json shows its shape`);
  }
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const where = v.getDotPath(result.issues[0]) ?? 'the file';
  throw new ConfigInvalidError(
    `${path}: ${where} must be {"clientId", "clientSecret"}, or such by key: infra/cli/examples/secrets.json shows it`,
  );
}
