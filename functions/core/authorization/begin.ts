import type { Connection } from '../connections/connection.ts';
import type { AuthorizationProfile, Provider } from '../provider.ts';
import { SECOND_MS } from '../time.ts';
import { AUTHORIZATION_SECONDS } from './cookies.ts';
import { callbackName } from './callback-name.ts';
import type { AuthorizationDependencies } from './dependencies.ts';
import { connectPage, page, redirect } from './pages.ts';
import { newSecret, pkceChallenge, secretHash } from './secrets.ts';
import type { PendingAuthorization, Ticket } from './store.ts';
import type { WebRequest, WebResponse } from './web.ts';

interface Consentable {
  readonly ticket: Ticket;
  readonly connection: Connection;
  readonly provider: Provider;
  readonly profile: AuthorizationProfile;
}

/** `ANY /connect/<ticket>`: looking changes nothing, the button does. */
export async function answerConnect(
  dependencies: AuthorizationDependencies,
  request: WebRequest,
  ticketSecret: string,
): Promise<WebResponse> {
  if (request.method !== 'GET' && request.method !== 'POST') return page('method', 405);
  const found = await findConsentable(dependencies, secretHash(ticketSecret));
  if (found === undefined) return page('link-over', 400);
  if (request.method === 'GET') {
    return connectPage([found.profile.authorizationEndpoint(found.connection.settings).origin]);
  }
  return sendOff(dependencies, found);
}

async function findConsentable(
  { authorizations, store, clock, providers }: AuthorizationDependencies,
  hash: string,
): Promise<Consentable | undefined> {
  const ticket = await authorizations.findTicket(hash);
  if (ticket === undefined || ticket.consumedAt !== undefined || ticket.expiresAt <= clock.now()) return undefined;
  const connection = await store.find(ticket.connection);
  const provider = providers[ticket.provider];
  const profile = provider?.authorization;
  if (connection === undefined || connection.provider !== ticket.provider) return undefined;
  if (connection.health === 'disconnected' || provider === undefined || profile === undefined) return undefined;
  return { ticket, connection, provider, profile };
}

/** Binds the authorization to this browser, stores it under its state's hash, and sends the browser to the provider. */
async function sendOff(dependencies: AuthorizationDependencies, found: Consentable): Promise<WebResponse> {
  const { authorizations, cookies, clock, random, credentials, log } = dependencies;
  const { connection, provider, profile } = found;
  const { clientId } = await credentials.get(connection.secret);
  const [state, browser, verifier] = [newSecret(random), newSecret(random), newSecret(random)];
  const pending = await toPending(dependencies, found, { state, browser, verifier });
  if (!(await authorizations.begin(pending, clock.now()))) return page('link-over', 400);
  const url = new URL(profile.authorizationEndpoint(connection.settings));
  const parameters: Record<string, string> = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: pending.redirectUri,
    ...(pending.scopes.length === 0 ? {} : { scope: pending.scopes.join(' ') }),
    state,
    ...(profile.pkce(connection.settings)
      ? { code_challenge: pkceChallenge(verifier), code_challenge_method: 'S256' }
      : {}),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  log.info('authorization.begun', { connection: connection.name, provider: provider.id });
  return redirect(url.href, [cookies.set(pending.stateHash, browser)]);
}

async function toPending(
  { sealer, clock, redirectUri }: AuthorizationDependencies,
  { ticket, connection, provider, profile }: Consentable,
  secrets: { readonly state: string; readonly browser: string; readonly verifier: string },
): Promise<PendingAuthorization> {
  const stateHash = secretHash(secrets.state);
  const context = { provider: provider.id, connection: connection.name, purpose: 'verifier', generation: 0 } as const;
  const seal = profile.pkce(connection.settings) ? await sealer.prepare(['verifier']) : undefined;
  const issuer = profile.issuer?.(connection.settings);
  return {
    stateHash,
    ticketHash: ticket.hash,
    connection: connection.name,
    provider: provider.id,
    browserHash: secretHash(secrets.browser),
    ...(seal === undefined ? {} : { sealedVerifier: seal(secrets.verifier, context) }),
    redirectUri: redirectUri(callbackName(provider, connection.settings)),
    scopes: profile.scopes(connection.settings),
    ...(issuer === undefined ? {} : { issuer }),
    ...(ticket.authorizedBy === undefined ? {} : { authorizedBy: ticket.authorizedBy }),
    replaceAccount: ticket.replaceAccount,
    expiresAt: new Date(clock.now().getTime() + AUTHORIZATION_SECONDS * SECOND_MS),
  };
}
