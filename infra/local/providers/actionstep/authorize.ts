import { createHash } from 'node:crypto';
import type { ActionstepSimulatorOptions } from './options.ts';
import { consentPage, refusalPage } from './pages.ts';
import { derived, html, redirect, type ModelRequest, type ModelResponse } from './wire.ts';

/** A code on its way to the token endpoint. */
export interface IssuedCode {
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly system: string;
  readonly challenge?: string;
  readonly expiresAt: number;
  used: boolean;
}

interface Pending {
  readonly session: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly state?: string;
  readonly challenge?: string;
}

/** The pages that a person sees, and the codes that come of them. */
export interface Authorize {
  handle(request: ModelRequest, now: Date): ModelResponse;
  readonly codes: Map<string, IssuedCode>;
}

const COOKIE = 'actionstep_session';

export function createAuthorize(options: ActionstepSimulatorOptions): Authorize {
  const codes = new Map<string, IssuedCode>();
  const waiting = new Map<string, Pending>();
  let count = 0;

  const show = (id: string, pending: Pending, message?: string) =>
    html(
      200,
      consentPage({
        request: id,
        clientId: options.clientId,
        scopes: pending.scopes,
        systems: options.systems,
        email: options.person.email,
        password: options.person.password,
        ...(message === undefined ? {} : { message }),
      }),
      {
        'cache-control': 'no-store',
        'set-cookie': `${COOKIE}=${pending.session}; Path=/api/oauth; HttpOnly; SameSite=Lax`,
      },
    );

  const back = (pending: Pick<Pending, 'redirectUri' | 'state'>, answer: Readonly<Record<string, string>>) => {
    const url = new URL(pending.redirectUri);
    for (const [name, value] of Object.entries(answer)) url.searchParams.append(name, value);
    if (options.echoState && pending.state !== undefined) url.searchParams.append('state', pending.state);
    return redirect(url.href);
  };

  function begin(query: URLSearchParams): ModelResponse {
    const redirectUri = query.get('redirect_uri') ?? '';
    if (query.get('client_id') !== options.clientId) return html(400, refusalPage('This application is not known.'));
    if (!isRegistered(redirectUri, options)) return html(400, refusalPage('The redirect address is not registered.'));
    const state = query.get('state') ?? undefined;
    const place = { redirectUri, ...(state === undefined ? {} : { state }) };
    if (query.get('response_type') !== 'code') return back(place, { error: 'unsupported_response_type' });
    const scopes = (query.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
    if (scopes.length === 0) return back(place, { error: 'invalid_scope' });
    const challenge = query.get('code_challenge') ?? undefined;
    if (challenge !== undefined && options.pkce === 'refused') {
      return back(place, { error: 'invalid_request', error_description: 'Unknown parameter code_challenge' });
    }
    count += 1;
    const id = derived(options.seed, 'request', count).slice(0, 32);
    const session = derived(options.seed, 'session', count).slice(0, 32);
    const pending = { ...place, session, scopes, ...(challenge === undefined ? {} : { challenge }) };
    waiting.set(id, pending);
    return show(id, pending);
  }

  function decide(request: ModelRequest, now: Date): ModelResponse {
    const form = new URLSearchParams(request.body);
    const id = form.get('request') ?? '';
    const pending = waiting.get(id);
    if (pending === undefined || cookieOf(request) !== pending.session) {
      return html(400, refusalPage('This page is too old. Please start again.'));
    }
    if (form.get('decision') !== 'accept') {
      waiting.delete(id);
      return back(pending, { error: 'access_denied', error_description: 'The user denied access to your application' });
    }
    const { email, password } = options.person;
    if (form.get('email') !== email || form.get('password') !== password) {
      return show(id, pending, 'E-mail or password is wrong.');
    }
    const system = form.get('system') ?? '';
    if (!options.systems.includes(system)) return show(id, pending, 'Please choose a system.');
    waiting.delete(id);
    const code = derived(options.seed, 'code', id).slice(0, 40);
    codes.set(code, {
      redirectUri: pending.redirectUri,
      scopes: pending.scopes,
      system,
      ...(pending.challenge === undefined ? {} : { challenge: pending.challenge }),
      expiresAt: now.getTime() + options.codeLifeSeconds * 1000,
      used: false,
    });
    return back(pending, { code });
  }

  return {
    codes,
    handle: (request, now) =>
      request.method === 'POST' ? decide(request, now) : begin(new URL(request.url, options.origin).searchParams),
  };
}

function isRegistered(redirectUri: string, { redirectUris }: ActionstepSimulatorOptions): boolean {
  if (redirectUris !== 'lenient') return redirectUris.includes(redirectUri);
  if (!URL.canParse(redirectUri)) return false;
  const { protocol, hostname } = new URL(redirectUri);
  return protocol === 'https:' || ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
}

function cookieOf(request: ModelRequest): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
}

/** S256 of RFC 7636. */
export function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}
