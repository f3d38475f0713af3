import { json, refusal, type Action1Answer, type Action1Request } from './answers.ts';
import { takeOnce, type Action1State } from './state.ts';

/** `POST /oauth2/token`: form or JSON, `grant_type` optional, a refresh token besides. */
export function answerToken(state: Action1State, request: Action1Request, now: number): Action1Answer {
  if (takeOnce(state, 'failTokenOnce')) return refusal(500, 'Internal Server Error');
  const given = bodyOf(request);
  if (given === undefined) return refusal(400, 'The request body is not valid.');
  const known = state.settings.credentials.find(({ clientId }) => clientId === given.get('client_id'));
  const refresh = given.get('refresh_token');
  const good =
    given.get('grant_type') === 'refresh_token'
      ? known !== undefined && refresh !== undefined && state.refreshTokens.has(refresh)
      : known !== undefined && known.clientSecret === given.get('client_secret');
  if (!good) {
    return state.settings.switches.tokenErrorBody === 'empty'
      ? { status: 401, headers: {}, body: '' }
      : refusal(401, 'Invalid client credentials.');
  }
  state.issued += 1;
  const access = `simulated-access-${state.settings.seed}-${state.issued}`;
  const renewal = `simulated-refresh-${state.settings.seed}-${state.issued}`;
  state.tokens.set(access, now + state.settings.tokenLifetimeSeconds * 1000);
  state.refreshTokens.add(renewal);
  return json(200, {
    access_token: access,
    refresh_token: renewal,
    expires_in: state.settings.tokenLifetimeSeconds,
    token_type: 'Bearer',
  });
}

/** Whether a request carries a token that is still good. */
export function isAuthorized(state: Action1State, request: Action1Request, now: number): boolean {
  const token = /^Bearer (.+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
  return token !== undefined && (state.tokens.get(token) ?? 0) > now;
}

function bodyOf(request: Action1Request): Map<string, string> | undefined {
  const body = request.body ?? '';
  if (!(request.headers['content-type'] ?? '').startsWith('application/json'))
    return new Map(new URLSearchParams(body));
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    return new Map(Object.entries(parsed).map(([name, value]) => [name, String(value)]));
  } catch {
    return undefined;
  }
}
