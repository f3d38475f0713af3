// Writes the JSON Schemas of steward.yaml, its overlays and all events anew: npm run schema
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { EVENT_SCHEMAS } from '../../../functions/core/event-schemas.ts';
import { PROVIDERS } from '../../../functions/providers/registry.ts';
import { configurationSchema, overlaySchema } from './json-schema.ts';

const CLI = new URL('../', import.meta.url);
write('steward.schema.json', configurationSchema(PROVIDERS));
write('steward.overlay.schema.json', overlaySchema(PROVIDERS));
rmSync(new URL('events/', CLI), { recursive: true, force: true });
mkdirSync(new URL('events/', CLI));
for (const [type, schema] of Object.entries(EVENT_SCHEMAS)) write(`events/${type}.schema.json`, schema);

function write(path: string, schema: object): void {
  writeFileSync(new URL(path, CLI), `${JSON.stringify(schema, null, 2)}\n`);
}
