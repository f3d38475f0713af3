import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSecretsFile } from '../../../infra/local/secrets-file.ts';

const CLIENT = { clientId: 'id', clientSecret: 'zq-secret-zq' };

describe('readSecretsFile', () => {
  let folder: string;
  const written = (content: unknown, mode = 0o600) => {
    const file = join(folder, 'secrets.json');
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    chmodSync(file, mode);
    return file;
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'steward-secrets-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('reads one client, and many by key', () => {
    const file = written({ one: CLIENT, many: { acme: CLIENT } });
    expect(readSecretsFile(file)).toEqual({ one: CLIENT, many: { acme: CLIENT } });
  });

  it.skipIf(process.platform === 'win32').each([0o644, 0o640, 0o604])(
    'refuses a file that others may read (%o)',
    (mode) => {
      expect(() => readSecretsFile(written({ one: CLIENT }, mode))).toThrow(
        /can be read by others than its owner: chmod 600/,
      );
    },
  );

  it('says that there is none, and that a folder is none', () => {
    expect(() => readSecretsFile(join(folder, 'none.json'))).toThrow(/cannot be read \(ENOENT\)/);
  });

  it.each([
    ['no JSON', '{"a": zq-secret-zq', /is not JSON/],
    ['a missing secret', { one: { clientId: 'id' } }, /one must be \{"clientId", "clientSecret"\}/],
    ['an empty one', { one: { clientId: 'id', clientSecret: ' ' } }, /must be/],
    ['one member too many', { one: { ...CLIENT, more: 'zq-secret-zq' } }, /must be/],
  ])('refuses %s, without quoting it', (_what, content, sentence) => {
    const file = written(content);
    let message = '';
    try {
      readSecretsFile(file);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(sentence);
    expect(message).not.toContain('zq-secret-zq');
  });
});
