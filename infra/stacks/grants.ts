import type { ServiceFunction } from '../constructs/service-function.ts';
import type { FunctionName } from '../functions.ts';
import type { Stage } from '../stages.ts';
import type { StateStack } from './state-stack.ts';

export type Functions = Readonly<Record<FunctionName, ServiceFunction>>;

/** Who may touch what, on one page. Each grant sets the variable that goes with the permission. */
export function grantEverything(functions: Functions, state: StateStack, stage: Stage): void {
  for (const { function: fn } of Object.values(functions)) {
    fn.addEnvironment('STAGE', stage.name);
    fn.addEnvironment('SHARD_COUNT', String(stage.shards));
  }
  grantTokens(functions, state);
  grantReports(functions, state);
  grantAlerts(functions, state);
  for (const name of NUDGERS) {
    functions['event-publisher'].grantNudge(functions[name].function, 'PUBLISHER_FUNCTION_NAME');
  }
}

/** Functions that write events and wake the publisher. */
const NUDGERS = ['oauth-callback', 'token-refresher', 'report-poller', 'report-export', 'alert-poller'] as const;

/** One writer of tokens (DESIGN 3): the callback stores the first set, after that the refresher alone. */
function grantTokens(functions: Functions, state: StateStack): void {
  const callback = functions['oauth-callback'].function;
  state.connections.grantAuthorize(callback);
  state.state.grantWrite(callback, ['ticket', 'authorization', 'highwater']);
  state.state.grantAppend(callback, ['outbox']);
  state.rescue.grantRescue(callback);
  state.sealingKey.grantSeal(callback, ['access', 'refresh', 'verifier']);
  state.sealingKey.grantOpen(callback, ['verifier']);
  state.credentials.grantRead(callback);
  state.publicApi.grantAddress(callback);

  const refresher = functions['token-refresher'].function;
  state.connections.grantRefresh(refresher);
  state.state.grantWrite(refresher, ['highwater', 'breaker', 'budget']);
  state.state.grantAppend(refresher, ['outbox']);
  state.rescue.grantRescue(refresher);
  state.sealingKey.grantSeal(refresher, ['access', 'refresh']);
  state.sealingKey.grantOpen(refresher, ['access', 'refresh']);
  state.credentials.grantRead(refresher);
  state.publicApi.grantAddress(refresher);
}

function grantReports(functions: Functions, state: StateStack): void {
  const poller = functions['report-poller'].function;
  state.state.grantWrite(poller, ['job']);
  state.state.grantAppend(poller, ['outbox']);
  state.state.grantFindDue(poller, 'report');
  functions['report-export'].grantStart(poller, 'EXPORT_FUNCTION_ARN');

  const exporter = functions['report-export'].function;
  state.connections.grantReadAndReject(exporter);
  state.state.grantRead(exporter, ['highwater']);
  state.state.grantWrite(exporter, ['job', 'budget']);
  state.state.grantAppend(exporter, ['outbox']);
  state.archive.grantExport(exporter);
  state.sealingKey.grantOpen(exporter, ['access']);
  state.signingKey.grantSign(exporter);
}

function grantAlerts(functions: Functions, state: StateStack): void {
  const poller = functions['alert-poller'].function;
  state.connections.grantReadAndReject(poller);
  state.state.grantRead(poller, ['highwater']);
  state.state.grantWrite(poller, ['job', 'heads', 'budget', 'work', 'hook']);
  // Versions that a digest speaks for go straight to the log of what was published.
  state.state.grantAppend(poller, ['outbox', 'published']);
  state.state.grantFindDue(poller, 'alert');
  state.state.grantFindOpen(poller);
  state.sealingKey.grantOpen(poller, ['access']);
  state.publicApi.grantAddress(poller);

  const receiver = functions['event-receiver'].function;
  state.state.grantRead(receiver, ['hook']);
  state.state.grantAppend(receiver, ['work']);

  const publisher = functions['event-publisher'].function;
  state.state.grantWrite(publisher, ['outbox', 'lease', 'published', 'poison', 'latency']);
  state.topics.grantPublish(publisher);
  functions['event-publisher'].grantNudgeItself();
}
