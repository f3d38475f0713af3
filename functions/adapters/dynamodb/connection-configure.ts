import { isDeepStrictEqual } from 'node:util';
import type { ConnectionConfiguration } from '../../core/connections/store.ts';
import { generationFingerprint } from '../../core/connections/fingerprint.ts';
import type { Item } from './table.ts';
import { Update } from './update.ts';

/** A new connection's item. Client credentials need no person: their first refresh is due at once. */
export function newConnectionItem(
  name: string,
  configuration: ConnectionConfiguration,
  shard: string,
  now: Date,
): Item {
  return {
    connection: name,
    schema: 1,
    shard,
    provider: configuration.provider,
    ...configuredAttributes(configuration),
    health: 'pending',
    generation: 0,
    failures: 0,
    attempts: {},
    ...(configuration.grant === 'client-credentials'
      ? { fingerprint: generationFingerprint(name, 0), nextRefreshAt: now.getTime() }
      : {}),
  };
}

/**
 * What `apply` changes of an existing item; `undefined` when nothing differs.
 *
 * Other credentials, another host or another demand make a scheduled refresh due now. One that is not scheduled (a
 * person has to decide) stays so.
 */
export function configureUpdate(stored: Item, configuration: ConnectionConfiguration, now: Date): Update | undefined {
  const wanted = configuredAttributes(configuration);
  const names = ['settings', 'secretName', 'secretKey', 'budgetAccount', 'demand'] as const;
  const changed = names.filter((name) => !isDeepStrictEqual(stored[name], wanted[name]));
  if (changed.length === 0) return undefined;
  const update = new Update();
  update.require(`${update.name('provider')} = ${update.value(configuration.provider)}`);
  for (const name of changed) update.assign(name, wanted[name]);
  if (stored.nextRefreshAt !== undefined) {
    // A refresh that is under way may have moved it; then it has just used what was configured before or after.
    update.set(['nextRefreshAt'], Math.min(stored.nextRefreshAt as number, now.getTime()));
    update.require(`attribute_exists(${update.name('nextRefreshAt')})`);
    update.set(['failures'], 0);
  }
  return update;
}

function configuredAttributes(configuration: ConnectionConfiguration): Item {
  return {
    settings: configuration.settings,
    secretName: configuration.secret.name,
    secretKey: configuration.secret.key,
    budgetAccount: configuration.budgetAccount,
    demand: configuration.demand,
  };
}
