import { join } from 'node:path';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { UsageError } from '../../../functions/core/errors.ts';
import { parseHead } from '../../../functions/core/reports/heads.ts';
import { EXIT } from '../exit.ts';
import { LOCAL_STAGE, openTarget, type Target } from '../target.ts';
import { createTerminal } from '../terminal.ts';
import { fetchPublicKey, readHeads, readPublicKey, verifyCommand } from '../verify.ts';
import { UNCHECKED_READS } from '../verify-readers.ts';
import type { GlobalOptions } from './context.ts';

export interface VerifyArchiveOptions extends GlobalOptions {
  readonly key?: string;
  readonly printKey?: boolean;
  readonly head?: readonly string[];
  readonly heads?: string;
  readonly headsOut?: string;
}

/** `steward verify`: with a pinned key it needs neither a running service nor, for a folder, AWS. */
export async function verifyArchiveCommand(given: string | undefined, options: VerifyArchiveOptions): Promise<number> {
  const terminal = createTerminal(options.json === true);
  if (options.printKey === true) {
    terminal.out((await stageKey(await openTarget(options))).trimEnd());
    return EXIT.done;
  }
  const pinned = {
    heads: [
      ...(options.head ?? []).map(parseHead),
      ...(options.heads === undefined ? [] : await readHeads(options.heads)),
    ],
    ...(options.headsOut === undefined ? {} : { headsOut: options.headsOut }),
  };
  if (options.key !== undefined) {
    const publicKey = await readPublicKey(options.key);
    const s3 = () => new S3Client(UNCHECKED_READS);
    return verifyCommand(terminal, { location: given ?? (await ownArchive(options)), publicKey, s3, ...pinned });
  }
  const target = await pinnedBy(options);
  terminal.note(
    'No --key was given: verifying with the key that the stage itself names. Pin it: steward verify --print-key > public.pem',
  );
  return verifyCommand(terminal, {
    location: given ?? (await ownArchive(options)),
    publicKey: await stageKey(target),
    s3: () => new S3Client({ ...target.clientOptions, ...UNCHECKED_READS }),
    ...pinned,
  });
}

/** Where the exports of the named stage lie; those of local mode are plain files, running or not. */
async function ownArchive(options: VerifyArchiveOptions): Promise<string> {
  if (options.stage === undefined || options.stage === LOCAL_STAGE) return join(options.directory, 'archive');
  return `s3://${(await openTarget(options)).archiveBucketName}`;
}

/** The stage whose key is taken when none is pinned. */
async function pinnedBy(options: VerifyArchiveOptions): Promise<Target> {
  try {
    return await openTarget(options);
  } catch (error) {
    throw new UsageError('Verifying needs a public key: --key public.pem, or a running stage to ask for its own', {
      cause: error,
    });
  }
}

function stageKey(target: Target): Promise<string> {
  return fetchPublicKey(new KMSClient(target.clientOptions), target.signingKeyArn);
}
