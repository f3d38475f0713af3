import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, visit } from 'yaml';

/** What of a document means nothing, and where it stands. */
export interface Complaint {
  readonly offset: number;
  readonly message: string;
}

/**
 * Finds what the YAML package stumbles over when it makes values of a document, without a word of where: an alias of an
 * anchor that is not there, a merge (`<<`) of something without members, a member's name that is no word.
 *
 * One pass, and anchors noted on the way: asked for each alias, the package would go through all of the document.
 */
export function complaintAbout(document: Document): Complaint | undefined {
  const anchors = new Map<string, unknown>();
  const resolved = (node: unknown) => (isAlias(node) ? anchors.get(node.source) : node);
  let found: Complaint | undefined;
  const complain = (node: unknown, message: string) => {
    found = { offset: (node as Node | null)?.range?.[0] ?? 0, message };
    return visit.BREAK;
  };
  visit(document, {
    Value(_key, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
    Alias(_key, alias) {
      if (anchors.has(alias.source)) return undefined;
      return complain(alias, `*${alias.source} stands for nothing: there is no &${alias.source} above it`);
    },
    Pair(_key, pair) {
      if (!isWord(pair.key)) return complain(pair.key, 'a member’s name must be a word');
      if (!isMerge(pair.key) || sourcesOf(pair, resolved).every((source) => isMap(source))) return undefined;
      return complain(pair.key, '<< takes the alias of a map, or a list of such');
    },
  });
  return found;
}

function isWord(key: unknown): key is Scalar {
  return isScalar(key) && (key.value === null || typeof key.value !== 'object');
}

function isMerge({ source, type }: Scalar): boolean {
  return source === '<<' && type === 'PLAIN';
}

function sourcesOf({ value }: Pair, resolved: (node: unknown) => unknown): readonly unknown[] {
  const source = resolved(value);
  return isSeq(source) ? source.items.map(resolved) : [source];
}
