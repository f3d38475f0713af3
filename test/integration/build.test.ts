import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { afterAll, describe, expect, it } from 'vitest';
import { buildBundle } from '../../infra/build.ts';
import { listen } from '../../infra/local/aws/listen.ts';
import { buildHandlers, hosted, startTestHost, temporaryDirectory } from '../support/local-host.ts';

const folder = temporaryDirectory();
afterAll(() => folder.remove());

describe('a bundle', () => {
  it('works with what was cut from it: every client, its errors by class, and requests', async () => {
    const { clients } = await buildHandlers(`${folder.path}/bundles`, ['clients']);
    const provider = createServer((message, response) => {
      message
        .resume()
        .on('end', () => response.writeHead(201).end(`${message.method} ${String(message.headers['x-a'])}`));
    });
    const listening = await listen(provider, 0);
    const test = await startTestHost(`${folder.path}/state`, [hosted('clients', clients)]);
    const order = { table: 'state', bucket: 'rescue', url: `${listening.url}/token?a=1` };

    const { payload } = await test.host.invoke('clients', JSON.stringify(order));

    expect(JSON.parse(payload)).toEqual({
      bytes: 'bytes',
      condition: true,
      object: true,
      key: true,
      secret: true,
      status: 201,
      body: 'POST 1',
    });
    await test.stop();
    await listening.close();
  });

  it('has no other source of credentials than the environment', () => {
    const directory = `${folder.path}/bundles/clients`;
    const code = readdirSync(directory)
      .filter((name) => name.endsWith('.mjs'))
      .map((name) => readFileSync(`${directory}/${name}`, 'utf8'))
      .join('\n');

    expect(code).toContain('AWS_SECRET_ACCESS_KEY');
    expect(code).not.toMatch(/sso_start_url|AWS_WEB_IDENTITY_TOKEN_FILE|169\.254\.170\.2|credential_process/);
  });

  it('is taken over while its sources are the same, and built again when one has changed', async () => {
    const sources = `${folder.path}/sources`;
    mkdirSync(sources);
    const entry = `${sources}/index.ts`;
    const bundle = { name: 'changing', entry, directory: `${folder.path}/changing` };
    writeFileSync(`${sources}/part.ts`, 'export const part: number = 1;');
    writeFileSync(entry, `import { part } from './part.ts'; export const handler = async () => part;`);

    const builds = [await buildBundle(bundle), await buildBundle(bundle)];
    writeFileSync(`${sources}/part.ts`, 'export const part: number = 2;');
    builds.push(await buildBundle(bundle));

    expect(builds.map(({ reused }) => reused)).toEqual([false, true, false]);
    expect(readFileSync(`${bundle.directory}/index.mjs`, 'utf8')).toContain('async()=>2');
  });
});
