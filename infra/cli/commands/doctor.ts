import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { GetPublicKeyCommand } from '@aws-sdk/client-kms';
import { HeadBucketCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Connection } from '../../../functions/core/connections/connection.ts';
import { ServiceError } from '../../../functions/core/errors.ts';
import { createSend } from '../../../functions/http/send.ts';
import { OURS } from '../attention.ts';
import { EXIT } from '../exit.ts';
import { regionWarnings, twiceWarnings } from '../placement.ts';
import { createServices, type Services } from '../services.ts';
import { table } from '../table.ts';
import { openLocal, regionOf, type Target } from '../target.ts';
import type { CommandContext } from './context.ts';

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  /** Worth knowing, and nothing that is broken. */
  readonly warning?: true;
}

/** `steward doctor`: can everything be reached, and if not, which permission or setting is missing. Exit code 1 then. */
export async function doctorCommand({ terminal, services, directory }: CommandContext): Promise<number> {
  const findings = [
    ...(await awsFindings(services)),
    await publicAddress(services),
    ...(await connectionFindings(services)),
    ...(await placementFindings(services, directory)),
  ];
  if (terminal.json) terminal.out(JSON.stringify({ ok: findings.every(({ ok }) => ok), findings }));
  else {
    const rows = findings.map(({ check: name, ok, detail, warning }) => [
      warning === true ? terminal.paint('warn', 'look') : terminal.paint(ok ? 'good' : 'bad', ok ? 'ok' : 'no'),
      name,
      detail,
    ]);
    terminal.out(table(['', 'check', 'finding'], rows, { width: terminal.width }));
  }
  return findings.every(({ ok }) => ok) ? EXIT.done : EXIT.failed;
}

async function check(name: string, permission: string, call: () => Promise<string>): Promise<Finding> {
  try {
    return { check: name, ok: true, detail: await call() };
  } catch (error) {
    const { name: kind, message } = error instanceof Error ? error : { name: 'unknown', message: String(error) };
    const denied = /AccessDenied|NotAuthorized|Forbidden|UnrecognizedClient/i.test(kind);
    return { check: name, ok: false, detail: denied ? `permission missing: ${permission}` : `${kind}: ${message}` };
  }
}

async function awsFindings({ target, connectionsTable, stateTable, s3, kms }: Services): Promise<readonly Finding[]> {
  const tableCheck = (name: string, { client, tableName }: Services['stateTable']) =>
    check(`table ${name}`, 'dynamodb:DescribeTable', async () => {
      const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
      return `${tableName}, ${Table?.TableStatus ?? 'unknown'}`;
    });
  return Promise.all([
    tableCheck('connections', connectionsTable),
    tableCheck('state', stateTable),
    check('archive', 's3:ListBucket', async () => {
      await s3.send(new HeadBucketCommand({ Bucket: target.archiveBucketName }));
      const { KeyCount = 0 } = await s3.send(
        new ListObjectsV2Command({ Bucket: target.archiveBucketName, MaxKeys: 1 }),
      );
      return `${target.archiveBucketName}, ${KeyCount === 0 ? 'empty' : 'has exports'}`;
    }),
    check('signing key', 'kms:GetPublicKey', async () => {
      const { SigningAlgorithms = [] } = await kms.send(new GetPublicKeyCommand({ KeyId: target.signingKeyArn }));
      return SigningAlgorithms.join(', ');
    }),
  ]);
}

/** The address that providers redirect browsers to. An unknown path is answered 404, by the API itself. */
async function publicAddress({ target }: Services): Promise<Finding> {
  const url = new URL('/outcome/unknown', target.publicBaseUrl);
  return check('public address', 'none: it is public', async () => {
    const send = createSend({ allowLoopback: target.directory !== undefined });
    const { status } = await send({ method: 'GET', url }, (asked) => asked.origin === url.origin);
    return `${target.publicBaseUrl} answers ${status}`;
  });
}

function setCommand({ stage, directory }: Target, { name, key }: Connection['secret']): string {
  const where = directory === undefined ? `--stage ${stage} ` : '';
  return `steward ${where}credentials set ${key === undefined ? name : `${name}#${key}`}`;
}

async function connectionFindings({
  connections,
  credentials,
  providers,
  target,
}: Services): Promise<readonly Finding[]> {
  const all = await connections.list();
  return Promise.all(
    all.map(async ({ name, provider, secret, health, lastError }): Promise<Finding> => {
      const title = `connection ${name}`;
      if (providers[provider] === undefined)
        return { check: title, ok: false, detail: `its provider ${provider} is not in this version` };
      try {
        await credentials.get(secret);
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        return { check: title, ok: false, detail: `${error.message}. Next: ${setCommand(target, secret)}` };
      }
      // Nothing but the refresher asks a token endpoint: what it was told last is what there is to know.
      if (lastError !== undefined && OURS.has(lastError.code))
        return { check: title, ok: false, detail: `${lastError.message}. Next: ${setCommand(target, secret)}` };
      return {
        check: title,
        ok: health === 'connected' || health === 'pending',
        detail: `credentials are there; ${health}`,
      };
    }),
  );
}

/** Where connections live, compared with where this stage does and with what runs on this machine. */
async function placementFindings({ connections, target }: Services, directory: string): Promise<readonly Finding[]> {
  if (target.directory !== undefined) return [];
  const here = await connections.list();
  const local = await openLocal(directory);
  const elsewhere = local === undefined ? [] : await createServices(local).connections.list();
  return [...regionWarnings(here, regionOf(target)), ...twiceWarnings(here, elsewhere, directory)].map(
    ({ about, what }) => ({
      check: `connection ${about}`,
      ok: true,
      warning: true,
      detail: what,
    }),
  );
}
