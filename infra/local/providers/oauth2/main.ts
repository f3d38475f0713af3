// An API that Steward has no folder for, on this machine, with the lists of infra/cli/examples/generic-oauth2.yaml:
// node infra/local/providers/oauth2/main.ts [port]
import { HOUR_MS } from '../../../../functions/core/time.ts';
import { DEFAULT_OPTIONS } from './options.ts';
import { startOauth2Simulator } from './simulator.ts';

/** One an hour over the last week. */
const invoices = Array.from({ length: 170 }, (_, at) => ({
  id: at + 1,
  number: `R-${at + 1}`,
  status: at % 3 === 0 ? 'paid' : 'open',
  amount: at * 10,
  customer: { name: `Customer ${at % 7}` },
  updatedAt: `${new Date(Date.now() - at * HOUR_MS).toISOString().slice(0, 19)}Z`,
}));

const simulator = await startOauth2Simulator({
  port: Number(process.argv[2] ?? 0),
  collections: {
    invoices,
    customers: invoices.slice(0, 7).map(({ id, customer }) => ({ id, ...customer })),
    hosts: [{ id: 'web-03' }, { id: 'web-04' }],
    incidents: [{ id: 'i-1', summary: 'Disk full', priority: 'P1', status: 'new', host: { name: 'web-03' } }],
  },
});
const { clientId, clientSecret } = DEFAULT_OPTIONS;
console.log(`endpoint: ${simulator.url}`);
console.log(`Takes { "clientId": "${clientId}", "clientSecret": "${clientSecret}" }. Ctrl-C ends it.`);
