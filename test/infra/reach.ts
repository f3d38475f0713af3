import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** Imports of values, at the top or on first use. */
const IMPORTS = /^(?:import|export) (?!type )[^;]*?from '(\.[^']+)'|import\('(\.[^']+)'\)/gm;

/** Every file of ours that an entry reaches by imports of values, itself included. */
function reachedFrom(entry: string): string[] {
  const reached = new Set([entry]);
  for (const file of reached) {
    const text = readFileSync(file, 'utf8');
    for (const [, at = '', onUse = ''] of text.matchAll(IMPORTS)) reached.add(join(dirname(file), at + onUse));
  }
  return [...reached];
}

/** Names of the SDK commands that a function's code can send: `dynamodb/GetItem`, by adapter folder. */
export function commandsOf(functionName: string): string[] | undefined {
  const entry = join(ROOT, 'functions', functionName, 'index.ts');
  if (!existsSync(entry)) return undefined;
  const found = reachedFrom(entry).flatMap((file) => {
    const service = /adapters\/([a-z0-9-]+)\//.exec(file)?.[1];
    if (service === undefined) return [];
    return [...readFileSync(file, 'utf8').matchAll(/new ([A-Z][A-Za-z]+)Command\(/g)].map(
      ([, name]) => `${service}/${name}`,
    );
  });
  return [...new Set(found)].toSorted();
}
