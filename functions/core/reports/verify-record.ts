import { type KeyObject, verify as verifySignature } from 'node:crypto';
import type { ArchivedObject } from './archive.ts';
import { changedRanges, DEFAULT_BLOCK_BYTES } from './blocks.ts';
import { countCsvRows, countLines } from './count-rows.ts';
import {
  type Manifest,
  type ManifestPart,
  parseRecord,
  renderRecord,
  sha256Hex,
  type SignedRecord,
  signedText,
} from './manifest.ts';
import { GAP, MANIFEST, windowOfKey, windowPrefix } from './names.ts';
import { schemaHash } from './schema.ts';
import type { ArchiveReader, Finding, FindingKind, LocatedRecord } from './verify.ts';

/** Verifies one record and all that it names. What is off is added to `findings`. */
export async function verifyRecord(
  reader: ArchiveReader,
  publicKey: KeyObject,
  job: string,
  key: string,
  findings: Finding[],
): Promise<LocatedRecord | undefined> {
  const bytes = await reader.read(key);
  const record = bytes && parseRecord(bytes);
  if (bytes === undefined || record === undefined) {
    const message = 'Not a manifest or gap record that can be read';
    const place = windowOfKey(key);
    findings.push({ kind: 'record', job, ...(place === undefined ? {} : { window: place }), key, message });
    return undefined;
  }
  const window = `${record.window.from}/${record.window.to}`;
  const add = (kind: FindingKind, message: string, at: string = key, range?: readonly [number, number]) =>
    findings.push({ kind, job, window, key: at, message, ...(range ? { bytes: range } : {}) });
  const prefix = windowPrefix(record.connection, record.job, {
    from: new Date(record.window.from),
    to: new Date(record.window.to),
  });
  const place = `${prefix}${record.kind === 'gap' ? GAP : MANIFEST}`;
  if (!signatureHolds(record, publicKey)) add('signature', 'The signature does not fit the content and the key');
  else if (!Buffer.from(renderRecord(record)).equals(bytes)) add('record', 'The file says more than was signed');
  else if (record.kind === 'export') await verifyExport(reader, record, prefix, add);
  if (key !== place) add('record', `Belongs under ${place}`);
  return { key, sha256: sha256Hex(bytes), record };
}

type Add = (kind: FindingKind, message: string, at?: string, range?: readonly [number, number]) => unknown;

/** Whether the record was signed by this key, and is what it signed. */
export function signatureHolds(record: SignedRecord, publicKey: KeyObject): boolean {
  const { signature } = record;
  if (signature?.algorithm !== 'ECDSA_SHA_256' || typeof signature.value !== 'string') return false;
  try {
    return verifySignature(
      'sha256',
      Buffer.from(signedText(record)),
      publicKey,
      Buffer.from(signature.value, 'base64'),
    );
  } catch {
    return false;
  }
}

/** Follows what a manifest names; what nobody signed is not followed. */
async function verifyExport(reader: ArchiveReader, manifest: Manifest, prefix: string, add: Add): Promise<void> {
  if (schemaHash(manifest.schema.columns) !== manifest.schema.sha256) add('schema', 'The schema’s hash is not its own');
  const named = new Set<string>();
  for (const part of manifest.parts) {
    if (named.has(part.key) || !part.key.startsWith(prefix)) add('record', `Names ${part.key}, which is not its own`);
    named.add(part.key);
    const bytes = await verifyObject(reader, part, add);
    if (bytes) verifyRows(reader, part, bytes, add);
  }
  await verifyObject(reader, manifest.summary, add);
  const formats = new Map<string, number>();
  for (const { format, rows } of manifest.parts) formats.set(format, (formats.get(format) ?? 0) + rows);
  for (const format of ['csv', 'jsonl', 'parquet']) {
    const rows = formats.get(format);
    if (rows !== undefined && rows !== manifest.rows) {
      add('rows', `The ${format} parts have ${rows} rows, the manifest says ${manifest.rows}`);
    }
  }
}

async function verifyObject(
  reader: ArchiveReader,
  object: ArchivedObject & Partial<Pick<ManifestPart, 'blocks' | 'blockBytes'>>,
  add: Add,
): Promise<Uint8Array | undefined> {
  const bytes = await reader.read(object.key, object.versionId);
  if (bytes === undefined) {
    add('missing', `Version ${object.versionId} is not there`, object.key);
    return undefined;
  }
  const actual = sha256Hex(bytes);
  if (actual === object.sha256) return bytes;
  const ranges = rangesOf(bytes, object);
  const size = bytes.byteLength === object.bytes ? '' : `It has ${bytes.byteLength} bytes instead of ${object.bytes}. `;
  for (const range of ranges) {
    const where = `Bytes ${range[0]} to ${range[1]} are not what was signed`;
    add('changed', `${where}. ${size}SHA-256 is ${actual} instead of ${object.sha256}`, object.key, range);
  }
  return undefined;
}

/** A file whose blocks were not hashed is one block; so is one whose blocks tell of no change. */
function rangesOf(
  bytes: Uint8Array,
  object: Parameters<typeof verifyObject>[1],
): readonly (readonly [number, number])[] {
  const { blocks: hashes = [], blockBytes = DEFAULT_BLOCK_BYTES } = object;
  const ranges = hashes.length === 0 ? [] : changedRanges(bytes, { bytes: blockBytes, hashes }, object.bytes);
  return ranges.length > 0 ? ranges : [[0, Math.max(bytes.byteLength, object.bytes, 1) - 1]];
}

function verifyRows(reader: ArchiveReader, part: ManifestPart, bytes: Uint8Array, add: Add): void {
  if (part.format !== 'csv' && part.format !== 'jsonl') return;
  const plain = part.gzip ? unzipped(reader, bytes) : bytes;
  if (plain === undefined) {
    add('rows', 'Cannot be unpacked', part.key);
    return;
  }
  const rows = part.format === 'csv' ? countCsvRows(plain) : countLines(plain);
  if (rows !== part.rows) add('rows', `Has ${rows} rows, the manifest says ${part.rows}`, part.key);
}

function unzipped(reader: ArchiveReader, bytes: Uint8Array): Uint8Array | undefined {
  try {
    return reader.gunzip(bytes);
  } catch {
    return undefined;
  }
}
