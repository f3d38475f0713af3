import { readEnvironment } from '../core/environment.ts';

/** What the stack has to set. A template test compares this list with the function's environment. */
export const ENVIRONMENT = [
  'STAGE',
  'SHARD_COUNT',
  'CONNECTIONS_TABLE_NAME',
  'STATE_TABLE_NAME',
  'SEALING_KEY_ARN',
  'PUBLIC_BASE_URL',
  'PUBLISHER_FUNCTION_NAME',
] as const;

export function readConfig(environment: Readonly<Record<string, string | undefined>>) {
  return readEnvironment(ENVIRONMENT, environment);
}
