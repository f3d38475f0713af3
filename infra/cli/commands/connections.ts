import { NotFoundError } from '../../../functions/core/errors.ts';
import type { Connection } from '../../../functions/core/connections/connection.ts';
import { suggestion } from '../../../functions/core/nearest.ts';
import { auditEvent } from '../audit.ts';
import { EXIT } from '../exit.ts';
import type { Services } from '../services.ts';
import type { CommandContext } from './context.ts';

/** @throws NotFoundError naming the nearest connections */
export async function connectionNamed({ connections }: Services, name: string): Promise<Connection> {
  const connection = await connections.find(name);
  if (connection !== undefined) return connection;
  const names = (await connections.list()).map((each) => each.name);
  throw new NotFoundError(`There is no connection ${name}.${suggestion(name, names)} steward apply makes them.`);
}

/** `steward pause` and `steward resume`: a paused connection is neither refreshed nor read. */
export async function pauseCommand(
  { terminal, services }: CommandContext,
  name: string,
  paused: boolean,
): Promise<number> {
  const connection = await connectionNamed(services, name);
  if (connection.paused === paused) {
    terminal.note(`${name} is ${paused ? 'paused already' : 'not paused'}.`);
    return EXIT.done;
  }
  const now = services.clock.now();
  const event = auditEvent(services, paused ? 'steward.connection.paused' : 'steward.connection.resumed', {
    connection: name,
    provider: connection.provider,
    summary: `${name} was ${paused ? 'paused' : 'resumed'}`,
  });
  // Resumed, it is due at once: its access token may have run out meanwhile.
  await services.connections.change(name, {}, { paused, ...(paused ? {} : { nextRefreshAt: now }) }, [event], now);
  await services.nudge(connection.shard);
  terminal.note(`${name} is ${paused ? 'paused. Its refresh token goes on ageing: resume it in time' : 'resumed'}.`);
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
  if (options.yes !== true && !(await terminal.confirm(`Forget the tokens of ${name}?`))) return EXIT.done;
  const event = auditEvent(services, 'steward.connection.disconnected', {
    connection: name,
    provider: connection.provider,
    summary: `${name} was disconnected`,
  });
  await services.connections.disconnect(name, [event], services.clock.now());
  await services.nudge(connection.shard);
  const { title = connection.provider } = services.providers[connection.provider] ?? {};
  terminal.note(
    `${name} is disconnected. ${title} itself was not told: take the access away there, too, where that matters.`,
  );
  if (terminal.json) terminal.out(JSON.stringify({ connection: name, status: 'disconnected' }));
  return EXIT.done;
}
