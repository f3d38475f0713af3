import type { JsonObject } from '../../../../functions/core/json.ts';
import type { DoubleModel } from '../double.ts';
import type { ProviderAnswer, ProviderRequest } from '../listener.ts';
import { Desk, json } from './desk.ts';
import { answerList } from './lists.ts';
import { DEFAULT_OPTIONS, type Oauth2ModelOptions, type Oauth2Switches } from './options.ts';

/** What tests and people do to it. */
export interface Oauth2Actions {
  /** Puts a row in, or in the place of the one with the same id. */
  put(collection: string, row: JsonObject): void;
  remove(collection: string, id: string | number): void;
  expireAccessTokens(): void;
  revokeGrants(): void;
  set(switches: Partial<Oauth2Switches>): void;
}

export interface Oauth2Model extends DoubleModel<Oauth2Actions, Record<string, never>> {
  /** Answers with tokens, by grant type. */
  granted(): Readonly<Record<string, number>>;
  /** Requests of the API, by path. */
  calls(): readonly string[];
}

const LIST = /^\/api\/([a-z0-9-]+)\/([a-z-]+)(?:\?|$)/u;

/** An API behind OAuth 2.0 that is nobody's: all that a recipe may have to put up with. */
export function createOauth2Model(given: Partial<Oauth2ModelOptions> = {}): Oauth2Model {
  let options: Oauth2ModelOptions = { ...DEFAULT_OPTIONS, ...given };
  const collections = new Map(Object.entries(options.collections).map(([name, rows]) => [name, [...rows]]));
  const desk = new Desk(() => options);
  const calls: string[] = [];

  const api = (request: ProviderRequest, now: Date): ProviderAnswer => {
    calls.push(request.url);
    if (!desk.isAuthorized(request, now)) return json(401, { error: 'invalid_token' });
    if (options.limited > 0) {
      options = { ...options, limited: options.limited - 1 };
      return json(429, { message: 'slow down' }, { 'retry-after': String(options.retryAfterSeconds) });
    }
    const [, style = '', name = ''] = LIST.exec(request.url) ?? [];
    const rows = collections.get(name);
    return rows === undefined ? json(404, { error: 'no such list' }) : answerList(options, rows, style, request);
  };

  return {
    granted: () => desk.granted,
    calls: () => calls,
    answer(request, now) {
      const { pathname } = new URL(request.url, options.origin);
      if (pathname === '/oauth2/authorize') return desk.authorize(request, now);
      if (pathname === '/oauth2/token' && request.method === 'POST') return desk.token(request, now);
      return pathname.startsWith('/api/') ? api(request, now) : json(404, { error: 'nothing here' });
    },
    changes: ({ url }) => url.startsWith('/oauth2/'),
    actions: () => ({
      put(collection, row) {
        const rows = collections.get(collection) ?? [];
        const at = rows.findIndex(({ id }) => id === row.id);
        if (at < 0) rows.push(row);
        else rows[at] = row;
        collections.set(collection, rows);
      },
      remove(collection, id) {
        collections.set(
          collection,
          (collections.get(collection) ?? []).filter((row) => row.id !== id),
        );
      },
      expireAccessTokens: () => desk.expireAccessTokens(),
      revokeGrants: () => desk.revokeGrants(),
      set(switches) {
        options = { ...options, ...switches };
      },
    }),
  };
}
