import {
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  ClientSecretPost,
  customFetch,
  nopkce,
  processAuthorizationCodeResponse,
  validateAuthResponse,
} from 'oauth4webapi';
import type { CodeExchange, ExchangeCode } from '../../core/authorization/code-exchange.ts';
import { ProviderResponseInvalidError } from '../../core/errors.ts';
import { bodyJson, bodyText, type HttpRequest, type HttpResponse, type SendHttp } from '../../core/http.ts';
import { hasDuplicateMembers } from '../../core/authorization/json-members.ts';
import { callTokenEndpoint, type TokenCallDependencies } from '../../core/tokens/token-call.ts';

/** What has to be left when the second call of an exchange begins. */
const SECOND_CALL_MS = 21_000;

/**
 * The code's exchange, with `oauth4webapi` as the judge of both sides: what is sent has the parameters of RFC 6749
 * 4.1.3, what comes back is a token response of 5.1. The request itself is the provider's folder's, and goes through
 * our own sender: one socket room, one deadline, one egress rule.
 */
export function createCodeExchange(dependencies: TokenCallDependencies): ExchangeCode {
  return (exchange) => {
    const { code, redirectUri, codeVerifier } = exchange;
    return callTokenEndpoint(
      { ...dependencies, send: judged(dependencies.send, exchange) },
      {
        ...exchange,
        grant: {
          type: 'authorization-code',
          code,
          redirectUri,
          ...(codeVerifier === undefined ? {} : { codeVerifier }),
        },
        budgetMs: SECOND_CALL_MS,
      },
    );
  };
}

function judged(send: SendHttp, { credentials, code, redirectUri, codeVerifier }: CodeExchange): SendHttp {
  return async (request, allowed) => {
    const server = { issuer: request.url.origin, token_endpoint: request.url.href };
    const client = { client_id: credentials.clientId };
    let answer: HttpResponse | undefined;
    const response = await authorizationCodeGrantRequest(
      server,
      client,
      ClientSecretPost(credentials.clientSecret),
      validateAuthResponse(server, client, new URLSearchParams({ code, state: code }), code),
      redirectUri,
      codeVerifier ?? nopkce,
      {
        [customFetch]: async () => {
          answer = await send(request, allowed);
          return toResponse(answer);
        },
        // Which addresses may be plain http is the sender's to say; it does.
        [allowInsecureRequests]: true,
      },
    );
    if (answer === undefined) throw new ProviderResponseInvalidError('There was no answer to judge');
    if (answer.status >= 200 && answer.status < 300) await judgeSuccess(server, client, response, answer, request);
    return answer;
  };
}

async function judgeSuccess(
  server: { readonly issuer: string },
  client: { readonly client_id: string },
  response: Response,
  answer: HttpResponse,
  request: HttpRequest,
): Promise<void> {
  const where = `${request.url.host} answered a token request`;
  if (hasDuplicateMembers(bodyText(answer))) throw new ProviderResponseInvalidError(`${where} with duplicate members`);
  try {
    await processAuthorizationCodeResponse(server, client, response);
  } catch (cause) {
    // The library's errors carry the response: only the class of it goes on.
    const code = (cause as { readonly code?: unknown }).code;
    throw new ProviderResponseInvalidError(
      `${where} with something that is no token response (${typeof code === 'string' ? code : 'unreadable'})`,
    );
  }
}

/** Statuses that `Response` does not take a body with (nor any outside 200–599); from a token endpoint they are no success. */
const BODILESS = new Set([204, 205, 304]);

/** As the library wants to see it. An `id_token` is left out: nobody asked for one, and one that is no JWT of theirs fails. */
function toResponse(answer: HttpResponse): Response {
  const contentType = answer.headers['content-type'];
  const headers = contentType === undefined ? {} : { 'content-type': contentType };
  const isKnown = answer.status >= 200 && answer.status <= 599 && !BODILESS.has(answer.status);
  const status = isKnown ? answer.status : 502;
  const body = bodyJson(answer);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return new Response(bodyText(answer), { status, headers });
  }
  const { id_token: _idToken, ...members } = body as Record<string, unknown>;
  return new Response(JSON.stringify(members), { status, headers });
}
