import { EVENT_SCHEMAS, EVENT_TYPES, meaningOf } from '../../../functions/core/event-schemas.ts';
import type { EventType } from '../../../functions/core/events.ts';
import { EXIT } from '../exit.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';

/** `steward alerts schema`: what is published, and what each of it looks like. */
export function schemaCommand(terminal: Terminal, type: EventType | undefined): number {
  if (type !== undefined) terminal.out(JSON.stringify(EVENT_SCHEMAS[type], null, 2));
  else if (terminal.json) terminal.out(JSON.stringify(EVENT_SCHEMAS));
  else
    terminal.out(
      table(
        ['event', 'is published when'],
        EVENT_TYPES.map((each) => [each, meaningOf(each)]),
        { width: terminal.width },
      ),
    );
  return EXIT.done;
}
