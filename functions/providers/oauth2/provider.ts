import type { AuthorizationProfile, Provider } from '../../core/provider.ts';
import { judge } from './judge.ts';
import { listAlerts } from './list-alerts.ts';
import { list } from './list-source.ts';
import { addressOf, allows, apiBase, budgetAccount, type Grant, parseSettings, readCodeSettings } from './settings.ts';
import { createToken } from './token.ts';

/** Requests per minute until the settings say more: what few APIs refuse. */
const REQUESTS_PER_MINUTE = 60;

const authorization: AuthorizationProfile = {
  authorizationEndpoint(settings) {
    const { authorizeUrl, authorizeParameters } = readCodeSettings(settings);
    const url = addressOf(authorizeUrl, settings);
    for (const [name, value] of Object.entries(authorizeParameters)) url.searchParams.set(name, value);
    return url;
  },
  scopes: (settings) => readCodeSettings(settings).scopes,
  pkce: (settings) => readCodeSettings(settings).pkce,
  issuer: (settings) => readCodeSettings(settings).issuer,
  server: (settings) => new URL(readCodeSettings(settings).authorizeUrl).hostname,
};

/** Any API behind OAuth 2.0: where it is comes from the connection's settings, what it lists from the jobs' recipes. */
function createOauth2(id: string, title: string, grant: Grant): Provider {
  return {
    id,
    title,
    grant,
    parseSettings: (input) => parseSettings(grant, input),
    allows,
    apiBase,
    budgetAccount,
    budgets: { default: { perMinute: REQUESTS_PER_MINUTE } },
    ...(grant === 'authorization-code' ? { authorization } : {}),
    token: createToken(grant),
    judge,
    sources: { list },
    alertSources: { list: listAlerts },
  };
}

/** Authorization code grant: a person consents. */
export const oauth2 = createOauth2('oauth2', 'OAuth 2.0', 'authorization-code');

/** Client credentials grant: nobody is asked. */
export const oauth2Client = createOauth2('oauth2-client', 'OAuth 2.0 client', 'client-credentials');
