// Writes infra/cli/steward.schema.json anew: node infra/cli/configuration/write-schema.ts
import { writeFileSync } from 'node:fs';
import { PROVIDERS } from '../../../functions/providers/registry.ts';
import { configurationSchema } from './json-schema.ts';

const FILE = new URL('../steward.schema.json', import.meta.url);
writeFileSync(FILE, `${JSON.stringify(configurationSchema(PROVIDERS), null, 2)}\n`);
