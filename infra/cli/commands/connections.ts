import {
  type ConnectionControl,
  createConnectionControl,
} from '../../../functions/core/connections/connection-control.ts';
import type { Connection } from '../../../functions/core/connections/connection.ts';
import { NotFoundError } from '../../../functions/core/errors.ts';
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

/** `steward disconnect`: forgets the tokens, keeps configuration and history. */
export async function disconnectCommand(
  { terminal, services }: CommandContext,
  name: string,
  options: { readonly yes?: boolean },
): Promise<number> {
  const connection = await connectionNamed(services, name);
  if (options.yes !== true && !(await terminal.confirm(`Forget the tokens of ${name}?`, '--yes'))) {
    terminal.note('Nothing was changed.');
    if (terminal.json) terminal.out(JSON.stringify({ connection: name, status: connection.health }));
    return EXIT.done;
  }
  await controlOf(services).disconnect(name, actor());
  await services.nudge(connection.shard);
  const { title = connection.provider } = services.providers[connection.provider] ?? {};
  terminal.note(
    `${name} is disconnected. ${title} itself was not told: take the access away there, too, where that matters.`,
  );
  if (terminal.json) terminal.out(JSON.stringify({ connection: name, status: 'disconnected' }));
  return EXIT.done;
}
