/**
 * Whether an object anywhere in a JSON text names a member twice.
 *
 * `JSON.parse` keeps the last of them, other parsers the first: two readers of one text would not see the same (S33).
 * The text is taken to be JSON already; one pass, no recursion.
 */
export function hasDuplicateMembers(text: string): boolean {
  /** The names of each object that is open, innermost last; an array has none. */
  const seen: (Set<string> | undefined)[] = [];
  let at = 0;
  let mayBeName = false;
  while (at < text.length) {
    const character = text[at];
    if (character === '"') {
      const end = stringEnd(text, at);
      const members = seen.at(-1);
      if (mayBeName && members !== undefined) {
        const name = memberName(text.slice(at, end));
        if (members.has(name)) return true;
        members.add(name);
        mayBeName = false;
      }
      at = end;
      continue;
    }
    if (character === '{' || character === '[') {
      seen.push(character === '{' ? new Set() : undefined);
      mayBeName = true;
    } else if (character === '}' || character === ']') {
      seen.pop();
    } else if (character === ',') {
      mayBeName = true;
    }
    at += 1;
  }
  return false;
}

/** One past the closing quote. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** Decoded, so that two spellings of one name are one name. */
function memberName(literal: string): string {
  try {
    return String(JSON.parse(literal));
  } catch {
    return literal;
  }
}
