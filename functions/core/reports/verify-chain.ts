import type { Finding, LocatedRecord } from './verify.ts';

/**
 * Numbers from 1 without holes, each record naming the one before by its hash; windows that adjoin. A gap that was filled
 * stays: the export that fills it comes later in the chain, names it, and covers no time of its own.
 */
export function verifyChain(job: string, records: readonly LocatedRecord[]): readonly Finding[] {
  const findings: Finding[] = [];
  let previous: LocatedRecord | undefined;
  for (const located of records) {
    const { record, key } = located;
    const window = `${record.window.from}/${record.window.to}`;
    const expected = (previous?.record.sequence ?? 0) + 1;
    if (record.sequence !== expected) {
      const message =
        record.sequence < expected
          ? `Number ${record.sequence} of the chain is there twice`
          : `Number ${expected}${record.sequence - 1 > expected ? ` to ${record.sequence - 1}` : ''} of the chain is missing`;
      findings.push({ kind: 'chain', job, window, key, message });
    } else if (record.previous?.sha256 !== previous?.sha256) {
      const said = record.previous?.sha256 ?? 'none';
      const message = `Says that the record before it is ${said}, but that is ${previous?.sha256 ?? 'none'}`;
      findings.push({ kind: 'chain', job, window, key, message });
    }
    previous = located;
  }
  const fills = fillsOf(job, records);
  const tiles = records.filter((located) => !fills.valid.has(located));
  return [...findings, ...fills.findings, ...verifyTiling(job, tiles)];
}

/** Exports that fill a gap: one each, of just the window that the gap record gave up, and later than it. */
function fillsOf(job: string, records: readonly LocatedRecord[]) {
  const valid = new Set<LocatedRecord>();
  const filled = new Set<string>();
  const findings: Finding[] = [];
  for (const located of records) {
    const { record, key } = located;
    if (record.kind === 'gap' || record.fills === undefined) continue;
    const { sequence, sha256 } = record.fills;
    const gap = records.find((other) => other.sha256 === sha256)?.record;
    const fits =
      gap?.kind === 'gap' &&
      gap.sequence === sequence &&
      gap.sequence < record.sequence &&
      gap.window.from === record.window.from &&
      gap.window.to === record.window.to;
    if (fits && !filled.has(sha256)) {
      valid.add(located);
      filled.add(sha256);
      continue;
    }
    const window = `${record.window.from}/${record.window.to}`;
    const message = `Says that it fills gap number ${sequence}, which is no gap of this window, or was filled before`;
    findings.push({ kind: 'chain', job, window, key, message });
  }
  return { valid, findings };
}

function verifyTiling(job: string, records: readonly LocatedRecord[]): readonly Finding[] {
  const findings: Finding[] = [];
  const byTime = records.toSorted((a, b) => Date.parse(a.record.window.from) - Date.parse(b.record.window.from));
  for (const [index, { record, key }] of byTime.entries()) {
    const { from, to } = record.window;
    const window = `${from}/${to}`;
    if (!(Date.parse(from) < Date.parse(to))) {
      findings.push({ kind: 'tiling', job, window, key, message: 'The window ends before it begins' });
    }
    const before = byTime[index - 1]?.record.window;
    if (before === undefined || Date.parse(before.to) === Date.parse(from)) continue;
    const gap = Date.parse(before.to) < Date.parse(from);
    const message = gap ? `Nothing covers ${before.to} to ${from}` : `${from} to ${before.to} is covered twice`;
    findings.push({ kind: 'tiling', job, window, key, message });
  }
  return findings;
}
