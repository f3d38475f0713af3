// Records an item of every kind as this version writes it: `npm run record-items`. Run it for a kind that is
// new. What is recorded stays as it is: later versions have to read it.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { startTestDynamo } from './dynamo.ts';
import { allItems, fixtureFile, toPlain } from './item-fixtures.ts';
import { STORED_KINDS } from './stored-kinds.ts';

const SCHEMA = '1';

for (const [kind, { write, read }] of Object.entries(STORED_KINDS)) {
  const file = fixtureFile(SCHEMA, kind);
  if (existsSync(file)) continue;
  const dynamo = await startTestDynamo();
  try {
    await write(dynamo);
    const items = await allItems(dynamo);
    const fixture = { kind, items, read: await read(dynamo) };
    mkdirSync(new URL('.', file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(toPlain(fixture), null, 2)}\n`);
    console.log(`${kind}: ${items.length} items`);
  } finally {
    await dynamo.stop();
  }
}
