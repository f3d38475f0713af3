import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROVIDERS } from '../../functions/providers/registry.ts';
import { prepareApply } from '../../infra/cli/apply/apply.ts';
import { storeCredentials } from '../../infra/cli/commands/credentials.ts';
import { readConfiguration } from '../../infra/cli/configuration/configuration.ts';
import { createServices } from '../../infra/cli/services.ts';
import { startLocalCloud } from '../../infra/local/cloud.ts';
import type { Figure } from './figures.ts';

const CLIENTS = 400;
const JOBS_PER_CLIENT = 5;
/** What `steward apply` of them may take on loopback. */
const LIMIT_MS = 60_000;
const SECRET_PREFIX = 'steward/bench/';
const SHARD_COUNT = 2;

/** `steward apply` of 2,000 jobs of 400 clients on loopback: read, planned, written; and then once more, with nothing to do. */
export async function apply(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'steward-bench-apply-'));
  const cloud = await startLocalCloud({ directory });
  try {
    const services = createServices({
      ...cloud.resources,
      stage: 'bench',
      secretPrefix: SECRET_PREFIX,
      publicBaseUrl: 'https://bench.invalid',
      publisherFunctionName: 'event-publisher',
      shardCount: SHARD_COUNT,
      clientOptions: {
        endpoint: cloud.endpoint,
        region: cloud.environment['AWS_REGION'] ?? 'us-east-1',
        credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      },
    });
    await storeCredentials(services.secrets, `${SECRET_PREFIX}clients`, undefined, {
      clientId: 'id',
      clientSecret: 's',
    });
    const first = await once(services);
    const second = await once(services);
    return [
      figure(`${CLIENTS * JOBS_PER_CLIENT} jobs of ${CLIENTS} connections, read and planned`, first.plannedMs),
      figure('written', first.writtenMs),
      figure('applied, altogether', first.plannedMs + first.writtenMs, LIMIT_MS),
      figure(`read and planned again, ${second.changes} changes`, second.plannedMs, LIMIT_MS),
    ];
  } finally {
    await cloud.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function once(services: ReturnType<typeof createServices>) {
  const began = performance.now();
  const configuration = readConfiguration({
    fileName: 'steward.yaml',
    text: manyClients(),
    providers: PROVIDERS,
    topics: ['alerts', 'events'],
    shardCount: SHARD_COUNT,
    allowLoopback: false,
    now: new Date(),
  });
  const prepared = await prepareApply(services, configuration);
  const planned = performance.now();
  const changes = prepared.changes.length;
  if (changes > 0) await prepared.carryOut();
  return { changes, plannedMs: planned - began, writtenMs: performance.now() - planned };
}

/** As `infra/cli/examples/managed-services.yaml` has it, with anchors. */
function manyClients(): string {
  const numbers = Array.from({ length: CLIENTS }, (_, index) => index);
  const reports = ['vulnerabilities', 'missing-updates', 'endpoints', 'installed-software'];
  return [
    'version: 1',
    'x-client: &client { provider: action1, region: Europe, secret: clients }',
    "x-nightly: &nightly { schedule: '0 4 * * *', zone: Europe/Berlin }",
    'connections:',
    ...numbers.map((client) => `  client-${client}: { <<: *client, enterprise: e${client} }`),
    'reports:',
    ...numbers.flatMap((client) =>
      reports.map(
        (source) => `  client-${client}-${source}: { <<: *nightly, connection: client-${client}, source: ${source} }`,
      ),
    ),
    'alerts:',
    ...numbers.map(
      (client) => `  client-${client}-alerts: { connection: client-${client}, source: vulnerabilities, every: 15m }`,
    ),
  ].join('\n');
}

function figure(what: string, ms: number, limitMs?: number): Figure {
  const value = `${(ms / 1000).toFixed(1)} s`;
  return limitMs === undefined
    ? { what, value }
    : { what, value, budget: `≤ ${limitMs / 1000} s`, within: ms <= limitMs };
}
