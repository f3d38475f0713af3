import { randomUUID } from 'node:crypto';
import type { DynamoEngine } from '../../infra/local/aws/dynamodb.ts';
import { startLocalCloud } from '../../infra/local/cloud.ts';
import { temporaryDirectory } from './local-host.ts';

/** Where a contract is proved: a local cloud of this test, or what `AWS_ENDPOINT_URL` names, AWS itself included. */
export interface AwsEndpoint {
  /** Options for any client of the SDK. */
  readonly client: {
    readonly endpoint?: string;
    readonly region: string;
    readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
    readonly maxAttempts: number;
  };
  /** Resources of the local cloud; undefined on a foreign endpoint, where a test makes its own. */
  readonly local?: Awaited<ReturnType<typeof startLocalCloud>>;
  readonly directory: string;
  stop(): Promise<void>;
}

export async function awsEndpoint(engine?: DynamoEngine): Promise<AwsEndpoint> {
  const region = process.env['AWS_REGION'] ?? 'us-east-1';
  const endpoint = process.env['AWS_ENDPOINT_URL'];
  if (endpoint !== undefined) {
    return { client: { endpoint, region, maxAttempts: 3 }, directory: '', stop: async () => {} };
  }
  const folder = temporaryDirectory();
  const local = await startLocalCloud({ directory: folder.path, ...(engine === undefined ? {} : { engine }) });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return {
    client: { endpoint: local.endpoint, region, credentials, maxAttempts: 1 },
    local,
    directory: folder.path,
    async stop() {
      await local.stop();
      folder.remove();
    },
  };
}

/** A name that no other run has. */
export function unique(prefix: string): string {
  return `${prefix}-${randomUUID()}`;
}
