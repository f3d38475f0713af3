import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import {
  EgressRefusedError,
  ProviderResponseInvalidError,
  ProviderUnavailableError,
} from '../../../functions/core/errors.ts';
import { bodyText } from '../../../functions/core/http.ts';
import { createSend } from '../../../functions/http/send.ts';

const servers: Server[] = [];

async function serve(listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const send = createSend({ allowLoopback: true });
const anywhere = () => true;

describe('createSend', () => {
  it('returns a 407 like any other status, with its body (fetch would lose it)', async () => {
    const url = await serve((_request, response) => response.writeHead(407).end('{"error":"invalid_token"}'));

    const response = await send({ method: 'GET', url }, anywhere);

    expect(response.status).toBe(407);
    expect(bodyText(response)).toBe('{"error":"invalid_token"}');
  });

  it.each([301, 302, 307, 308])('S30 S78 does not follow a %i, so no header travels on', async (status) => {
    const reached: string[] = [];
    const url = await serve((request, response) => {
      reached.push(request.url ?? '');
      response.writeHead(status, { location: '/elsewhere' }).end();
    });

    const response = await send({ method: 'GET', url, headers: { authorization: 'Bearer x' } }, anywhere);

    expect(response.status).toBe(status);
    expect(reached).toEqual(['/']);
  });

  it('S32 cuts an endless body at the limit', async () => {
    const url = await serve((_request, response) => {
      const pump = () => {
        while (response.write(Buffer.alloc(16_384))) if (response.destroyed) return;
        response.once('drain', pump);
      };
      pump();
    });

    await expect(send({ method: 'GET', url, maxBytes: 65_536 }, anywhere)).rejects.toThrow(
      ProviderResponseInvalidError,
    );
  });

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ] as const)('S32 S79 cuts a %s bomb at the limit of what it unpacks to', async (encoding, compress) => {
    const bomb = compress(Buffer.alloc(20 * 1024 * 1024));
    const url = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(bomb),
    );

    await expect(send({ method: 'GET', url, maxBytes: 65_536 }, anywhere)).rejects.toThrow(/more than 65536 bytes/);
  });

  it('S32 S79 cuts an endless compressed body at the limit, too', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      const pump = () => {
        while (response.write(Buffer.alloc(16_384))) if (response.destroyed) return;
        response.once('drain', pump);
      };
      pump();
    });

    await expect(send({ method: 'GET', url, maxBytes: 65_536 }, anywhere)).rejects.toThrow(/more than 65536 bytes/);
  });

  it.each([
    ['gzip', gzipSync('{"a":1}'), '{"a":1}'],
    ['X-GZIP', gzipSync('{"a":1}'), '{"a":1}'],
    ['deflate', deflateSync('{"a":1}'), '{"a":1}'],
    ['br', brotliCompressSync('{"a":1}'), '{"a":1}'],
    ['identity', Buffer.from('{"a":1}'), '{"a":1}'],
    ['gzip', Buffer.alloc(0), ''],
  ])('decodes what a provider compresses without being asked (%s)', async (encoding, body, text) => {
    const url = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(body),
    );

    expect(bodyText(await send({ method: 'GET', url }, anywhere))).toBe(text);
  });

  it('takes a body of exactly the limit, and refuses an encoding that it does not know', async () => {
    const url = await serve((request, response) =>
      response
        .writeHead(200, request.url === '/zstd' ? { 'content-encoding': 'zstd' } : {})
        .end(Buffer.alloc(1000, 65)),
    );

    const whole = await send({ method: 'GET', url, maxBytes: 1000 }, anywhere);
    expect(whole.body).toHaveLength(1000);
    await expect(send({ method: 'GET', url, maxBytes: 999 }, anywhere)).rejects.toThrow(ProviderResponseInvalidError);
    const strange = send({ method: 'GET', url: new URL('/zstd', url) }, anywhere);
    await expect(strange).rejects.toThrow(ProviderResponseInvalidError);
  });

  it('joins headers that come twice, and passes over an interim answer', async () => {
    const url = await serve((_request, response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      response
        .writeHead(200, [
          ['X-Limit', '1'],
          ['X-Limit', '2'],
        ])
        .end('{}');
    });

    const response = await send({ method: 'GET', url }, anywhere);
    expect(response).toMatchObject({ status: 200, headers: { 'x-limit': '1, 2' } });
    expect(response.headers).not.toHaveProperty('link');
  });

  it('says a broken encoding is an invalid response', async () => {
    const url = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip'),
    );

    await expect(send({ method: 'GET', url }, anywhere)).rejects.toThrow(ProviderResponseInvalidError);
  });

  it('R10 knows that nothing was sent when nobody listens', async () => {
    const url = await serve(() => undefined);
    const server = servers.pop();
    await new Promise((resolve) => server?.close(resolve));

    await expect(send({ method: 'POST', url, body: 'x' }, anywhere)).rejects.toMatchObject({
      name: 'ProviderUnavailableError',
      sent: false,
    });
  });

  it('R09 P07 says that bytes may have arrived when the peer resets, and sends once', async () => {
    let requests = 0;
    const url = await serve((request) => {
      requests += 1;
      request.socket.destroy();
    });

    await expect(send({ method: 'POST', url, body: 'x' }, anywhere)).rejects.toMatchObject({ sent: true });
    expect(requests).toBe(1);
  });

  it('S28 ends a hanging exchange at its time-out', async () => {
    const url = await serve(() => undefined);

    const failure = send({ method: 'POST', url, body: 'x', timeoutMs: 50 }, anywhere);

    await expect(failure).rejects.toThrow(ProviderUnavailableError);
    await expect(failure).rejects.toMatchObject({ sent: true });
  });

  it('S28 ends an exchange that stops in the middle of its body at its time-out', async () => {
    const url = await serve((_request, response) => void response.writeHead(200).write('{"half":'));

    const failure = send({ method: 'GET', url, timeoutMs: 100 }, anywhere);

    await expect(failure).rejects.toThrow(/did not answer/);
    await expect(failure).rejects.toMatchObject({ sent: true });
  });

  it('R11 does not take a truncated reply for a whole one', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"half":');
      setImmediate(() => response.socket?.destroy());
    });

    await expect(send({ method: 'GET', url }, anywhere)).rejects.toMatchObject({ sent: true });
  });

  it.each([
    ['S73', 'http://169.254.169.254/latest/meta-data'],
    ['S73', 'https://169.254.169.254/'],
    ['S73', 'https://10.0.0.1/'],
    ['S73', 'https://8.8.8.8/'],
    ['S73', 'https://[fd00::1]/'],
    ['S73', 'http://example.com/'],
    ['S73', 'https://user:pass@example.com/'],
    ['S73', 'ftp://example.com/'],
  ])('%s refuses %s even where a policy would take it', async (_id, address) => {
    await expect(send({ method: 'GET', url: new URL(address) }, anywhere)).rejects.toThrow(EgressRefusedError);
  });

  it.each([
    'http://127.0.0.1:9001/',
    'https://127.0.0.1/',
    'http://[::1]/',
    'http://2130706433/',
    'http://localhost:9001/',
  ])('S73 refuses %s where loopback is not allowed', async (address) => {
    const strict = createSend({ allowLoopback: false });
    await expect(strict({ method: 'GET', url: new URL(address) }, anywhere)).rejects.toThrow(EgressRefusedError);
  });

  it('S77 refuses an allowed name that resolves inside, and says that nothing was sent', async () => {
    await expect(send({ method: 'GET', url: new URL('https://localhost/') }, anywhere)).rejects.toMatchObject({
      sent: false,
    });
  });

  it('P08: a name that does not resolve is passing trouble, and nothing was sent', async () => {
    const failure = send({ method: 'POST', url: new URL('https://steward-nowhere.invalid/'), body: 'x' }, anywhere);
    await expect(failure).rejects.toThrow(ProviderUnavailableError);
    await expect(failure).rejects.toMatchObject({ sent: false });
  });

  it.each([
    // Plain HTTP, where TLS was to be; and a fatal alert, `handshake_failure`, to the first record.
    ['another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['no agreement', '\x15\x03\x03\x00\x02\x02\x28'],
  ])('P09: a handshake that fails (%s) is passing trouble, and nothing was sent', async (_title, answer) => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(Buffer.from(answer, 'latin1')));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const failure = send({ method: 'POST', url: new URL(`https://127.0.0.1:${port}/`), body: 'x' }, anywhere);
    await expect(failure).rejects.toThrow(ProviderUnavailableError);
    await expect(failure).rejects.toMatchObject({ sent: false });
    server.close();
  });

  it('asks the policy, and names no path or query in its refusal', async () => {
    const failure = send({ method: 'GET', url: new URL('https://example.com/p?code=canary') }, () => false);

    await expect(failure).rejects.toThrow(EgressRefusedError);
    await expect(failure).rejects.not.toThrow(/canary/);
  });
});
