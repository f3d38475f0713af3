import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const FUNCTIONS = new URL('../../../../functions/', import.meta.url).pathname;

/** Every source file of what is deployed. */
function sources(): readonly (readonly [string, string])[] {
  return readdirSync(FUNCTIONS, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => [name, readFileSync(join(FUNCTIONS, name), 'utf8')]);
}

describe('what exports leave behind', () => {
  it('E09 E10 I23 is never a multipart upload: there is none', () => {
    const found = sources().filter(([, text]) => /MultipartUpload|UploadPart|lib-storage/.test(text));
    expect(found.map(([name]) => name)).toEqual([]);
  });

  it('E22 is never on a disk that could be full: no function writes a file', () => {
    const found = sources().filter(([, text]) => /from 'node:fs|\/tmp\//.test(text));
    expect(found.map(([name]) => name)).toEqual([]);
  });
});
