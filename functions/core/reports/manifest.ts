import { createHash } from 'node:crypto';
import { canonicalJson, type JsonObject, type JsonValue } from '../json.ts';
import type { ArchivedObject } from './archive.ts';
import type { GroupCounts } from './groups.ts';
import type { PartFormat } from './part.ts';
import { hasRecordShape } from './record-shape.ts';
import type { Column, SchemaChange } from './schema.ts';
import type { IncompleteFigures } from '../schedules/window-store.ts';
import type { Signature, Signer } from './signer.ts';
import type { Completeness } from './source.ts';

/** One data object of an export. */
export interface ManifestPart extends ArchivedObject {
  readonly format: PartFormat;
  readonly rows: number;
  readonly gzip: boolean;
  /** Of every block, the first 32 hex digits of SHA-256: they say where a part was changed. */
  readonly blocks: readonly string[];
  /** Length of a block; 256 KiB where it is not said. */
  readonly blockBytes?: number;
}

/** What an export contains, or that and why there is none. */
interface RecordBase {
  readonly format: 'steward-manifest/1';
  readonly connection: string;
  readonly provider: string;
  readonly job: string;
  readonly source: string;
  /** ISO 8601, UTC: `from` inclusive, `to` exclusive; and the timetable that they come from. */
  readonly window: { readonly from: string; readonly to: string; readonly cron: string; readonly zone: string };
  /** Place in the job's chain, from 1 without holes. */
  readonly sequence: number;
  /** The record before it: SHA-256 (hex) over its file's bytes. `null` for the first. */
  readonly previous: { readonly key: string; readonly sha256: string } | null;
  readonly attempt: number;
  readonly codeVersion: string;
}

export interface Manifest extends RecordBase {
  readonly kind: 'export';
  readonly sourceKind: 'incremental' | 'snapshot';
  readonly options: JsonObject;
  /** When the source was read: from its first to its last page. */
  readonly observedAt: { readonly from: string; readonly to: string };
  /** Incremental sources whose rows may still change their stamp: the state of rows is that of this moment. */
  readonly asOf: string | null;
  readonly parts: readonly ManifestPart[];
  readonly summary: ArchivedObject;
  readonly rows: number;
  /** The source's own count; `null` where it has none. */
  readonly sourceTotal: number | null;
  readonly completeness: Completeness;
  readonly schema: { readonly columns: readonly Column[]; readonly sha256: string };
  readonly schemaChanges: readonly SchemaChange[];
  readonly groups: { readonly column: string; readonly counts: GroupCounts } | null;
  /** Rows that came and went since the window before, by their keys; `null` where they are not counted. */
  readonly changes: { readonly appeared: number; readonly disappeared: number } | null;
  readonly duplicates: number | null;
  readonly authorization: {
    readonly by: string | null;
    readonly at: string | null;
    readonly scopes: readonly string[] | null;
    readonly account: string | null;
  };
  readonly requests: number;
  readonly facts: JsonObject;
  /** The gap record of the same window, which stays in the chain, when it could be read after all. */
  readonly fills?: FilledGap;
}

/** A gap record by its place in the chain. */
export interface FilledGap {
  readonly sequence: number;
  readonly key: string;
  readonly sha256: string;
}

export interface GapRecord extends RecordBase {
  readonly kind: 'gap';
  readonly reason: string;
  readonly recordedAt: string;
  /** How the last attempt ended, where there was one. */
  readonly failure?: LastFailure;
}

export interface LastFailure {
  readonly attempts: number;
  readonly code: string;
  readonly message: string;
  readonly figures?: IncompleteFigures;
}

export type ChainRecord = Manifest | GapRecord;

/** A record as it lies in the archive. */
export type SignedRecord = ChainRecord & { readonly signature: Signature };

/** What the signature is over: the record without it, in the one canonical form (RFC 8785). */
export function signedText(record: ChainRecord & { readonly signature?: Signature }): string {
  const { signature: _, ...content } = record;
  return canonicalJson(content as unknown as JsonValue);
}

/** The file's bytes. Indented, for people; the signature does not depend on it. */
export async function signRecord(record: ChainRecord, signer: Signer): Promise<Uint8Array> {
  return renderRecord({ ...record, signature: await signer.sign(signedText(record)) });
}

/**
 * The only bytes that a record's file may have. A text can say more than a parser hears (a name twice, a number that
 * overflows): whoever reads such a file otherwise than we do would read what nobody signed.
 */
export function renderRecord(record: SignedRecord): Uint8Array {
  return Buffer.from(`${JSON.stringify(record, null, 2)}\n`);
}

/** Reads a record's file; `undefined` when it is not one. Says nothing about its signature. */
export function parseRecord(bytes: Uint8Array): SignedRecord | undefined {
  try {
    const record = JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown;
    return hasRecordShape(record) ? (record as SignedRecord) : undefined;
  } catch {
    return undefined;
  }
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
