import { GetObjectCommand, NoSuchKey } from '@aws-sdk/client-s3';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { parseRecord, sha256Hex } from '../../functions/core/reports/manifest.ts';
import { signatureHolds } from '../../functions/core/reports/verify-record.ts';
import type { SealedWindow } from '../../functions/core/schedules/window-store.ts';
import { MINUTE_MS } from '../../functions/core/time.ts';
import type { ExportView, RecordState } from './overview.ts';
import type { Services } from './services.ts';
import { fetchPublicKey } from './verify.ts';

/** What the overview says of a window's manifest or gap record. */
export interface ReadRecordResult {
  readonly state: RecordState;
  /** What only a manifest knows. */
  readonly facts: Pick<ExportView, 'sourceTotal' | 'completeness'>;
}

export type ReadRecord = (sealed: SealedWindow) => Promise<ReadRecordResult>;

/** A record that verified is not read again for so long: it lies under Object Lock. One that did not is read each time. */
const TRUSTED_MS = 10 * MINUTE_MS;

/** Reads records and holds them against what was sealed. Costs one read per window and ten minutes. */
export function createRecordReader(services: Services): ReadRecord {
  const known = new Map<string, { readonly until: number; readonly result: ReadRecordResult }>();
  let key: Promise<KeyObject> | undefined;
  const publicKey = () => {
    key ??= fetchPublicKey(services.kms, services.target.signingKeyArn).then((pem) => createPublicKey(pem));
    // What KMS could not say now is asked again at the next look.
    key.catch(() => (key = undefined));
    return key;
  };
  return async (sealed) => {
    const now = services.clock.now().getTime();
    const trusted = known.get(sealed.manifestKey);
    if (trusted !== undefined && trusted.until > now) return trusted.result;
    const result = judge(await fetchBytes(services, sealed.manifestKey), sealed, await publicKey());
    if (result.state === 'verified') known.set(sealed.manifestKey, { until: now + TRUSTED_MS, result });
    else known.delete(sealed.manifestKey);
    return result;
  };
}

function judge(bytes: Uint8Array | undefined, { manifestSha256 }: SealedWindow, key: KeyObject): ReadRecordResult {
  if (bytes === undefined) return { state: 'missing', facts: {} };
  const record = parseRecord(bytes);
  if (record === undefined || sha256Hex(bytes) !== manifestSha256 || !signatureHolds(record, key))
    return { state: 'altered', facts: {} };
  if (record.kind === 'gap') return { state: 'verified', facts: {} };
  const { sourceTotal, completeness } = record;
  return { state: 'verified', facts: { sourceTotal, completeness } };
}

async function fetchBytes({ s3, target }: Services, key: string): Promise<Uint8Array | undefined> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: target.archiveBucketName, Key: key }));
    return await Body?.transformToByteArray();
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    // The SDK holds the bytes against the checksum that they were stored with.
    if (error instanceof Error && error.message.startsWith('Checksum mismatch')) return new Uint8Array();
    throw error;
  }
}
