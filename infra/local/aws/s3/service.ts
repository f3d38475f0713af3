import { type AwsReply, type AwsRequest, type AwsService, AwsFault } from '../wire.ts';
import type { Bucket, Buckets } from './buckets.ts';
import { listObjects, listVersions } from './list.ts';
import { deleteObject, getObject, putObject } from './objects.ts';
import { getRetention, putRetention } from './retention.ts';
import { element, xmlReply } from './xml.ts';

export interface ObjectRequest extends AwsRequest {
  readonly bucket: Bucket;
  readonly key: string;
}

type ObjectOperation = (request: ObjectRequest) => AwsReply;

const XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** The part of S3 that this service uses, path style. What it does not serve it refuses, rather than accept and forget. */
export function createS3Service(buckets: Buckets): AwsService {
  return async (request) => {
    try {
      return answer(request, buckets);
    } catch (error) {
      const fault = error instanceof AwsFault ? error : new AwsFault('InternalError', String(error), 500);
      const content = element('Code', fault.type) + element('Message', fault.message);
      const body = request.method === 'HEAD' ? '' : `${XML_HEAD}<Error>${content}</Error>`;
      return { status: fault.status, headers: { 'content-type': 'application/xml' }, body };
    }
  };
}

function answer(request: AwsRequest, buckets: Buckets): AwsReply {
  const [, bucketName = '', ...rest] = request.path.split('/');
  const bucket = buckets.get(decodeURIComponent(bucketName));
  if (!bucket) throw new AwsFault('NoSuchBucket', 'The specified bucket does not exist', 404);
  const key = decodeURIComponent(rest.join('/'));
  const operation = key === '' ? bucketOperation(request) : objectOperation(request);
  if (operation === undefined) {
    throw new AwsFault(
      'NotImplemented',
      `${request.method} with ?${request.query.toString()} is not served here.`,
      501,
    );
  }
  return operation({ ...request, bucket, key });
}

/** Parameters that choose another operation; any of them that is not named below is refused. */
const SELECTORS = [
  'acl',
  'cors',
  'delete',
  'encryption',
  'legal-hold',
  'lifecycle',
  'location',
  'object-lock',
  'partNumber',
  'policy',
  'publicAccessBlock',
  'retention',
  'tagging',
  'torrent',
  'uploadId',
  'uploads',
  'versioning',
  'versions',
];

function selectorOf(request: AwsRequest): string | undefined {
  return SELECTORS.find((name) => request.query.has(name));
}

function bucketOperation(request: AwsRequest): ObjectOperation | undefined {
  const selector = selectorOf(request);
  if (request.method === 'HEAD' && selector === undefined) return () => ({ status: 200 });
  if (request.method !== 'GET') return undefined;
  if (selector === undefined) return request.query.get('list-type') === '2' ? listObjects : undefined;
  if (selector === 'versions') return listVersions;
  if (selector === 'versioning') return versioning;
  if (selector === 'object-lock') return objectLock;
  return undefined;
}

function objectOperation(request: AwsRequest): ObjectOperation | undefined {
  const selector = selectorOf(request);
  if (selector === 'retention') {
    if (request.method === 'PUT') return putRetention;
    return request.method === 'GET' ? getRetention : undefined;
  }
  if (selector !== undefined) return undefined;
  if (request.method === 'PUT') return request.headers['x-amz-copy-source'] === undefined ? putObject : undefined;
  if (request.method === 'GET' || request.method === 'HEAD') return getObject;
  return request.method === 'DELETE' ? deleteObject : undefined;
}

function versioning({ bucket }: ObjectRequest): AwsReply {
  return xmlReply(200, 'VersioningConfiguration', bucket.objectLock ? element('Status', 'Enabled') : '');
}

function objectLock({ bucket }: ObjectRequest): AwsReply {
  if (bucket.objectLock) return xmlReply(200, 'ObjectLockConfiguration', element('ObjectLockEnabled', 'Enabled'));
  const message = 'Object Lock configuration does not exist for this bucket';
  throw new AwsFault('ObjectLockConfigurationNotFoundError', message, 404);
}
