import { UsageError } from '../errors.ts';
import type { Finding, LocatedRecord, VerifiedJob } from './verify.ts';

/**
 * The newest record of a chain, as somebody wrote it down outside the archive. Files alone cannot tell that the newest
 * windows were deleted: a chain that was cut off is a shorter chain. One that lacks what was its head is found out.
 */
export interface PinnedHead {
  /** `<connection>/<job>`, or the job alone. */
  readonly job: string;
  readonly sha256: string;
  /** Its number, where it was written down: then the message can say it. */
  readonly sequence?: number;
}

const SHA256 = /^[0-9a-f]{64}$/;

const TITLE =
  '# Heads of an archive: SHA-256 of the newest record of each job, its number, the job. Keep them elsewhere.';

/** One line per job. The next `steward verify --heads` reads it. */
export function renderHeads(jobs: readonly VerifiedJob[]): string {
  const lines = jobs.filter(({ head }) => head !== '').map(({ head, sequence, job }) => `${head}  ${sequence}  ${job}`);
  return `${[TITLE, ...lines].join('\n')}\n`;
}

/** @throws UsageError naming the line that is none */
export function parseHeads(text: string): readonly PinnedHead[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const [sha256 = '', sequence = '', job = ''] = line.trim().split(/\s+/);
    if (!SHA256.test(sha256) || !/^[1-9][0-9]{0,8}$/.test(sequence) || job === '') {
      throw new UsageError(`Line ${index + 1} of the heads is not "<sha256>  <number>  <connection>/<job>": ${line}`);
    }
    return [{ job, sha256, sequence: Number(sequence) }];
  });
}

/** `<job>=<sha256>`. @throws UsageError */
export function parseHead(text: string): PinnedHead {
  const [job = '', sha256 = ''] = text.split('=');
  if (job === '' || !SHA256.test(sha256)) {
    throw new UsageError(
      `${text} is not <job>=<sha256>, with the 64 hex digits that steward verify --json names "head"`,
    );
  }
  return { job, sha256 };
}

/** What was pinned and is in no chain of its job. */
export function verifyHeads(
  pins: readonly PinnedHead[],
  chains: ReadonlyMap<string, readonly LocatedRecord[]>,
): readonly Finding[] {
  return pins.flatMap((pin): readonly Finding[] => {
    const of = [...chains].filter(([job]) => job === pin.job || job.endsWith(`/${pin.job}`));
    if (of.some(([, records]) => records.some(({ sha256 }) => sha256 === pin.sha256))) return [];
    const number = pin.sequence === undefined ? '' : `, number ${pin.sequence},`;
    const what = `The record ${pin.sha256}${number} was in this chain and is not any more`;
    const ends = of.map(([, records]) => records.at(-1)?.record.sequence ?? 0);
    const now =
      ends.length === 0 ? 'there are no records of this job' : `the chain ends with number ${Math.max(...ends)}`;
    return [{ kind: 'head', job: of[0]?.[0] ?? pin.job, message: `${what}: ${now}. It was deleted or written anew` }];
  });
}
