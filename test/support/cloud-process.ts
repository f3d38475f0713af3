// The local cloud as a process of its own, for contracts that take an endpoint: node test/support/cloud-process.ts
// Prints what to put into the environment, a line each, and runs until it is told to stop.
import { startLocalCloud } from '../../infra/local/cloud.ts';
import { temporaryDirectory } from './local-host.ts';

const folder = temporaryDirectory();
const cloud = await startLocalCloud({ directory: folder.path });
const { archiveBucketName, rescueBucketName, sealingKeyArn, signingKeyArn } = cloud.resources;
const environment = {
  AWS_ENDPOINT_URL: cloud.endpoint,
  // It makes no buckets and keys: it has those that a stage has.
  CONTRACT_ARCHIVE_BUCKET: archiveBucketName,
  CONTRACT_RESCUE_BUCKET: rescueBucketName,
  CONTRACT_SEALING_KEY: sealingKeyArn,
  CONTRACT_SIGNING_KEY: signingKeyArn,
};
for (const [name, value] of Object.entries(environment)) console.log(`${name}=${value}`);

let isStopping = false;
const stop = async () => {
  if (isStopping) return;
  isStopping = true;
  await cloud.stop();
  folder.remove();
  process.exit(0);
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
