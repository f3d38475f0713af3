import type { Window } from './source.ts';

/**
 * Keys in the archive are functions of job and window:
 *
 *     <connection>/<job>/<from>--<to>/part-00001.csv.gz     data, as many parts and formats as it takes
 *                                     vendor-00001-<name>   a file that the provider made, in stretches
 *                                     keys-00001.hsip64     digest of the rows' keys, 8 bytes each
 *                                     summary.html          for people
 *                                     manifest.json         last; its presence means that the export is whole
 *                                     gap.json              instead of all of them, when the window was given up
 *     incomplete/<connection>/<job>/<from>--<to>/attempt-<n>/…   what could not be reconciled, with report.json
 *
 * Instants are ISO 8601 basic, UTC: `20260301T010000Z`.
 */
export function windowPrefix(connection: string, job: string, window: Window): string {
  return `${connection}/${job}/${basicInstant(window.from)}--${basicInstant(window.to)}/`;
}

/** ISO 8601 basic format to the second. Boundaries of windows are whole seconds. */
export function basicInstant(instant: Date): string {
  return `${instant.toISOString().replaceAll(/[-:]/g, '').slice(0, 15)}Z`;
}

const WINDOW = /\/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z--(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\//;

/** `<from>/<to>` of the window that a key belongs to, where nothing but its name tells. */
export function windowOfKey(key: string): string | undefined {
  return WINDOW.exec(key)?.[0].replace(WINDOW, '$1-$2-$3T$4:$5:$6.000Z/$7-$8-$9T$10:$11:$12.000Z');
}

/** `part-00001.csv`, `vendor-00002-report.csv`. */
export function numbered(kind: 'part' | 'keys' | 'vendor', index: number, rest: string): string {
  return `${kind}-${String(index).padStart(5, '0')}${rest}`;
}

/** A vendor's file name without anything that is special in keys, paths or shells. */
export function safeFileName(name: string): string {
  const kept = name.replaceAll(/[^A-Za-z0-9._-]/g, '_').replace(/^[.]+/, '_');
  return kept.slice(-80) || 'file';
}

export const MANIFEST = 'manifest.json';
export const GAP = 'gap.json';
export const SUMMARY = 'summary.html';
