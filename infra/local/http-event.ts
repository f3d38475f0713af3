import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { ACCOUNT } from './aws/account.ts';
import type { MatchedRoute } from './http-routes.ts';

/** Bodies of these types come as text; every other one comes in Base64. */
const TEXT_TYPE = /^(text\/|application\/(.*\+)?(json|xml|javascript|x-www-form-urlencoded))/i;

/** The event that an HTTP API gives a function, payload format 2.0. */
export function httpEvent(options: {
  readonly message: IncomingMessage;
  readonly body: Buffer;
  readonly matched: MatchedRoute;
  readonly requestId: string;
  readonly now: Date;
}): APIGatewayProxyEventV2 {
  const { message, body, matched, requestId, now } = options;
  const url = message.url ?? '/';
  const question = url.indexOf('?');
  const rawPath = question < 0 ? url : url.slice(0, question);
  const rawQueryString = question < 0 ? '' : url.slice(question + 1);
  const query = joined(new URLSearchParams(rawQueryString));
  const { cookie, ...headers } = headersOf(message);
  const routeKey = `ANY ${matched.route.path}`;
  const encoded = body.length > 0 && !TEXT_TYPE.test(headers['content-type'] ?? '');
  const host = headers['host'] ?? '';
  return {
    version: '2.0',
    routeKey,
    rawPath,
    rawQueryString,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/;\s*/).filter((pair) => pair !== '') }),
    headers: {
      ...headers,
      'x-forwarded-for': message.socket.remoteAddress ?? '127.0.0.1',
      'x-forwarded-port': host.split(':')[1] ?? '80',
      'x-forwarded-proto': 'http',
    },
    ...(Object.keys(query).length > 0 ? { queryStringParameters: query } : {}),
    ...(Object.keys(matched.pathParameters).length > 0 ? { pathParameters: matched.pathParameters } : {}),
    requestContext: {
      accountId: ACCOUNT,
      apiId: 'local',
      domainName: host.split(':')[0] ?? '',
      domainPrefix: 'local',
      http: {
        method: message.method ?? 'GET',
        path: rawPath,
        protocol: `HTTP/${message.httpVersion}`,
        sourceIp: message.socket.remoteAddress ?? '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId,
      routeKey,
      stage: '$default',
      time: accessLogTime(now),
      timeEpoch: now.getTime(),
    },
    ...(body.length > 0 ? { body: body.toString(encoded ? 'base64' : 'utf8') } : {}),
    isBase64Encoded: encoded,
  };
}

/** Names in lower case; what was sent more than once is joined with commas, cookies with semicolons. */
function headersOf(message: IncomingMessage): Record<string, string> {
  const joinedHeaders: Record<string, string> = {};
  const raw = message.rawHeaders;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    const value = raw[index + 1] ?? '';
    const before = joinedHeaders[name];
    joinedHeaders[name] = before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ','}${value}`;
  }
  return joinedHeaders;
}

function joined(parameters: URLSearchParams): Record<string, string> {
  const names = [...new Set(parameters.keys())];
  return Object.fromEntries(names.map((name) => [name, parameters.getAll(name).join(',')]));
}

/** `22/Nov/2026:20:30:00 +0000` */
function accessLogTime(now: Date): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/.exec(now.toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}
