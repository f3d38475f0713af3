/** Letters that have to be changed, added or taken away to make `a` of `b` (Levenshtein). */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** The names that `word` was probably meant to be, nearest first. */
export function nearest(word: string, names: readonly string[], limit = 3): readonly string[] {
  const wanted = word.toLowerCase();
  const near = (name: string) => {
    const candidate = name.toLowerCase();
    return candidate.includes(wanted) || wanted.includes(candidate) ? 1 : distance(wanted, candidate);
  };
  return names
    .map((name) => ({ name, score: near(name) }))
    .filter(({ name, score }) => score <= Math.max(2, Math.ceil(name.length / 3)))
    .toSorted((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1))
    .slice(0, limit)
    .map(({ name }) => name);
}

/** ` Did you mean x or y?`, or what there is at all, or nothing. */
export function suggestion(word: string, names: readonly string[]): string {
  const candidates = nearest(word, names);
  if (candidates.length > 0) return ` Did you mean ${candidates.join(' or ')}?`;
  return names.length === 0 || names.length > 20 ? '' : ` There is: ${names.join(', ')}.`;
}
