import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpFront, startHttpFront } from '../../infra/local/http-front.ts';
import { buildHandlers, hosted, startTestHost, temporaryDirectory, type TestHost } from '../support/local-host.ts';

const folder = temporaryDirectory();
let test: TestHost;
let front: HttpFront;

beforeAll(async () => {
  const built = await buildHandlers(`${folder.path}/bundles`, ['http']);
  test = await startTestHost(`${folder.path}/state`, [hosted('http', built.http)]);
  const routes = ['/callback/{provider}', '/hooks/{connection}/{secret}'];
  front = await startHttpFront({ functions: [{ name: 'http', routes }, { name: 'unrouted' }], host: test.host });
});

afterAll(async () => {
  await front.stop();
  await test.stop();
  folder.remove();
});

interface Sent {
  readonly method?: string;
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
}

/** Sends exactly what is given: the path as it is, headers as often as they are given. */
function send(path: string, { method = 'GET', headers = [], body }: Sent = {}) {
  return new Promise<{ status: number; headers: Record<string, string | string[] | undefined>; text: string }>(
    (resolve, reject) => {
      const all = ['host', `127.0.0.1:${front.port}`, ...headers];
      const outgoing = request({ host: '127.0.0.1', port: front.port, path, method, headers: all }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    },
  );
}

const eventOf = async (path: string, sent: Sent = {}) =>
  JSON.parse((await send(path, sent)).text) as APIGatewayProxyEventV2;

describe('the event of a request', () => {
  it('has the raw path and query as they came, parameters decoded, duplicates joined with commas', async () => {
    const event = await eventOf('/callback/action%20step?code=a%2Fb&state=1&state=2&empty=');

    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'ANY /callback/{provider}',
      rawPath: '/callback/action%20step',
      rawQueryString: 'code=a%2Fb&state=1&state=2&empty=',
      queryStringParameters: { code: 'a/b', state: '1,2', empty: '' },
      pathParameters: { provider: 'action step' },
      isBase64Encoded: false,
      requestContext: {
        routeKey: 'ANY /callback/{provider}',
        stage: '$default',
        http: { method: 'GET', path: '/callback/action%20step', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' },
      },
    });
    expect(event.requestContext.timeEpoch).toBeGreaterThan(Date.now() - 60_000);
    expect(event.requestContext.time).toMatch(/^\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  });

  it('leaves out what is not there', async () => {
    const event = await eventOf('/callback/x');

    expect(event).not.toHaveProperty('queryStringParameters');
    expect(event).not.toHaveProperty('cookies');
    expect(event).not.toHaveProperty('body');
    expect(event.rawQueryString).toBe('');
  });

  it('has cookies apart, and headers in lower case, joined with commas', async () => {
    const headers = ['Cookie', '__Host-a=1; b=2', 'X-Many', 'one', 'x-many', 'two', 'User-Agent', 'test'];
    const event = await eventOf('/callback/x', { headers });

    expect(event.cookies).toEqual(['__Host-a=1', 'b=2']);
    expect(event.headers).toMatchObject({ 'x-many': 'one,two', 'user-agent': 'test' });
    expect(event.headers).not.toHaveProperty('cookie');
    expect(event.requestContext.http.userAgent).toBe('test');
  });

  it('has text bodies as text and others in Base64', async () => {
    const sent = (type: string, body: string | Buffer) =>
      eventOf('/hooks/firm/s3cret', { method: 'POST', headers: ['content-type', type], body });

    expect(await sent('application/json', '{"a":"ü"}')).toMatchObject({ body: '{"a":"ü"}', isBase64Encoded: false });
    const form = await sent('application/x-www-form-urlencoded; charset=utf-8', 'a=1');
    expect(form).toMatchObject({ body: 'a=1', isBase64Encoded: false, pathParameters: { secret: 's3cret' } });
    const binary = await sent('application/octet-stream', Buffer.from([0, 255]));
    expect(binary).toMatchObject({ body: 'AP8=', isBase64Encoded: true });
  });
});

describe('the answer to a request', () => {
  const ordered = (answer: unknown) => send('/callback/x', { headers: ['x-answer', JSON.stringify(answer)] });

  it('has the status, the headers and each cookie of a structured answer', async () => {
    const cookies = ['a=1; Secure', 'b=2'];
    const answer = await ordered({ statusCode: 303, headers: { Location: '/outcome/x' }, cookies, body: 'see there' });

    expect(answer).toMatchObject({ status: 303, text: 'see there' });
    expect(answer.headers).toMatchObject({ location: '/outcome/x', 'set-cookie': cookies });
  });

  it('decodes a Base64 body and infers a JSON answer from anything without a status', async () => {
    expect(await ordered({ statusCode: 200, body: 'aGk=', isBase64Encoded: true })).toMatchObject({ text: 'hi' });
    const inferred = await ordered({ message: 'hello' });
    expect(inferred).toMatchObject({ status: 200, text: '{"message":"hello"}' });
    expect(inferred.headers['content-type']).toBe('application/json');
  });

  it('tells nothing of an error', async () => {
    const answer = await send('/callback/x', { headers: ['x-answer', 'throw'] });

    expect(answer).toMatchObject({ status: 500, text: '{"message":"Internal Server Error"}' });
    expect(await ordered({ statusCode: 'no number' })).toMatchObject({ status: 500 });
  });

  it('is 404 for what is no route, and for a variable with nothing in it', async () => {
    for (const path of ['/', '/callback', '/callback/', '/callback/a/b', '/hooks/firm/', '/callback/%E0%A4%A']) {
      expect(await send(path)).toMatchObject({ status: 404, text: '{"message":"Not Found"}' });
    }
  });

  it('is 413 for a body over ten megabytes', async () => {
    const sent = (bytes: number) => send('/hooks/a/b', { method: 'POST', body: 'x'.repeat(bytes) });

    expect(await sent(10 * 1024 * 1024 + 1)).toMatchObject({ status: 413 });
  });

  it('is 503 when the function takes longer than the front waits', async () => {
    const host = { invoke: async () => sleep(5000, { payload: '{}', executedVersion: '1' }, { ref: false }) };
    const slow = await startHttpFront({ functions: [{ name: 'http', routes: ['/slow'] }], host, timeoutMs: 30 });

    const answer = await fetch(`${slow.url}/slow`);

    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({ message: 'Service Unavailable' });
    await slow.stop();
  });
});
