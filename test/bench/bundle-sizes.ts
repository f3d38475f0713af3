import { benchBundles } from './bundles.ts';
import { atMost, type Figure } from './figures.ts';

const LIMIT_KB = 900;
const EXPORT_LIMIT_KB = 1800;

/** Minified code of each function, lazily loaded chunks included, source maps not. */
export async function bundleSizes(): Promise<readonly Figure[]> {
  const functions = await benchBundles();
  return functions.map(({ name, bytes }) => ({
    what: name,
    ...atMost(bytes / 1000, name === 'report-export' ? EXPORT_LIMIT_KB : LIMIT_KB, 'kB', 0),
  }));
}
