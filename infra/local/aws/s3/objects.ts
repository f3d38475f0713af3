import { createHash } from 'node:crypto';
import { AwsFault, type AwsReply } from '../wire.ts';
import { decodeAwsChunked } from './aws-chunked.ts';
import { verifiedChecksums } from './checksums.ts';
import { refuseIfRetained, retentionHeaders, retentionOf } from './retention.ts';
import type { ObjectRequest } from './service.ts';
import { NULL_VERSION, type ObjectVersion } from './version.ts';

const KEPT_HEADERS =
  /^(content-type|content-encoding|content-disposition|content-language|cache-control|expires|x-amz-meta-.+)$/;

/** PutObject: conditions first, then every checksum, then the object with its retention in one go. */
export function putObject(request: ObjectRequest): AwsReply {
  const { bucket, key, headers } = request;
  const chunked = headers['x-amz-content-sha256']?.startsWith('STREAMING-') === true;
  const { data, trailers } = chunked ? decodeAwsChunked(request.body) : { data: request.body, trailers: {} };
  const declared = headers['x-amz-decoded-content-length'];
  if (declared !== undefined && Number(declared) !== data.length) {
    throw new AwsFault('IncompleteBody', 'You did not provide the number of bytes specified by the length header');
  }
  const checksums = verifiedChecksums({ ...headers, ...trailers }, data);
  refuseOnCondition(request);
  const retention = retentionOf(request);
  if (retention && Object.keys(checksums).length === 0 && headers['content-md5'] === undefined) {
    const message =
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters';
    throw new AwsFault('InvalidRequest', message);
  }
  const version = bucket.put(key, data, {
    bytes: data.length,
    etag: createHash('md5').update(data).digest('hex'),
    checksums,
    headers: keptHeaders(headers),
    ...(retention ? { retention } : {}),
  });
  return { status: 200, headers: { etag: `"${version.etag}"`, ...checksums, ...versionHeader(version) } };
}

function keptHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const kept = Object.entries(headers).filter(([name]) => KEPT_HEADERS.test(name));
  const withoutTransfer = kept.map(([name, value]) => [name, value.replace(/^aws-chunked,?\s*/, '')] as const);
  return Object.fromEntries(withoutTransfer.filter(([, value]) => value !== ''));
}

/** `If-None-Match: *` and `If-Match`, which make a put conditional on what is there. */
function refuseOnCondition({ bucket, key, headers }: ObjectRequest): void {
  const top = bucket.record(key)?.versions[0];
  const current = top?.deleteMarker === true ? undefined : top;
  const failed = new AwsFault(
    'PreconditionFailed',
    'At least one of the pre-conditions you specified did not hold',
    412,
  );
  const unless = headers['if-none-match'];
  if (unless !== undefined && unless !== '*') {
    throw new AwsFault('NotImplemented', 'If-None-Match takes * only.', 501);
  }
  if (unless === '*' && current) throw failed;
  const only = headers['if-match'];
  if (only === undefined) return;
  if (!current) throw new AwsFault('NoSuchKey', 'The specified key does not exist.', 404);
  if (only.replaceAll('"', '') !== current.etag) throw failed;
}

function versionHeader({ versionId }: ObjectVersion): Readonly<Record<string, string>> {
  return versionId === NULL_VERSION ? {} : { 'x-amz-version-id': versionId };
}

/** The version that a request names, or the current one. @throws AwsFault NoSuchKey, NoSuchVersion */
export function findVersion({ bucket, key, query }: ObjectRequest): ObjectVersion {
  const versions = bucket.record(key)?.versions ?? [];
  const id = query.get('versionId');
  const version = id === null ? versions[0] : versions.find(({ versionId }) => versionId === id);
  if (id !== null && !version) throw new AwsFault('NoSuchVersion', 'The specified version does not exist.', 404);
  if (id !== null && version?.deleteMarker === true) {
    throw new AwsFault('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405);
  }
  if (!version || version.deleteMarker === true) {
    throw new AwsFault('NoSuchKey', 'The specified key does not exist.', 404);
  }
  return version;
}

/** GetObject and HeadObject. */
export function getObject(request: ObjectRequest): AwsReply {
  const version = findVersion(request);
  const { headers } = request;
  const matches = (given: string) => given === '*' || given.replaceAll('"', '') === version.etag;
  if (headers['if-match'] !== undefined && !matches(headers['if-match'])) {
    throw new AwsFault('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412);
  }
  if (headers['if-none-match'] !== undefined && matches(headers['if-none-match'])) return { status: 304 };
  const range = rangeOf(headers['range'], version.bytes);
  const [from, to] = range ?? [0, version.bytes];
  const data = request.method === 'HEAD' ? '' : request.bucket.read(request.key, version.versionId).subarray(from, to);
  return {
    status: range ? 206 : 200,
    headers: {
      'accept-ranges': 'bytes',
      'content-type': 'application/octet-stream',
      ...version.headers,
      'content-length': String(to - from),
      etag: `"${version.etag}"`,
      'last-modified': new Date(version.lastModified).toUTCString(),
      ...versionHeader(version),
      ...retentionHeaders(version),
      // A checksum is that of the whole object: with a part of it, it would not fit.
      ...(range ? { 'content-range': `bytes ${from}-${to - 1}/${version.bytes}` } : version.checksums),
    },
    body: data,
  };
}

/** From, inclusive, and to, exclusive; undefined where the whole object was asked for. */
function rangeOf(header: string | undefined, bytes: number): readonly [number, number] | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const from = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const to = first === '' || last === '' ? bytes : Math.min(bytes, Number(last) + 1);
  if (from >= bytes || from >= to) throw new AwsFault('InvalidRange', 'The requested range is not satisfiable', 416);
  return [from, to];
}

/** DeleteObject: a delete marker, or with a version id that version, unless its retention forbids it. */
export function deleteObject(request: ObjectRequest): AwsReply {
  const { bucket, key, query } = request;
  const id = query.get('versionId');
  if (id === null) {
    const marker = bucket.remove(key);
    if (!marker) return { status: 204 };
    return { status: 204, headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker.versionId } };
  }
  const version = bucket.record(key)?.versions.find(({ versionId }) => versionId === id);
  if (version) {
    refuseIfRetained(version, request.headers);
    bucket.removeVersion(key, id);
  }
  const marker: Record<string, string> = version?.deleteMarker === true ? { 'x-amz-delete-marker': 'true' } : {};
  return { status: 204, headers: { 'x-amz-version-id': id, ...marker } };
}
