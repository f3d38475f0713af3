import { createPublicKey, type KeyObject } from 'node:crypto';
import { UsageError } from '../errors.ts';
import type { SignedRecord } from './manifest.ts';
import { type JobFolder, listArchive, type ListedVersion, versionFindings } from './archive-listing.ts';
import { type PinnedHead, verifyHeads } from './heads.ts';
import { verifyChain } from './verify-chain.ts';
import { verifyRecord } from './verify-record.ts';

/** A bucket or a folder, read only. */
export interface ArchiveReader {
  /** Every version of every key, keys in any order, the versions of one from the newest on. */
  list(): AsyncIterable<ListedVersion>;
  /** The bytes of this version; a folder has the newest only and ignores it. */
  read(key: string, versionId?: string): Promise<Uint8Array | undefined>;
  gunzip(bytes: Uint8Array): Uint8Array;
}

export type FindingKind =
  | 'record'
  | 'signature'
  | 'missing'
  | 'changed'
  | 'version'
  | 'rows'
  | 'schema'
  | 'chain'
  | 'tiling'
  | 'head'
  | 'stray';

/** One thing that is off, where, and what should be there. */
export interface Finding {
  readonly kind: FindingKind;
  readonly job: string;
  /** `<from>/<to>`, where it concerns one window. */
  readonly window?: string;
  readonly key?: string;
  /** First and last byte that are not what was signed. */
  readonly bytes?: readonly [number, number];
  readonly message: string;
}

export interface VerifiedJob {
  /** `<connection>/<job>`. */
  readonly job: string;
  readonly exports: number;
  readonly gaps: number;
  readonly rows: number;
  readonly parts: number;
  readonly bytes: number;
  readonly from: string;
  readonly to: string;
  /** SHA-256 of the newest record and its number: pinned elsewhere, they tell next time whether any was cut off. */
  readonly head: string;
  readonly sequence: number;
  readonly signedBy: readonly string[];
  /** Strays are none: nothing that was signed is the worse for them. */
  readonly findings: number;
}

export interface VerifyReport {
  readonly ok: boolean;
  readonly jobs: readonly VerifiedJob[];
  readonly findings: readonly Finding[];
}

/** A record with where it lies and the hash that its successor names. */
export interface LocatedRecord {
  readonly key: string;
  readonly sha256: string;
  readonly record: SignedRecord;
}

export interface VerifyArchiveOptions {
  /** What each chain must contain, because it was its head before. */
  readonly heads?: readonly PinnedHead[];
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Verifies every export in an archive against a pinned public key (PEM), with nothing but the files.
 *
 * Records, signatures, every part's bytes, rows and schema; chains without holes; windows that tile time. What cannot
 * be told from the files alone is whether the newest records were cut off: pinned heads are for that.
 *
 * @throws UsageError when the key is none
 */
export async function verifyArchive(
  reader: ArchiveReader,
  publicKey: string,
  { heads = [], onProgress = () => {} }: VerifyArchiveOptions = {},
): Promise<VerifyReport> {
  const key = readKey(publicKey);
  const listing = await listArchive(reader.list());
  const { folders, outside } = listing;
  // A record that was hidden by a delete marker is still the chain's.
  const read: ArchiveReader['read'] = (at, versionId) =>
    reader.read(at, versionId ?? (listing.isDeleted(at) ? listing.versions(at)[0] : undefined));
  const findings: Finding[] = [];
  const chains = new Map<string, readonly LocatedRecord[]>();
  const jobs: VerifiedJob[] = [];
  const total = [...folders.values()].reduce((sum, { records }) => sum + records.length, 0);
  let done = 0;
  for (const [job, { records: keys, strays }] of [...folders].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const before = findings.length;
    const located: LocatedRecord[] = [];
    for (const recordKey of keys.toSorted()) {
      const record = await verifyRecord({ ...reader, read }, key, job, recordKey, findings);
      if (record) located.push(record);
      onProgress(++done, total);
    }
    const unread = new Set(keys.filter((one) => located.every((record) => record.key !== one)).map(folderOf));
    findings.push(...versionFindings(job, located, listing), ...strayFindings(job, strays, located, unread));
    const sorted = located.toSorted((a, b) => a.record.sequence - b.record.sequence);
    findings.push(...verifyChain(job, sorted));
    chains.set(job, sorted);
    const off = findings.slice(before).filter(({ kind }) => kind !== 'stray').length;
    jobs.push(describeJob(job, sorted, off));
  }
  findings.push(...verifyHeads(heads, chains), ...outside);
  return { ok: findings.every(({ kind }) => kind === 'stray'), jobs, findings };
}

function readKey(publicKey: string): KeyObject {
  try {
    return createPublicKey(publicKey);
  } catch (error) {
    throw new UsageError('The public key is not a PEM file (-----BEGIN PUBLIC KEY-----)', { cause: error });
  }
}

/** Files that no record names: of attempts that failed, or put there by somebody. Nobody signed for them. */
function strayFindings(
  job: string,
  files: JobFolder['strays'],
  records: readonly LocatedRecord[],
  unread: ReadonlySet<string>,
): readonly Finding[] {
  const named = new Set<string>();
  const sealed = new Set<string>();
  for (const { key, record } of records) {
    sealed.add(folderOf(key));
    if (record.kind === 'gap') continue;
    for (const part of [...record.parts, record.summary]) named.add(part.key);
  }
  return [...files].flatMap(([folder, keys]): readonly Finding[] => {
    const beside = 'No manifest names this file: an attempt that failed left it, or somebody put it there';
    if (sealed.has(folder)) {
      return keys.filter((key) => !named.has(key)).map((key) => ({ kind: 'stray', job, key, message: beside }));
    }
    // Nobody knows what a record that cannot be read named.
    if (unread.has(folder)) return [];
    const message = 'A data file without a manifest beside it';
    return keys.slice(0, 1).map((key) => ({ kind: 'stray', job, key, message }));
  });
}

function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/'));
}

function describeJob(job: string, records: readonly LocatedRecord[], findings: number): VerifiedJob {
  const manifests = records.flatMap(({ record }) => (record.kind === 'export' ? [record] : []));
  const parts = manifests.flatMap((manifest) => manifest.parts);
  const froms = records.map(({ record }) => record.window.from).toSorted();
  const tos = records.map(({ record }) => record.window.to).toSorted();
  return {
    job,
    exports: manifests.length,
    gaps: records.length - manifests.length,
    rows: manifests.reduce((sum, { rows }) => sum + rows, 0),
    parts: parts.length,
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    from: froms[0] ?? '',
    to: tos.at(-1) ?? '',
    head: records.at(-1)?.sha256 ?? '',
    sequence: records.at(-1)?.record.sequence ?? 0,
    signedBy: [...new Set(records.map(({ record }) => record.signature.key))],
    findings,
  };
}
