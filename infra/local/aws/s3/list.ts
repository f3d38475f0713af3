import { AwsFault, type AwsReply } from '../wire.ts';
import type { ObjectRequest } from './service.ts';
import type { ObjectVersion } from './version.ts';
import { element, xmlReply } from './xml.ts';

const MAX_KEYS = 1000;

interface Row {
  readonly key: string;
  readonly version: ObjectVersion;
  readonly latest: boolean;
}

function maxKeys(query: URLSearchParams): number {
  return Math.min(MAX_KEYS, Number(query.get('max-keys') ?? MAX_KEYS));
}

/** Keys are sent as they are, or percent-encoded where the client asked for it, as the SDK does. */
function encoder(query: URLSearchParams): (key: string) => string {
  if (query.get('encoding-type') !== 'url') return (key) => key;
  return (key) => encodeURIComponent(key).replaceAll('%2F', '/');
}

/** Folds keys that share a prefix up to the delimiter, keeping order. */
function fold(rows: readonly Row[], prefix: string, delimiter: string): readonly (Row | { readonly common: string })[] {
  const seen = new Set<string>();
  return rows.flatMap((row): (Row | { common: string })[] => {
    const end = delimiter === '' ? -1 : row.key.indexOf(delimiter, prefix.length);
    if (end < 0) return [row];
    const common = row.key.slice(0, end + delimiter.length);
    if (seen.has(common)) return [];
    seen.add(common);
    return [{ common }];
  });
}

function after(token: string | null): string | undefined {
  return token === null ? undefined : Buffer.from(token, 'base64url').toString('utf8');
}

/** ListObjectsV2: current versions, in the order of their keys. */
export function listObjects({ bucket, query }: ObjectRequest): AwsReply {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const start = after(query.get('continuation-token')) ?? query.get('start-after') ?? '';
  const limit = maxKeys(query);
  const rows = bucket.records().flatMap(({ key, versions: [version] }): Row[] => {
    const shown = version !== undefined && version.deleteMarker !== true && key.startsWith(prefix);
    return shown ? [{ key, version, latest: true }] : [];
  });
  const nameOf = (entry: Row | { common: string }) => ('common' in entry ? entry.common : entry.key);
  const entries = fold(rows, prefix, delimiter).filter(
    (entry) => Buffer.compare(Buffer.from(nameOf(entry)), Buffer.from(start)) > 0,
  );
  const page = entries.slice(0, limit);
  const last = page.at(-1);
  const truncated = entries.length > limit && last !== undefined;
  const encode = encoder(query);
  const contents = page.map((entry) =>
    'common' in entry
      ? `<CommonPrefixes>${element('Prefix', encode(entry.common))}</CommonPrefixes>`
      : `<Contents>${element('Key', encode(entry.key))}${describe(entry.version)}</Contents>`,
  );
  const head = [
    element('Name', bucket.name),
    element('Prefix', encode(prefix)),
    element('Delimiter', query.get('delimiter') ?? undefined),
    element('MaxKeys', limit),
    element('KeyCount', page.length),
    element('IsTruncated', truncated),
    element('EncodingType', query.get('encoding-type') ?? undefined),
    truncated ? element('NextContinuationToken', Buffer.from(nameOf(last)).toString('base64url')) : '',
  ];
  return xmlReply(200, 'ListBucketResult', [...head, ...contents].join(''));
}

/** ListObjectVersions: every version and delete marker, newest first within a key. */
export function listVersions({ bucket, query }: ObjectRequest): AwsReply {
  if (query.has('delimiter')) throw new AwsFault('NotImplemented', 'A delimiter is not served here.', 501);
  const prefix = query.get('prefix') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const versionMarker = query.get('version-id-marker');
  const limit = maxKeys(query);
  const all = bucket
    .records()
    .filter(({ key }) => key.startsWith(prefix))
    .flatMap(({ key, versions }) => versions.map((version, index): Row => ({ key, version, latest: index === 0 })));
  const marked = all.findIndex(({ key, version }) => key === keyMarker && version.versionId === versionMarker);
  const beyond = (row: Row) => Buffer.compare(Buffer.from(row.key), Buffer.from(keyMarker)) > 0;
  const rows = marked >= 0 ? all.slice(marked + 1) : all.filter(beyond);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const truncated = rows.length > limit && last !== undefined;
  const encode = encoder(query);
  const contents = page.map(({ key, version, latest }) => {
    const name = version.deleteMarker === true ? 'DeleteMarker' : 'Version';
    const ids = element('Key', encode(key)) + element('VersionId', version.versionId) + element('IsLatest', latest);
    return `<${name}>${ids}${describe(version)}</${name}>`;
  });
  const head = [
    element('Name', bucket.name),
    element('Prefix', encode(prefix)),
    element('MaxKeys', limit),
    element('IsTruncated', truncated),
    element('EncodingType', query.get('encoding-type') ?? undefined),
    truncated ? element('NextKeyMarker', encode(last.key)) : '',
    truncated ? element('NextVersionIdMarker', last.version.versionId) : '',
  ];
  return xmlReply(200, 'ListVersionsResult', [...head, ...contents].join(''));
}

function describe(version: ObjectVersion): string {
  const modified = element('LastModified', new Date(version.lastModified).toISOString());
  if (version.deleteMarker === true) return modified;
  return [
    modified,
    element('ETag', `"${version.etag}"`),
    element('Size', version.bytes),
    element('StorageClass', 'STANDARD'),
  ].join('');
}
