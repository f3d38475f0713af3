import type { Provider } from '../../core/provider.ts';
import { automationAlerts } from './alerts/automations.ts';
import { endpointAlerts } from './alerts/endpoints.ts';
import { vulnerabilityAlerts } from './alerts/vulnerabilities.ts';
import { judge } from './judge.ts';
import { allows, apiBase, budgetAccount, parseSettings } from './settings.ts';
import { auditEvents } from './sources/audit-events.ts';
import { endpoints } from './sources/endpoints.ts';
import { installedSoftware } from './sources/installed-software.ts';
import { missingUpdates } from './sources/missing-updates.ts';
import { report } from './sources/report/source.ts';
import { vulnerabilities } from './sources/vulnerabilities.ts';
import { token } from './token.ts';

/** Under the 30 that the vendor asks everybody of an enterprise to stay below, so that its other tools have some too. */
const REQUESTS_PER_MINUTE = 25;

/**
 * Action1: endpoint patching.
 *
 * @see https://www.action1.com/api-documentation/
 */
export const action1: Provider = {
  id: 'action1',
  title: 'Action1',
  grant: 'client-credentials',
  parseSettings,
  allows,
  apiBase: ({ settings }) => apiBase(settings),
  budgetAccount,
  budgets: { default: { perMinute: REQUESTS_PER_MINUTE } },
  tokenBudget: 'default',
  token,
  judge,
  sources: {
    report,
    vulnerabilities,
    'missing-updates': missingUpdates,
    endpoints,
    'installed-software': installedSoftware,
    'audit-events': auditEvents,
  },
  alertSources: { vulnerabilities: vulnerabilityAlerts, endpoints: endpointAlerts, automations: automationAlerts },
};
