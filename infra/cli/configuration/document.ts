import { isMap, isPair, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import { ConfigInvalidError } from '../../../functions/core/errors.ts';
import { suggestion } from '../../../functions/core/nearest.ts';
import { MAX_ALIASES } from '../../usage.ts';
import { complaintAbout } from './references.ts';
import { type ConfigurationTexts, type ConfigurationText, mergeOverlay } from './overlay.ts';

/** A path into the file: `['connections', 'acme', 'region']`. */
export type Path = readonly (string | number)[];

/** A YAML text whose problems can be pointed at. */
export interface ConfigurationDocument {
  readonly value: unknown;
  /** The error to throw about what stands at `path`: file, line and column first. */
  invalid(path: Path, message: string): ConfigInvalidError;
}

/** One file of a configuration. */
interface ConfigurationPart {
  readonly value: unknown;
  /** How much of `path` stands in this file, counted from its root. */
  depth(path: Path): number;
  invalid(path: Path, message: string): ConfigInvalidError;
}

/**
 * Reads a configuration with its overlay laid over it. A problem is pointed at where what is wrong was written: in the
 * overlay if it says anything there, else in the file beneath.
 *
 * @throws ConfigInvalidError `file:line:column: what is wrong`
 */
export function readDocument({ overlay, ...base }: ConfigurationTexts): ConfigurationDocument {
  const lower = readPart(base);
  if (overlay === undefined) return lower;
  const upper = readPart(overlay);
  const value = mergeOverlay(lower.value ?? {}, upper.value ?? {}, (path, beside) => {
    throw upper.invalid(
      path,
      `takes away what ${base.fileName} does not have.${suggestion(path.at(-1) ?? '', beside)}`,
    );
  });
  const partOf = (path: Path) => (upper.depth(path) > 0 && upper.depth(path) >= lower.depth(path) ? upper : lower);
  return { value, invalid: (path, message) => partOf(path).invalid(path, message) };
}

/** YAML, of which JSON is a part. Anchors, aliases, merge keys (`<<`) and comments are taken, custom tags are not. */
function readPart({ fileName, text }: ConfigurationText): ConfigurationPart {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, merge: true });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${fileName}:${line}:${col}`;
  };
  const [broken] = document.errors;
  if (broken !== undefined) throw new ConfigInvalidError(`${at(broken.pos[0])}: ${broken.message}`);
  const complaint = complaintAbout(document);
  if (complaint !== undefined) throw new ConfigInvalidError(`${at(complaint.offset)}: ${complaint.message}`);
  return {
    value: valueOf(at(0), document),
    depth: (path) => placeOf(document, path).depth,
    invalid: (path, message) =>
      new ConfigInvalidError(`${at(placeOf(document, path).offset)}: ${label(path)}${message}`),
  };
}

function valueOf(place: string, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown;
  } catch (error) {
    throw new ConfigInvalidError(`${place}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function label(path: Path): string {
  return path.length === 0 ? '' : `${path.map(shown).join('.')} `;
}

/** A name that somebody wrote, on one line and without anything that a terminal obeys. */
function shown(name: string | number): string {
  return /^[\p{L}\p{N}_.#-]*$/u.test(String(name)) ? String(name) : JSON.stringify(name);
}

/** Where the value at `path` begins; where it is missing, where its nearest parent's key stands. */
function placeOf(document: Document, path: Path): { readonly offset: number; readonly depth: number } {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    if (!isMap(parent)) {
      const node = document.getIn(path.slice(0, length), true);
      if (isScalar(node) && node.range) return { offset: node.range[0], depth: length };
      continue;
    }
    const pair = parent.items.find(
      (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(last),
    );
    if (pair !== undefined && isScalar(pair.key) && pair.key.range) return { offset: pair.key.range[0], depth: length };
  }
  return { offset: 0, depth: 0 };
}
