import { AwsFault, type AwsReply } from '../wire.ts';
import type { ObjectRequest } from './service.ts';
import type { ObjectVersion, Retention } from './version.ts';
import { element, textOf, xmlReply } from './xml.ts';

type Headers = Readonly<Record<string, string>>;

/** The retention that a put asks for. @throws AwsFault InvalidRequest in a bucket without Object Lock */
export function retentionOf({ bucket, headers }: ObjectRequest): Retention | undefined {
  const mode = headers['x-amz-object-lock-mode'];
  const until = headers['x-amz-object-lock-retain-until-date'];
  if (mode === undefined && until === undefined) return undefined;
  if (!bucket.objectLock) throw new AwsFault('InvalidRequest', 'Bucket is missing Object Lock Configuration');
  return checked(mode, until);
}

function checked(mode: string | undefined, until: string | undefined): Retention {
  const time = Date.parse(until ?? '');
  if ((mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') || Number.isNaN(time)) {
    throw new AwsFault('MalformedXML', 'Retention needs a mode and a date to retain until.');
  }
  if (time <= Date.now()) throw new AwsFault('InvalidArgument', 'The retain until date must be in the future!');
  return { mode, until: time };
}

function isRetained({ retention }: ObjectVersion): boolean {
  return retention !== undefined && retention.until > Date.now();
}

function bypasses(headers: Headers): boolean {
  return headers['x-amz-bypass-governance-retention'] === 'true';
}

/** @throws AwsFault AccessDenied while the version is retained; governance gives way to the bypass, compliance never. */
export function refuseIfRetained(version: ObjectVersion, headers: Headers): void {
  if (!isRetained(version)) return;
  if (version.retention?.mode === 'GOVERNANCE' && bypasses(headers)) return;
  throw new AwsFault('AccessDenied', 'Access Denied because object protected by object lock.', 403);
}

/** PutObjectRetention: longer always, shorter or none only where the present one lets go. */
export function putRetention(request: ObjectRequest): AwsReply {
  const { bucket, key, headers } = request;
  if (!bucket.objectLock) throw new AwsFault('InvalidRequest', 'Bucket is missing Object Lock Configuration');
  const version = namedVersion(request);
  const xml = request.body.toString('utf8');
  const mode = textOf(xml, 'Mode');
  const until = textOf(xml, 'RetainUntilDate');
  const wanted = mode === undefined && until === undefined ? undefined : checked(mode, until);
  const held = version.retention;
  const loosens =
    held !== undefined &&
    isRetained(version) &&
    (wanted === undefined || wanted.until < held.until || (held.mode === 'COMPLIANCE' && wanted.mode !== held.mode));
  if (loosens) refuseIfRetained(version, headers);
  if (wanted === undefined) delete version.retention;
  else version.retention = wanted;
  const record = bucket.record(key);
  if (record) bucket.save(record);
  return { status: 200 };
}

export function getRetention(request: ObjectRequest): AwsReply {
  const { retention } = namedVersion(request);
  if (retention === undefined) {
    const message = 'The specified object does not have a ObjectLock configuration';
    throw new AwsFault('NoSuchObjectLockConfiguration', message, 404);
  }
  const date = new Date(retention.until).toISOString();
  return xmlReply(200, 'Retention', element('Mode', retention.mode) + element('RetainUntilDate', date));
}

export function retentionHeaders({ retention }: ObjectVersion): Headers {
  if (!retention) return {};
  return {
    'x-amz-object-lock-mode': retention.mode,
    'x-amz-object-lock-retain-until-date': new Date(retention.until).toISOString(),
  };
}

function namedVersion({ bucket, key, query }: ObjectRequest): ObjectVersion {
  const versions = bucket.record(key)?.versions ?? [];
  const id = query.get('versionId');
  const version = id === null ? versions[0] : versions.find(({ versionId }) => versionId === id);
  if (!version) {
    const [type, message] = id === null ? ['NoSuchKey', 'key'] : ['NoSuchVersion', 'version'];
    throw new AwsFault(type, `The specified ${message} does not exist.`, 404);
  }
  if (version.deleteMarker === true) {
    throw new AwsFault('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405);
  }
  return version;
}
