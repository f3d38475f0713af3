import { createHash } from 'node:crypto';
import type { ProviderAnswer, ProviderRequest } from '../listener.ts';
import type { Oauth2ModelOptions } from './options.ts';

interface Issued {
  readonly grant: string;
  readonly endsAt: number;
}

interface Code {
  readonly redirectUri: string;
  readonly scope: string;
  readonly challenge?: string;
  readonly endsAt: number;
}

const CODE_LIFE_MS = 60_000;

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): ProviderAnswer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

/** The authorization server: its two endpoints, and what they handed out. */
export class Desk {
  readonly #options: () => Oauth2ModelOptions;
  readonly #codes = new Map<string, Code>();
  readonly #access = new Map<string, Issued>();
  readonly #refresh = new Map<string, Issued & { readonly scope: string }>();
  readonly #revoked = new Set<string>();
  #count = 0;
  /** Token requests by grant type, answered with tokens. */
  readonly granted: Record<string, number> = {};

  constructor(options: () => Oauth2ModelOptions) {
    this.#options = options;
  }

  expireAccessTokens(): void {
    this.#access.clear();
  }

  revokeGrants(): void {
    for (const { grant } of this.#refresh.values()) this.#revoked.add(grant);
  }

  isAuthorized({ headers }: ProviderRequest, now: Date): boolean {
    const token = /^Bearer (\S+)$/u.exec(headers.authorization ?? '')?.[1] ?? '';
    const issued = this.#access.get(token);
    return issued !== undefined && issued.endsAt > now.getTime() && !this.#revoked.has(issued.grant);
  }

  /** The page that a person sees, and where its buttons lead. */
  authorize(request: ProviderRequest, now: Date): ProviderAnswer {
    const { clientId, pkce, issuer } = this.#options();
    const isPost = request.method === 'POST';
    const query = isPost ? new URLSearchParams(request.body) : new URL(request.url, 'http://desk').searchParams;
    const redirectUri = query.get('redirect_uri') ?? '';
    if (query.get('client_id') !== clientId || !URL.canParse(redirectUri))
      return page('This application is not known.');
    const back = (answer: Readonly<Record<string, string>>) => {
      const url = new URL(redirectUri);
      const all = { ...answer, state: query.get('state') ?? '', ...(issuer === undefined ? {} : { iss: issuer }) };
      for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value);
      return { status: 302, headers: { location: url.href }, body: '' };
    };
    const challenge = query.get('code_challenge') ?? undefined;
    if ((challenge === undefined) === (pkce === 'required')) return back({ error: 'invalid_request' });
    if (!isPost) return page('Allow access?', formOf(query));
    if (query.get('decision') !== 'accept') return back({ error: 'access_denied' });
    const code = this.#next('code');
    const scope = query.get('scope') ?? '';
    const endsAt = now.getTime() + CODE_LIFE_MS;
    this.#codes.set(code, { redirectUri, scope, endsAt, ...(challenge === undefined ? {} : { challenge }) });
    return back({ code });
  }

  token(request: ProviderRequest, now: Date): ProviderAnswer {
    const form = new URLSearchParams(request.body);
    if (!this.#isClient(request, form)) return json(401, { error: 'invalid_client' });
    switch (form.get('grant_type') ?? '') {
      case 'client_credentials':
        return this.#grant('client_credentials', this.#next('grant'), form.get('scope') ?? '', false, now);
      case 'authorization_code':
        return this.#exchange(form, now);
      case 'refresh_token':
        return this.#renew(form, now);
      default:
        return json(400, { error: 'unsupported_grant_type' });
    }
  }

  #exchange(form: URLSearchParams, now: Date): ProviderAnswer {
    const name = form.get('code') ?? '';
    const code = this.#codes.get(name);
    this.#codes.delete(name);
    const isProved =
      code?.challenge === undefined ||
      createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url') === code.challenge;
    if (
      code === undefined ||
      code.endsAt < now.getTime() ||
      code.redirectUri !== form.get('redirect_uri') ||
      !isProved
    ) {
      return json(400, { error: 'invalid_grant' });
    }
    return this.#grant('authorization_code', this.#next('grant'), code.scope, true, now);
  }

  #renew(form: URLSearchParams, now: Date): ProviderAnswer {
    const presented = form.get('refresh_token') ?? '';
    const token = this.#refresh.get(presented);
    if (token === undefined || token.endsAt < now.getTime() || this.#revoked.has(token.grant)) {
      return json(400, { error: 'invalid_grant' });
    }
    const { rotates } = this.#options();
    if (rotates) this.#refresh.delete(presented);
    return this.#grant('refresh_token', token.grant, token.scope, rotates, now);
  }

  #grant(type: string, grant: string, scope: string, renewable: boolean, now: Date): ProviderAnswer {
    const { accessLifeSeconds, refreshLifeSeconds, expiresIn } = this.#options();
    this.granted[type] = (this.granted[type] ?? 0) + 1;
    const access = this.#next('access');
    const refresh = this.#next('refresh');
    this.#access.set(access, { grant, endsAt: now.getTime() + accessLifeSeconds * 1000 });
    if (renewable) this.#refresh.set(refresh, { grant, scope, endsAt: now.getTime() + refreshLifeSeconds * 1000 });
    const life = expiresIn === 'text' ? String(accessLifeSeconds) : accessLifeSeconds;
    return json(200, {
      access_token: access,
      token_type: 'Bearer',
      ...(expiresIn === 'absent' ? {} : { expires_in: life }),
      ...(renewable ? { refresh_token: refresh } : {}),
      ...(scope === '' ? {} : { scope }),
    });
  }

  #isClient({ headers }: ProviderRequest, form: URLSearchParams): boolean {
    const { clientId, clientSecret, clientAuthentication } = this.#options();
    const encoded = /^Basic (\S+)$/u.exec(headers.authorization ?? '')?.[1];
    const basic =
      encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString().split(':').map(formDecoded);
    const isBasic = basic?.[0] === clientId && basic[1] === clientSecret;
    const isPost = form.get('client_id') === clientId && form.get('client_secret') === clientSecret;
    if (clientAuthentication === 'either') return isBasic || isPost;
    return clientAuthentication === 'basic' ? isBasic : isPost;
  }

  #next(kind: string): string {
    this.#count += 1;
    return createHash('sha256').update(`${this.#options().seed}/${kind}/${this.#count}`).digest('hex').slice(0, 40);
  }
}

/** Both halves come form-encoded. @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 */
function formDecoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

function page(title: string, body = ''): ProviderAnswer {
  const text = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title} (simulated)</title></head><body><h1>${title}</h1>${body}</body></html>`;
  return { status: body === '' ? 400 : 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: text };
}

/** The request comes back with the decision. */
function formOf(query: URLSearchParams): string {
  const fields = [...query].map(
    ([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`,
  );
  return `<form method="post">${fields.join('')}
<button name="decision" value="accept">Allow</button> <button name="decision" value="deny">Decline</button></form>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
