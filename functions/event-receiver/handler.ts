import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { HOOK_LIMIT_BYTES, receiveHook, type ReceiveHookDependencies } from '../core/work/receive-hook.ts';

/**
 * Answers a provider's webhook. Nothing is fetched or published here, so that the answer takes milliseconds.
 *
 * Neither the path (it holds a secret) nor the body is ever logged.
 */
export function createHandler(dependencies: ReceiveHookDependencies) {
  return async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
    if (event.requestContext.http.method !== 'POST') return answer(405, { allow: 'POST' });
    const sent = event.body ?? '';
    // Base64 has four characters for three bytes; decoding waits until the size is known to be small.
    const bytes = event.isBase64Encoded ? Math.floor(sent.length * 0.75) : Buffer.byteLength(sent);
    if (bytes > HOOK_LIMIT_BYTES) return answer(413);
    const isTaken = await receiveHook(dependencies, {
      connection: event.pathParameters?.['connection'] ?? '',
      secret: event.pathParameters?.['secret'] ?? '',
      contentType: event.headers['content-type'],
      body: event.isBase64Encoded ? Buffer.from(sent, 'base64').toString('utf8') : sent,
    });
    return answer(isTaken ? 200 : 404);
  };
}

function answer(statusCode: number, headers: Readonly<Record<string, string>> = {}): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
    body: '',
  };
}
