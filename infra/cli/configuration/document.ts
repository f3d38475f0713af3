import { isMap, isPair, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import { ConfigInvalidError } from '../../../functions/core/errors.ts';

/** A path into the file: `['connections', 'acme', 'region']`. */
export type Path = readonly (string | number)[];

/** A YAML text whose problems can be pointed at. */
export interface ConfigurationDocument {
  readonly value: unknown;
  /** The error to throw about what stands at `path`: file, line and column first. */
  invalid(path: Path, message: string): ConfigInvalidError;
}

/**
 * Reads YAML (JSON is YAML too). Anchors, aliases, merge keys (`<<`) and comments are taken, custom tags are not.
 *
 * @throws ConfigInvalidError `file:line:column: what is wrong`
 */
export function readDocument(fileName: string, text: string): ConfigurationDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, merge: true });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${fileName}:${line}:${col}`;
  };
  const [broken] = document.errors;
  if (broken !== undefined) throw new ConfigInvalidError(`${at(broken.pos[0])}: ${broken.message}`);
  return {
    value: valueOf(fileName, document),
    invalid: (path, message) => new ConfigInvalidError(`${at(offsetOf(document, path))}: ${label(path)}${message}`),
  };
}

/** Thousands of jobs may be written with one anchor; a file that grows without bound is refused. */
const MAX_ALIASES = 100_000;

function valueOf(fileName: string, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown;
  } catch (error) {
    throw new ConfigInvalidError(`${fileName}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function label(path: Path): string {
  return path.length === 0 ? '' : `${path.join('.')} `;
}

/** Where the value at `path` begins; where it is missing, where its nearest parent's key stands. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    if (!isMap(parent)) {
      const node = document.getIn(path.slice(0, length), true);
      if (isScalar(node) && node.range) return node.range[0];
      continue;
    }
    const pair = parent.items.find(
      (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(last),
    );
    if (pair !== undefined && isScalar(pair.key) && pair.key.range) return pair.key.range[0];
  }
  return 0;
}
