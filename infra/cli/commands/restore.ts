import { createSetHighWater } from '../../../functions/adapters/dynamodb/set-high-water.ts';
import {
  type AfterRestore,
  createAfterRestore,
  type RestoredConnection,
} from '../../../functions/core/connections/after-restore.ts';
import { NotFoundError } from '../../../functions/core/errors.ts';
import { suggestion } from '../../../functions/core/nearest.ts';
import { createConnectionEvents } from '../../../functions/core/tokens/connection-events.ts';
import { actor } from '../audit.ts';
import { EXIT } from '../exit.ts';
import type { Services } from '../services.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { relative } from '../words.ts';
import type { CommandContext } from './context.ts';

export interface RestoreOptions {
  readonly trust?: readonly string[];
  readonly yes?: boolean;
}

/**
 * `steward restore`: after the tables came out of a backup, and before the service runs again. Holds every connection whose
 * refresh token rotates, or lets those go on that somebody vouches for.
 */
export async function restoreCommand(context: CommandContext, options: RestoreOptions): Promise<number> {
  const { terminal, services } = context;
  const { connections: store, stateTable, target, clock } = services;
  const after = createAfterRestore({
    store,
    setHighWater: createSetHighWater(stateTable),
    events: createConnectionEvents(target.stage),
    clock,
  });
  const found = await after.look();
  return options.trust === undefined
    ? hold(context, after, found, options)
    : trust(context, after, chosen(found, options.trust), options, terminal);
}

async function hold(
  { terminal, services }: CommandContext,
  after: AfterRestore,
  found: readonly RestoredConnection[],
  { yes }: RestoreOptions,
): Promise<number> {
  if (!terminal.json) terminal.out(listed(services, terminal, found));
  const free = found.filter(({ held }) => !held);
  const question = `Hold ${free.length} connections until somebody decides?`;
  const isAgreed = free.length > 0 && (yes === true || (await terminal.confirm(question, '--yes')));
  if (isAgreed) await forEach(services, terminal, 'Holding', free, (each) => after.hold(each, actor()));
  const held = found.filter((each) => each.held || isAgreed).map(({ connection }) => connection.name);
  if (found.length > 0)
    terminal.note(
      `${held.length} of ${found.length} connections are held. For each: steward connect <name>, or steward restore --trust <name> if nothing refreshed it after the backup.`,
    );
  if (terminal.json) terminal.out(JSON.stringify({ held, free: isAgreed ? [] : free.map(nameOf) }));
  return EXIT.done;
}

async function trust(
  { services }: CommandContext,
  after: AfterRestore,
  found: readonly RestoredConnection[],
  { yes }: RestoreOptions,
  terminal: Terminal,
): Promise<number> {
  const names = found.map(nameOf);
  const question = `Present the stored refresh tokens of ${names.join(', ')}? One that was spent costs the grant.`;
  const isAgreed = yes === true || (await terminal.confirm(question, '--yes'));
  if (isAgreed) await forEach(services, terminal, 'Letting go', found, (each) => after.trust(each, actor()));
  terminal.note(isAgreed ? `${names.join(', ')}: refreshed with the next tick.` : 'Nothing was changed.');
  if (terminal.json) terminal.out(JSON.stringify({ trusted: isAgreed ? names : [] }));
  return EXIT.done;
}

async function forEach(
  services: Services,
  terminal: Terminal,
  doing: string,
  all: readonly RestoredConnection[],
  act: (each: RestoredConnection) => Promise<void>,
): Promise<void> {
  for (const [index, each] of all.entries()) {
    await act(each);
    terminal.progress(`${doing}: ${index + 1} of ${all.length}`);
  }
  await Promise.all([...new Set(all.map(({ connection }) => connection.shard))].map((shard) => services.nudge(shard)));
}

/** @throws NotFoundError naming the nearest connections */
function chosen(found: readonly RestoredConnection[], names: readonly string[]): readonly RestoredConnection[] {
  return names.map((name) => {
    const restored = found.find(({ connection }) => connection.name === name);
    if (restored !== undefined) return restored;
    throw new NotFoundError(
      `There is no connection ${name} whose refresh token rotates.${suggestion(name, found.map(nameOf))}`,
    );
  });
}

function nameOf({ connection }: RestoredConnection): string {
  return connection.name;
}

function listed({ clock }: Services, { width }: Terminal, found: readonly RestoredConnection[]): string {
  if (found.length === 0) return 'No connection has a refresh token that rotates: nothing is to be decided.';
  const at = clock.now();
  const rows = found.map(({ connection, highWater, held }) => [
    connection.name,
    connection.provider,
    String(connection.generation),
    String(highWater),
    relative(connection.lastRefreshAt, at),
    held ? 'held' : 'free',
  ]);
  return table(['connection', 'provider', 'generation', 'high water', 'refreshed', ''], rows, {
    width,
    minor: ['provider', 'high water'],
  });
}
