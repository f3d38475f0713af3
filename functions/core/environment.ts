import { ConfigInvalidError } from './errors.ts';

/**
 * Reads a function's environment variables, all of them required.
 *
 * @throws ConfigInvalidError naming every missing variable at once, so that one deploy mends them all.
 */
export function readEnvironment<const Names extends readonly string[]>(
  names: Names,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<Names[number], string>> {
  const missing = names.filter((name) => !environment[name]);
  if (missing.length > 0) throw new ConfigInvalidError(`Missing environment variables: ${missing.join(', ')}`);
  return Object.fromEntries(names.map((name) => [name, environment[name]])) as Readonly<Record<Names[number], string>>;
}
