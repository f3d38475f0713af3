import { createEraseConnection } from '../../../functions/adapters/dynamodb/erase-connection.ts';
import {
  type ConnectionControl,
  createConnectionControl,
} from '../../../functions/core/connections/connection-control.ts';
import type { Connection } from '../../../functions/core/connections/connection.ts';
import { ConflictError, NotFoundError, UsageError } from '../../../functions/core/errors.ts';
import { suggestion } from '../../../functions/core/nearest.ts';
import { createConnectionEvents } from '../../../functions/core/tokens/connection-events.ts';
import { actor } from '../audit.ts';
import { EXIT } from '../exit.ts';
import type { Services } from '../services.ts';
import type { CommandContext } from './context.ts';

/** @throws NotFoundError naming the nearest connections */
export async function connectionNamed({ connections }: Services, name: string): Promise<Connection> {
  const connection = await connections.find(name);
  if (connection !== undefined) return connection;
  const names = (await connections.list()).map((each) => each.name);
  throw new NotFoundError(
    `There is no connection ${name}.${suggestion(name, names) || ' Write it into steward.yaml, then: steward apply'}`,
  );
}

/** The one way to pause, resume and disconnect: the change and its event in one write. */
function controlOf({ connections, target, clock }: Services): ConnectionControl {
  return createConnectionControl({ store: connections, events: createConnectionEvents(target.stage), clock });
}

/** `steward pause` and `steward resume`: no job runs on a paused connection; its grant is kept alive all the same. */
export async function pauseCommand(
  { terminal, services }: CommandContext,
  name: string,
  paused: boolean,
): Promise<number> {
  const connection = await connectionNamed(services, name);
  if (connection.paused === paused) terminal.note(`${name} is ${paused ? 'paused already' : 'not paused'}.`);
  else {
    await controlOf(services)[paused ? 'pause' : 'resume'](name, actor());
    await services.nudge(connection.shard);
    terminal.note(`${name} is ${paused ? 'paused: no job runs on it, and it is kept alive meanwhile' : 'resumed'}.`);
  }
  if (terminal.json) terminal.out(JSON.stringify({ connection: name, paused }));
  return EXIT.done;
}

export interface DisconnectOptions {
  readonly yes?: boolean;
  readonly erase?: boolean;
}

/** `steward disconnect`: forgets the tokens and keeps configuration and history, or with `--erase` forgets the connection. */
export async function disconnectCommand(
  { terminal, services }: CommandContext,
  name: string,
  options: DisconnectOptions,
): Promise<number> {
  const connection = await connectionNamed(services, name);
  const isErased = options.erase === true;
  if (isErased) await refuseWhatIsUsed(services, name);
  const question = isErased ? `Erase ${name}, its account and its consent?` : `Forget the tokens of ${name}?`;
  if (options.yes !== true && !(await terminal.confirm(question, '--yes'))) {
    terminal.note('Nothing was changed.');
    if (terminal.json) terminal.out(JSON.stringify({ connection: name, status: connection.health }));
    return EXIT.done;
  }
  await controlOf(services).disconnect(name, actor());
  if (isErased) await erase(services, name);
  await services.nudge(connection.shard);
  const { title = connection.provider } = services.providers[connection.provider] ?? {};
  const status = isErased ? 'erased' : 'disconnected';
  terminal.note(
    `${name} is ${status}. ${title} itself was not told: take the access away there, too, where that matters.`,
  );
  if (terminal.json) terminal.out(JSON.stringify({ connection: name, status }));
  return EXIT.done;
}

/** @throws UsageError naming what runs on the connection still */
async function refuseWhatIsUsed({ jobs, hooks }: Services, name: string): Promise<void> {
  const names = [
    ...(await jobs.list()).filter(({ job }) => job.connection === name).map(({ job }) => job.name),
    ...(await hooks.wanted(name)).map((hook) => `${name}/${hook.name}`),
  ];
  if (names.length > 0)
    throw new UsageError(
      `${name} is used by ${names.join(', ')}: take it and them out of steward.yaml, then steward apply, then erase it`,
    );
}

async function erase({ connectionsTable }: Services, name: string): Promise<void> {
  if (await createEraseConnection(connectionsTable)(name)) return;
  throw new ConflictError(
    `Somebody is connecting ${name} at this moment: it is disconnected, and not erased. Try again`,
  );
}
