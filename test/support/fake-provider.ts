import { ConfigInvalidError } from '../../functions/core/errors.ts';
import type { Provider, ProviderSettings } from '../../functions/core/provider.ts';

const never = () => {
  throw new Error('This provider is for configuration tests: nothing is called.');
};

/** A provider with one report source `rows`, one alert source `alerts`, and one setting, `region`. */
export function configurationProvider(id: string): Provider {
  return {
    id,
    title: id,
    grant: 'client-credentials',
    parseSettings(input) {
      const settings = input as ProviderSettings & { region?: string };
      if (settings.region !== 'here') throw new ConfigInvalidError('region must be one of: here');
      return settings;
    },
    allows: () => false,
    apiBase: never,
    budgetAccount: () => id,
    budgets: { default: { perMinute: 60 } },
    token: { tokenEndpoint: never, request: never, reply: never },
    judge: () => undefined,
    sources: {
      rows: {
        title: 'Rows',
        parseOptions: (input) => input as Record<string, never>,
        describe: () => ({ kind: 'snapshot', settleMs: 0 }),
        readPage: never,
      },
    },
    alertSources: {
      alerts: {
        title: 'Alerts',
        mode: 'snapshot',
        lagMs: 0,
        parseOptions: (input) => input as Record<string, never>,
        readPage: never,
      },
    },
  };
}
