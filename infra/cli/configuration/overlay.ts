import { existsSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { ConfigInvalidError } from '../../../functions/core/errors.ts';

/** A file of the configuration, as it was read. */
export interface ConfigurationText {
  readonly fileName: string;
  readonly text: string;
}

/** `steward.yaml`, and beside it what one stage has otherwise. */
export interface ConfigurationTexts extends ConfigurationText {
  readonly overlay?: ConfigurationText;
}

/** `steward.yaml` of stage `production` → `steward.production.yaml`. */
export function overlayName(fileName: string, stage: string): string {
  const extension = extname(fileName);
  return `${fileName.slice(0, fileName.length - extension.length)}.${stage}${extension}`;
}

/**
 * Reads the configuration, and the overlay of `stage` where there is one. `option` is how another file is named, `example`
 * what there is to begin with.
 *
 * @throws ConfigInvalidError saying why a file cannot be read
 */
export function readConfigurationTexts(
  fileName: string,
  stage: string,
  option: '--file' | '--config',
  example = 'infra/cli/examples/steward.yaml',
): ConfigurationTexts {
  const base = { fileName, text: readText(fileName, option, example) };
  const overlay = overlayName(fileName, stage);
  return existsSync(overlay)
    ? { ...base, overlay: { fileName: overlay, text: readText(overlay, option, example) } }
    : base;
}

function readText(file: string, option: string, example: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    const what = code === 'ENOENT' ? `There is no ${file}.` : `${file} cannot be read (${code}).`;
    throw new ConfigInvalidError(`${what} Name another with ${option}; ${example} is one to begin with.`, {
      cause: error,
    });
  }
}

type Members = Readonly<Record<string, unknown>>;

/**
 * Lays one value over another as JSON Merge Patch does (RFC 7396): maps are merged, `null` takes away, anything else
 * replaces. What takes away something that is not there is handed to `onNothing`: it is a slip of the pen.
 */
export function mergeOverlay(
  base: unknown,
  overlay: unknown,
  onNothing: (path: readonly string[], beside: readonly string[]) => never,
  path: readonly string[] = [],
): unknown {
  if (!isMembers(overlay)) return overlay;
  const merged = new Map(isMembers(base) ? Object.entries(base) : []);
  const known = [...merged.keys()];
  for (const [key, value] of Object.entries(overlay)) {
    const at = [...path, key];
    if (value !== null) merged.set(key, mergeOverlay(merged.get(key), value, onNothing, at));
    else if (!merged.delete(key)) onNothing(at, known);
  }
  return Object.fromEntries(merged);
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
