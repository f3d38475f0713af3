import { execFile } from 'node:child_process';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('../../support/measure-send.ts', import.meta.url));
const MEGABYTE = 1024 * 1024;

function pour(response: ServerResponse): void {
  const block = Buffer.alloc(16_384);
  while (!response.destroyed) if (!response.write(block)) return void response.once('drain', () => pour(response));
}

describe('a body that is not to be taken', () => {
  // So much of nothing comes to less than 64 kB.
  const gzip = gzipSync(Buffer.alloc(48 * MEGABYTE));
  const deflated = deflateSync(Buffer.alloc(48 * MEGABYTE));
  const server = createServer((request, response) => {
    if (request.url === '/gzip') response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzip);
    else if (request.url === '/deflate') response.writeHead(200, { 'content-encoding': 'deflate' }).end(deflated);
    else if (request.url === '/endless') pour(response);
    else response.end(Buffer.alloc(65_536, 65));
  });
  let base = '';
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it.each(['/gzip', '/deflate', '/endless'])('S32: %s costs no more than 4 MB of memory', async (path) => {
    expect(Math.max(gzip.byteLength, deflated.byteLength)).toBeLessThan(65_536);
    // The least of three: what a busy machine leaves uncollected is not what a body costs.
    let least = Infinity;
    for (let tries = 0; tries < 3 && least > 4 * MEGABYTE; tries += 1) {
      const { stdout } = await run(process.execPath, ['--expose-gc', SCRIPT, base, path]);
      const { grown, failure } = JSON.parse(stdout) as { grown: number; failure: string };
      expect(failure).toMatch(/answered more than 65536 bytes/);
      least = Math.min(least, grown);
    }
    expect(least).toBeLessThanOrEqual(4 * MEGABYTE);
  });
});
