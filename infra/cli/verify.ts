import { GetPublicKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import type { S3Client } from '@aws-sdk/client-s3';
import { createPublicKey } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { NotFoundError } from '../../functions/core/errors.ts';
import { parseHeads, type PinnedHead, renderHeads } from '../../functions/core/reports/heads.ts';
import { type Finding, verifyArchive, type VerifyReport } from '../../functions/core/reports/verify.ts';
import { EXIT } from './exit.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';
import { openBucket, openFolder } from './verify-readers.ts';

export interface VerifyOptions {
  /** `s3://bucket[/prefix]` or a folder. */
  readonly location: string;
  /** The pinned public key, PEM: from a file (`readPublicKey`) or, for a first look, from KMS (`fetchPublicKey`). */
  readonly publicKey: string;
  /** Made only for a bucket. */
  readonly s3: () => S3Client;
  /** What was the newest record of a job before, and has to be in its chain still. */
  readonly heads?: readonly PinnedHead[];
  /** Where the newest records are written down for next time, if everything verifies. */
  readonly headsOut?: string;
}

/** `steward verify <s3 uri or folder> --key <public key>`. Exit code 1 when anything is off. */
export async function verifyCommand(terminal: Terminal, options: VerifyOptions): Promise<number> {
  const { location, publicKey, s3, heads = [], headsOut } = options;
  const reader = location.startsWith('s3://') ? openBucket(s3(), location) : openFolder(location);
  const onProgress = (done: number, total: number) =>
    terminal.progress(`Verifying ${location}: ${done} of ${total} windows`);
  const report = await verifyArchive(reader, publicKey, { heads, onProgress });
  if (report.jobs.length === 0 && heads.length === 0) {
    throw new NotFoundError(`${location} holds no exports: name the folder or bucket that has <connection>/<job>/`);
  }
  if (terminal.json) terminal.out(JSON.stringify(report));
  else showReport(terminal, report);
  if (headsOut !== undefined) await keepHeads(terminal, headsOut, report);
  return report.ok ? EXIT.done : EXIT.failed;
}

/** Heads of an archive that does not verify are not worth pinning, and those from before may be all that is left. */
async function keepHeads(terminal: Terminal, file: string, { ok, jobs }: VerifyReport): Promise<void> {
  if (!ok) return terminal.note(`${file} was left as it is.`);
  await writeFile(`${file}.new`, renderHeads(jobs));
  await rename(`${file}.new`, file);
  terminal.note(`The newest record of each job is written down in ${file}: keep it apart from the archive.`);
}

/** @throws NotFoundError when the file is not there @throws UsageError when it holds something else */
export async function readHeads(file: string): Promise<readonly PinnedHead[]> {
  try {
    return parseHeads(await readFile(file, 'utf8'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new NotFoundError(`There are no heads in ${file}. Write them the first time with: --heads-out ${file}`, {
      cause,
    });
  }
}

/** @throws NotFoundError when the file is not there */
export async function readPublicKey(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new NotFoundError(`There is no public key in ${file}. Get it once with: steward verify --print-key`, {
      cause: error,
    });
  }
}

/** The signing key's public half from KMS, as PEM. Verifying with it trusts the account; a pinned file does not. */
export async function fetchPublicKey(client: KMSClient, keyArn: string): Promise<string> {
  const { PublicKey } = await client.send(new GetPublicKeyCommand({ KeyId: keyArn }));
  if (PublicKey === undefined) throw new NotFoundError(`KMS gave no public key for ${keyArn}`);
  const key = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

/** Findings shown before the rest is only counted; `--json` has all. */
const SHOWN = 50;

function showReport(terminal: Terminal, { jobs, findings, ok }: VerifyReport): void {
  const rows = jobs.map((job) => [
    job.job,
    String(job.exports),
    String(job.gaps),
    String(job.rows),
    String(job.parts),
    job.from.slice(0, 16),
    job.to.slice(0, 16),
    job.head === '' ? '–' : `${job.sequence} ${job.head.slice(0, 12)}`,
    job.findings === 0 ? terminal.paint('good', 'verified') : terminal.paint('bad', `${job.findings} off`),
  ]);
  terminal.out(
    table(['Job', 'Exports', 'Gaps', 'Rows', 'Parts', 'From', 'To', 'Newest record', ''], rows, {
      width: terminal.width,
      minor: ['Newest record', 'Parts', 'From', 'Gaps'],
    }),
  );
  for (const finding of findings.slice(0, SHOWN)) terminal.out(findingText(finding));
  if (findings.length > SHOWN) terminal.out(`… and ${findings.length - SHOWN} more`);
  const strays = findings.filter(({ kind }) => kind === 'stray').length;
  if (strays > 0) {
    const text = strays === 1 ? 'One file is' : `${strays} files are`;
    terminal.out(terminal.paint('warn', `${text} named by no manifest: nobody signed for what is in it.`));
  }
  terminal.out(
    ok ? terminal.paint('good', 'Everything verifies.') : terminal.paint('bad', 'This archive does not verify.'),
  );
}

function findingText({ kind, job, window, key, message }: Finding): string {
  const where = key ?? job;
  return `${kind.padEnd(9)} ${where}${window === undefined ? '' : `\n          window ${window}`}\n          ${message}`;
}
