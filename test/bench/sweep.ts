import { createRefreshSweep } from '../../functions/core/tokens/sweep.ts';
import { createMemoryConnections } from '../support/memory-connections.ts';
import { atMost, type Figure, inTurn, median, plain } from './figures.ts';
import { AMPLE, CONFIGURATION, connectedItem, refreshDependencies } from './refresh-world.ts';
import { startTokenEndpoint } from './token-endpoint.ts';

const CONNECTIONS = 1000;
const IN_FLIGHT = 20;
const LATENCY_MS = 100;
const ROUNDS = 3;
const BUDGET = 1.15;

/** A thousand connections that are due at once, at a provider that takes 100 ms, against the least time possible. */
export async function sweep(): Promise<readonly Figure[]> {
  const endpoint = await startTokenEndpoint(LATENCY_MS);
  try {
    const { times } = await inTurn(ROUNDS, { times: () => sweepMs(endpoint.url) });
    const ideal = (CONNECTIONS / IN_FLIGHT) * LATENCY_MS;
    return [
      plain('n ÷ in flight × latency', ideal / 1000, 's'),
      plain('sweep of 1,000 due connections', median(times) / 1000, 's'),
      { what: '… of the least possible', ...atMost(median(times) / ideal, BUDGET, '×') },
      { what: '… best of three', ...atMost(Math.min(...times) / ideal, BUDGET, '×') },
    ];
  } finally {
    await endpoint.stop();
  }
}

async function sweepMs(url: URL): Promise<number> {
  const store = createMemoryConnections();
  const dependencies = refreshDependencies(url, store);
  for (let n = 0; n < CONNECTIONS; n += 1) {
    const name = `c${n}`;
    await store.configure(name, CONFIGURATION, new Date());
    const item = store.items.get(name);
    if (item !== undefined) store.items.set(name, await connectedItem(dependencies, item));
  }
  const began = performance.now();
  const report = await createRefreshSweep(dependencies)({ shard: '0' }, AMPLE);
  const elapsed = performance.now() - began;
  if (report.stale || report.counts.refreshed !== CONNECTIONS) throw new Error(JSON.stringify(report));
  return elapsed;
}
