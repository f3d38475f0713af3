import { buildFunctions } from '../../infra/build.ts';
import type { Figure } from './figures.ts';

const LIMIT_KB = 900;
const EXPORT_LIMIT_KB = 1800;

/** Minified code of each function, lazily loaded chunks included, source maps not. */
export async function bundleSizes(): Promise<readonly Figure[]> {
  const functions = await buildFunctions();
  return functions.map(({ name, bytes }) => {
    const kilobytes = bytes / 1000;
    const limit = name === 'report-export' ? EXPORT_LIMIT_KB : LIMIT_KB;
    return { what: name, value: `${kilobytes.toFixed(0)} kB`, budget: `≤ ${limit} kB`, within: kilobytes <= limit };
  });
}
