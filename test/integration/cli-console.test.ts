import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { steward } from '../support/command.ts';
import { eventually, type RunningService, startRunning } from '../support/running-service.ts';

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function bodyOf(url: string): Promise<string | undefined> {
  try {
    return await (await request(url)).body.text();
  } catch {
    return undefined;
  }
}

describe('steward console', () => {
  let running: RunningService;
  beforeAll(async () => {
    running = await startRunning();
  }, 90_000);
  afterAll(async () => {
    await running?.stop();
  });

  it('serves the page on this machine alone, until Ctrl-C', async () => {
    const port = await freePort();
    const served = steward(['--directory', running.directory, 'console', '--port', String(port)], {
      interruptAfterMs: 20_000,
    });
    const page = await eventually('the page', () => bodyOf(`http://127.0.0.1:${port}/`));
    expect(page).toContain('<h1>Steward</h1>');
    expect(page).toContain('harbour-law');
    const { code, stdout } = await served;
    expect(stdout).toBe(`Console of local: http://127.0.0.1:${port}/  (Ctrl-C ends it)\n`);
    expect(code).toBe(0);
    expect(await bodyOf(`http://127.0.0.1:${port}/`)).toBeUndefined();
  });

  it('says that its port is in use', async () => {
    const { port } = new URL(running.service.url);
    const { code, stderr } = await steward(['--directory', running.directory, 'console', '--port', port]);
    expect(stderr).toBe(`Port ${port} is in use. Choose another with --port.\n`);
    expect(code).toBe(2);
  });
});
