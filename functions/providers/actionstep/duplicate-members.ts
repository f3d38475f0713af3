/**
 * Whether the object that a JSON text holds at its top names a member twice.
 *
 * `JSON.parse` keeps the last one in silence, another parser on the way might have kept the first: such a text has no
 * one meaning. The text must be valid JSON; only its top level is looked at.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8259#section-4
 */
export function hasDuplicateMembers(text: string): boolean {
  const names = new Set<string>();
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    else if (character === '"') {
      const end = stringEnd(text, at);
      if (depth === 1 && isName(text, end)) {
        const name = JSON.parse(text.slice(at, end)) as string;
        if (names.has(name)) return true;
        names.add(name);
      }
      at = end - 1;
    }
  }
  return false;
}

/** Index after the closing quote of the string that begins at `start`. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function isName(text: string, after: number): boolean {
  let at = after;
  while (/\s/u.test(text[at] ?? '')) at += 1;
  return text[at] === ':';
}
