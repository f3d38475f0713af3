import type { Provider } from '../../core/provider.ts';
import { hookSource } from './hook-source.ts';
import { allows, apiBase, authorizationEndpoint } from './hosts.ts';
import { hooks } from './hooks.ts';
import { judge } from './judge.ts';
import { writeNote } from './notes.ts';
import { createResourceSource } from './resource-source.ts';
import { TIME } from './resource-options.ts';
import { parseSettings, readSettings } from './settings.ts';
import { token } from './token.ts';

/**
 * Requests per minute for one organisation. Actionstep publishes no figure ("dynamic", per session, organisation and
 * address, since April 2024); a client with production traffic keeps to one a second, and so do we until a 429 says less.
 */
const REQUESTS_PER_MINUTE = 60;

/** Actionstep: legal practice. Authorization code grant, rotating refresh tokens, an API address per connection. */
export const actionstep: Provider = {
  id: 'actionstep',
  title: 'Actionstep',
  grant: 'authorization-code',
  parseSettings,
  allows,
  apiBase,
  budgetAccount(settings, clientId) {
    const { environment, orgkey } = readSettings(settings);
    return `${environment}:${orgkey ?? clientId ?? 'unknown'}`;
  },
  budgets: { default: { perMinute: REQUESTS_PER_MINUTE } },
  authorization: {
    authorizationEndpoint,
    scopes: (settings) => readSettings(settings).scopes,
    // Neither documentation nor any client mentions PKCE or `iss`: state bound to the browser stands alone (S25).
    pkce: () => false,
  },
  token,
  judge,
  sources: {
    resource: createResourceSource('Any resource, by name'),
    actions: createResourceSource('Matters', 'actions'),
    participants: createResourceSource('Participants', 'participants'),
    time: createResourceSource('Time entries or time records', TIME),
    filenotes: createResourceSource('File notes', 'filenotes'),
    tasks: createResourceSource('Tasks', 'tasks'),
    disbursements: createResourceSource('Disbursements', 'disbursements'),
    users: createResourceSource('Users', 'users'),
  },
  alertSources: { hooks: hookSource },
  hooks,
  writeNote,
};
