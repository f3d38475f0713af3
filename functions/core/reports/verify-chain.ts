import type { Finding, LocatedRecord } from './verify.ts';

/** Numbers from 1 without holes, each record naming the one before by its hash; windows that adjoin. */
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
  return [...findings, ...verifyTiling(job, records)];
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
