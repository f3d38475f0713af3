import { allEnded } from '../all-ended.ts';
import type { Collected } from './collected.ts';
import { compareKeys, type KeyComparison, KEYS_LIMIT, KEYS_SUFFIX } from './key-digest.ts';
import type { ManifestPart } from './manifest.ts';
import type { Plan } from './plan.ts';
import type { ExportDependencies } from './run-types.ts';

/**
 * Reads the key digests of this export and the last one, at most 3.2 MB, and compares them. `{}`: not comparable.
 * Two windows of an incremental source have no rows in common: there only what came twice is counted.
 */
export async function compareWithLast(
  { archive }: Pick<ExportDependencies, 'archive'>,
  plan: Plan,
  { parts, position }: Collected,
): Promise<Partial<KeyComparison>> {
  const read = (keys: readonly ManifestPart[]) =>
    allEnded(keys.map(async ({ key, versionId }) => (await archive.read(key, versionId)) ?? new Uint8Array()));
  const digests = parts.filter(({ format }) => format === 'keys');
  if (!plan.description.keyColumns || position.rows > KEYS_LIMIT) return {};
  const { compare } = plan;
  const snapshot = plan.description.kind === 'snapshot';
  const comparable =
    snapshot &&
    compare !== null &&
    (compare.rows === 0 || compare.keys.length > 0) &&
    compare.keys.every(({ key }) => key.endsWith(KEYS_SUFFIX)) &&
    compare.rows <= KEYS_LIMIT;
  return compareKeys(await read(digests), comparable ? await read(compare.keys) : undefined);
}
