/** What a look at the registry came to. */
export interface Verdict {
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly text: string;
}

/** A version that somebody smuggled in is usually found and withdrawn within days (S89). */
export const MINIMUM_AGE_DAYS = 7;
const DAY_MS = 86_400_000;

/** What `npm audit --json` printed. A registry without advisories answers with an error, which proves nothing. */
export function judgeAudit(printed: string): Verdict {
  const report = parsed(printed);
  const counts = report?.['metadata'] === undefined ? undefined : countsOf(report['metadata']);
  if (counts === undefined) {
    const reason = typeof report?.['message'] === 'string' ? report['message'] : 'no answer';
    return { outcome: 'skipped', text: `advisories: skipped, the registry has none (${reason})` };
  }
  const found = counts.filter(([kind, count]) => kind !== 'total' && kind !== 'info' && count > 0);
  if (found.length === 0) return { outcome: 'passed', text: 'advisories: none' };
  const text = found.map(([kind, count]) => `${count} ${kind}`).join(', ');
  return { outcome: 'failed', text: `advisories: ${text}. See npm audit --omit dev, and raise what it names` };
}

/**
 * What `npm view <package> time --json` printed. A mirror's date is when it first took the version, which is never
 * before it was published: old enough there is old enough, and younger may mean either.
 */
export function judgeAge(name: string, version: string, printed: string, now: Date): Verdict {
  const time = parsed(printed)?.[version];
  const published = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(published)) return { outcome: 'skipped', text: `${name} ${version}: the registry has no date` };
  const days = Math.floor((now.getTime() - published) / DAY_MS);
  if (days >= MINIMUM_AGE_DAYS) return { outcome: 'passed', text: `${name} ${version}: ${days} days` };
  const text = `${name} ${version}: ${days} days, less than ${MINIMUM_AGE_DAYS}, or new to a mirror. Take an older version or wait`;
  return { outcome: 'failed', text };
}

function parsed(printed: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(printed);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

function countsOf(metadata: unknown): readonly (readonly [string, number])[] | undefined {
  const { vulnerabilities } = metadata as { readonly vulnerabilities?: Readonly<Record<string, number>> };
  return vulnerabilities === undefined ? undefined : Object.entries(vulnerabilities);
}
