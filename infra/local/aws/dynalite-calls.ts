import { Agent, request } from 'node:http';
import { AwsFault, type AwsReply } from './wire.ts';

/** Calls to the dynalite behind the stand-in. */
export interface DynaliteCalls {
  raw(operation: string, body: string): Promise<AwsReply>;
  /** @throws AwsFault with dynalite's own type and message */
  call(operation: string, input: object): Promise<Record<string, unknown>>;
  /** The key attributes of an item, by the table's schema. */
  keyOf(table: string, item: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>>;
  close(): void;
}

/** dynalite wants to see a signature and checks nothing of it. */
const SIGNATURE =
  'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=local';

export function connectDynalite(port: number): DynaliteCalls {
  const agent = new Agent({ keepAlive: true });
  const schemas = new Map<string, readonly string[]>();

  const raw: DynaliteCalls['raw'] = (operation, body) =>
    new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/x-amz-json-1.0',
        'content-length': Buffer.byteLength(body),
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        'x-amz-date': '20260101T000000Z',
        authorization: SIGNATURE,
      };
      const outgoing = request({ host: '127.0.0.1', port, method: 'POST', agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 500, body: Buffer.concat(chunks) }));
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  const call: DynaliteCalls['call'] = async (operation, input) => {
    const reply = await raw(operation, JSON.stringify(input));
    const output = JSON.parse(String(reply.body)) as Record<string, unknown>;
    if (reply.status === 200) return output;
    const type = String(output['__type']).split('#').at(-1) ?? 'InternalServerError';
    const said = output['message'] ?? output['Message'];
    throw new AwsFault(type, typeof said === 'string' ? said : type, reply.status);
  };
  return {
    raw,
    call,
    async keyOf(table, item) {
      let names = schemas.get(table);
      if (!names) {
        const { Table } = await call('DescribeTable', { TableName: table });
        names = (Table as { KeySchema: { AttributeName: string }[] }).KeySchema.map((key) => key.AttributeName);
        schemas.set(table, names);
      }
      return Object.fromEntries(names.map((name) => [name, item[name]]));
    },
    close: () => agent.destroy(),
  };
}
