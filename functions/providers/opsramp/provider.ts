import type { Provider } from '../../core/provider.ts';
import { alertHistory } from './alert-history.ts';
import { alerts } from './alert-source.ts';
import { hooks } from './hooks.ts';
import { incidents } from './incidents.ts';
import { judge } from './judge.ts';
import { ALERTS_PAGINATED, OTHER_PAGINATED } from './paging.ts';
import { patchCompliance } from './patch-compliance.ts';
import { patchStatus } from './patch-status.ts';
import { pausedUntil } from './rate-limit.ts';
import { resources } from './resources.ts';
import { allows, apiBase, budgetAccount, parseSettings } from './settings.ts';
import { token } from './token.ts';

/**
 * OpsRamp (HPE): IT operations, one host and tenant per connection.
 *
 * @see https://develop.opsramp.com/v2/api-overview
 */
export const opsramp: Provider = {
  id: 'opsramp',
  title: 'OpsRamp',
  grant: 'client-credentials',
  parseSettings,
  allows,
  apiBase,
  budgetAccount,
  // A client tenant's limits; a partner's are three times that. They are counted for all integrations of the tenant
  // together. Whether alerts, devices and tickets have pages of their own or share them is not certain: all but alerts share.
  budgets: {
    default: { perMinute: 500 },
    [ALERTS_PAGINATED]: { perMinute: 50 },
    [OTHER_PAGINATED]: { perMinute: 50 },
  },
  token,
  judge,
  pausedUntil,
  sources: {
    'alert-history': alertHistory,
    resources,
    incidents,
    'patch-compliance': patchCompliance,
    'patch-status': patchStatus,
  },
  alertSources: { alerts },
  hooks,
};
