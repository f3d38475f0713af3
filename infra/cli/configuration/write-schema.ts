// Writes the JSON Schemas of steward.yaml and its overlays anew: npm run schema
import { writeFileSync } from 'node:fs';
import { PROVIDERS } from '../../../functions/providers/registry.ts';
import { configurationSchema, overlaySchema } from './json-schema.ts';

const SCHEMAS = { 'steward.schema.json': configurationSchema, 'steward.overlay.schema.json': overlaySchema };
for (const [name, schemaOf] of Object.entries(SCHEMAS)) {
  writeFileSync(new URL(`../${name}`, import.meta.url), `${JSON.stringify(schemaOf(PROVIDERS), null, 2)}\n`);
}
