import { randomUUID } from 'node:crypto';
import { createWorkStore } from '../../../functions/adapters/dynamodb/work-store.ts';
import { UsageError } from '../../../functions/core/errors.ts';
import { createNoteJob } from '../../../functions/core/notes/note.ts';
import { EXIT } from '../exit.ts';
import type { Services } from '../services.ts';
import type { CommandContext } from './context.ts';
import { connectionNamed } from './connections.ts';

/** `steward note <connection> <matter> <text>`: becomes a row of work; the functions write it once. */
export async function noteCommand(
  { terminal, services }: CommandContext,
  connection: string,
  matter: string,
  text: string,
): Promise<number> {
  const { health } = await connectionNamed(services, connection);
  const marker = await requestNote(services, connection, matter, text);
  terminal.note(
    health === 'connected'
      ? `The note is on its way to matter ${matter}; it carries the marker ${marker} and is written once.`
      : `The note waits until ${connection} is connected (it is ${health}): steward connect ${connection}`,
  );
  if (terminal.json) terminal.out(JSON.stringify({ connection, matter, marker }));
  return EXIT.done;
}

/** Queues a note and returns its marker. */
export async function requestNote(services: Services, name: string, action: string, text: string): Promise<string> {
  const connection = await connectionNamed(services, name);
  if (services.providers[connection.provider]?.writeNote === undefined) {
    throw new UsageError(`${connection.provider} has no file notes to write`);
  }
  const note = createNoteJob(randomUUID(), { connection: name, action, text });
  await createWorkStore(services.stateTable).add(connection.shard, {
    connection: name,
    kind: 'note',
    id: note.marker,
    payload: { ...note },
    createdAt: services.clock.now(),
    revision: randomUUID(),
    attempts: 0,
  });
  return note.marker;
}
