import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { inspect } from 'node:util';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import {
  EgressRefusedError,
  ProviderResponseInvalidError,
  ProviderUnavailableError,
  ResponseTooLargeError,
} from '../../../functions/core/errors.ts';
import { bodyJson, bodyText } from '../../../functions/core/http.ts';
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
    ['deflate', deflateSync],
  ] as const)('S32 S79 cuts a %s bomb at the limit of what it unpacks to', async (encoding, compress) => {
    const bomb = compress(Buffer.alloc(20 * 1024 * 1024));
    const url = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(bomb),
    );

    await expect(send({ method: 'GET', url, maxBytes: 65_536 }, anywhere)).rejects.toMatchObject({
      name: 'ResponseTooLargeError',
      message: expect.stringContaining('more than 65536 bytes') as string,
    });
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

    await expect(send({ method: 'GET', url, maxBytes: 65_536 }, anywhere)).rejects.toBeInstanceOf(
      ResponseTooLargeError,
    );
  });

  it.each([
    ['gzip', gzipSync('{"a":1}'), '{"a":1}'],
    ['X-GZIP', gzipSync('{"a":1}'), '{"a":1}'],
    ['deflate', deflateSync('{"a":1}'), '{"a":1}'],
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

  it.each([
    ['two encodings', 'gzip, gzip', gzipSync(gzipSync('{}'))],
    ['brotli, which was not asked for', 'br', brotliCompressSync('{}')],
    ['one cut short', 'gzip', gzipSync('{"a":1}').subarray(0, 20)],
    ['one with its checksum wrong', 'gzip', gzipSync('{"a":1}').fill(0, 19)],
    ['a name of the prototype', 'constructor', Buffer.from('{}')],
  ])('refuses a body in %s as an invalid response', async (_what, encoding, body) => {
    const url = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(body),
    );

    await expect(send({ method: 'GET', url }, anywhere)).rejects.toThrow(ProviderResponseInvalidError);
  });

  it('S32 holds the limit over all members of a body that is compressed in several', async () => {
    const member = gzipSync(Buffer.alloc(40_000));
    const url = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(Buffer.concat([member, member])),
    );

    await expect(send({ method: 'GET', url, maxBytes: 65_536 }, anywhere)).rejects.toThrow(/more than 65536 bytes/);
    expect((await send({ method: 'GET', url, maxBytes: 80_000 }, anywhere)).body).toHaveLength(80_000);
  });

  it('says which encodings it reads, and who it is', async () => {
    const url = await serve(({ headers }, response) => response.end(JSON.stringify(headers)));
    const headers = bodyJson(await send({ method: 'GET', url }, anywhere));
    expect(headers).toMatchObject({ 'accept-encoding': 'gzip, deflate', 'user-agent': 'steward' });
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

  it('R10 ends at its time-out while it waits for a socket, and is not sent after that', async () => {
    const reached: string[] = [];
    const answers: (() => void)[] = [];
    const url = await serve((request, response) => {
      reached.push(request.url ?? '');
      answers.push(() => response.end('{}'));
    });
    const narrow = createSend({ allowLoopback: true, maxSockets: 1 });
    const first = narrow({ method: 'POST', url: new URL('/first', url), body: 'x' }, anywhere);
    const began = performance.now();
    const second = narrow({ method: 'POST', url: new URL('/second', url), body: 'x', timeoutMs: 50 }, anywhere);

    await expect(second).rejects.toMatchObject({ name: 'ProviderUnavailableError', sent: false });
    await expect(second).rejects.toThrow(/could not be reached within 50 ms/);
    expect(performance.now() - began).toBeLessThan(5000);
    expect(reached).toEqual(['/first']);
    answers.pop()?.();
    expect((await first).status).toBe(200);
    const third = narrow({ method: 'POST', url: new URL('/third', url), body: 'x' }, anywhere);
    while (answers.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    answers.pop()?.();
    expect((await third).status).toBe(200);
    expect(reached).toEqual(['/first', '/third']);
  });

  it('R10 says that nothing was sent when the time-out passes before there is a connection', async () => {
    const server = createTcpServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    // Takes the connection and stays silent, so that there is no end to the handshake.
    const url = new URL(`https://127.0.0.1:${port}/`);
    const failure = send({ method: 'POST', url, body: 'x', timeoutMs: 50 }, anywhere);
    await expect(failure).rejects.toMatchObject({ name: 'ProviderUnavailableError', sent: false });
    server.close();
  });

  it('throws on what undici does not take as a header: that is a fault of ours, and shows no value', async () => {
    const url = await serve((_request, response) => response.end());
    const failure = send({ method: 'GET', url, headers: { authorization: 'Bearer canary\r\nx: y' } }, anywhere);
    await expect(failure).rejects.toThrow(/^invalid authorization header$/);
    await expect(failure).rejects.not.toThrow(ProviderUnavailableError);
  });

  it.each([204, 205, 304])('takes a %i, which has no body', async (status) => {
    const url = await serve((_request, response) => response.writeHead(status).end());
    expect(await send({ method: 'GET', url }, anywhere)).toMatchObject({ status, body: Buffer.alloc(0) });
  });

  it.each([
    ['a header that is none', 'HTTP/1.1 200 OK\r\ncanary\r\n\r\n{"canary":1}'],
    ['no HTTP at all', 'canary\r\n\r\n'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\ncontent-length: ten\r\n\r\n{"canary":1}'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 12\r\ncontent-length: 13\r\n\r\n{"canary":1}!'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 12\r\ntransfer-encoding: chunked\r\n\r\nc\r\n{"canary":1}\r\n0\r\n\r\n',
    ],
    ['a broken chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n{"canary":1}\r\n0\r\n\r\n'],
    ['chunks that end early', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\n{"canary"'],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
    ['headers without end', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(100_000)}`],
  ])('R11 takes nothing from %s, and says that the request was sent', async (_what, answer) => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const failure = send(
      { method: 'POST', url: new URL(`http://127.0.0.1:${port}/`), body: 'x', timeoutMs: 2000 },
      anywhere,
    );
    await expect(failure).rejects.toMatchObject({ name: 'ProviderUnavailableError', sent: true });
    expect(inspect(await failure.catch((error: unknown) => error), { depth: 9, showHidden: true })).not.toContain(
      'canary',
    );
    server.close();
  });

  it('reads names in small letters whatever is sent, also those of the prototype', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () =>
        socket.end(
          'HTTP/1.1 200 OK\r\nX-RateLimit-REMAINING: 7\r\n__proto__: x\r\nConstructor: y\r\nContent-Length: 2\r\n\r\n{}',
        ),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { headers } = await send({ method: 'GET', url: new URL(`http://127.0.0.1:${port}/`) }, anywhere);
    expect(headers).toEqual({ 'x-ratelimit-remaining': '7', constructor: 'y', 'content-length': '2' });
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
    server.close();
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
