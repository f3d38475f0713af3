import { egressPolicy } from '../api.ts';
import { ProviderResponseInvalidError } from '../errors.ts';
import type { Provider, ProviderContext, TokenReply } from '../provider.ts';
import { DAY_MS, SECOND_MS } from '../time.ts';

/** Far more than any provider's token takes, far less than an item of DynamoDB holds. */
const LONGEST_TOKEN = 16_384;
const LONGEST_ACCOUNT = 256;
const LONGEST_SCOPES = 200;
/** An access token that claims to live longer is not believed. */
export const LONGEST_LIFE_SECONDS = (366 * DAY_MS) / SECOND_MS;

/** Visible ASCII: what a header may carry. Anything else is header injection in waiting (S37). */
const TOKEN_TEXT = /^[\x21-\x7e]+$/;
/** @see https://www.rfc-editor.org/rfc/rfc6749#section-3.3 */
const SCOPE_TEXT = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/;

/**
 * What every token reply has to be before any of it is stored, whoever the provider is.
 *
 * @throws ProviderResponseInvalidError naming the member, never its value.
 */
export function checkReply(reply: TokenReply, provider: Provider, context: ProviderContext): TokenReply {
  const refuse = (member: string) => {
    throw new ProviderResponseInvalidError(`${provider.title} answered a token request with an unusable ${member}`);
  };
  if (!isToken(reply.accessToken)) refuse('access_token');
  if (reply.refreshToken !== undefined && !isToken(reply.refreshToken)) refuse('refresh_token');
  const life = reply.expiresInSeconds;
  if (!Number.isFinite(life) || life <= 0 || life > LONGEST_LIFE_SECONDS) refuse('expires_in');
  if ((reply.account?.length ?? 0) > LONGEST_ACCOUNT) refuse('account');
  const scopes = reply.scopes ?? [];
  if (scopes.length > LONGEST_SCOPES || !scopes.every((scope) => SCOPE_TEXT.test(scope))) refuse('scope');
  return withoutForeignEndpoint(reply, provider, context);
}

/** An address that is not the provider's is taken out, and noted: the tokens beside it are good (S73, S75). */
function withoutForeignEndpoint(reply: TokenReply, provider: Provider, context: ProviderContext): TokenReply {
  const { apiEndpoint, ...others } = reply;
  if (apiEndpoint === undefined || allowedEndpoint(apiEndpoint, provider, context)) return reply;
  return { ...others, refused: [...(reply.refused ?? []), 'api-endpoint'] };
}

/** Whether a text can be a token at all. */
export function isToken(text: string): boolean {
  return text.length <= LONGEST_TOKEN && TOKEN_TEXT.test(text);
}

/** Judged without the endpoint of the last reply: the provider may move a connection, but only among its hosts. */
function allowedEndpoint(endpoint: string, provider: Provider, context: ProviderContext): boolean {
  if (!URL.canParse(endpoint)) return false;
  const { connection, settings } = context;
  return egressPolicy(provider, { connection, settings })(new URL(endpoint));
}
