import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type BuiltFunction, buildFunctions } from '../../infra/build.ts';
import { type FunctionName, functionShape } from '../../infra/functions.ts';

const ROOM = fileURLToPath(new URL('../../.build/bench/', import.meta.url));

/** Built apart from `.build/functions`, so that a service that runs meanwhile keeps its bundles. */
export function benchBundles(): Promise<BuiltFunction[]> {
  return buildFunctions({ outdir: `${ROOM}functions` });
}

/** A handler that does nothing: what Node itself and the runtime client take. */
export function emptyHandler(): string {
  const directory = `${ROOM}empty`;
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}/index.mjs`, 'export const handler = async () => ({ statusCode: 400 });\n');
  return directory;
}

/** A function's environment variables, filled with something that its configuration takes without complaint. */
export function environmentOf(name: string): Readonly<Record<string, string>> {
  const { environment } = functionShape(name as FunctionName);
  return Object.fromEntries(environment.map((variable) => [variable, valueFor(variable)]));
}

function valueFor(variable: string): string {
  if (variable === 'TOPIC_ARNS') return '{}';
  if (variable === 'SHARD_COUNT') return '1';
  return variable.endsWith('_URL') ? 'https://steward.example' : 'x';
}
