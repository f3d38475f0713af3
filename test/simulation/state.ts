import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { Signer } from '../../functions/core/reports/signer.ts';
import type { CredentialsSource } from '../../functions/core/tokens/credentials.ts';
import type { RescueStore } from '../../functions/core/tokens/rescue.ts';
import { createMemoryAlertStore } from '../support/memory-alert-store.ts';
import { createMemoryArchive } from '../support/memory-archive.ts';
import { createMemoryAuthorizations } from '../support/memory-authorizations.ts';
import { memoryBudgets } from '../support/memory-budgets.ts';
import { createMemoryBreakers } from '../support/memory-breakers.ts';
import { createMemoryConnections } from '../support/memory-connections.ts';
import { createMemoryJobStore } from '../support/memory-job-store.ts';
import { createMemoryOutboxStore, createMemoryState } from '../support/memory-outbox-store.ts';
import { createMemoryLatencies } from '../support/memory-latencies.ts';
import { createMemoryPublisher } from '../support/memory-publisher.ts';
import { createMemoryWindowStore } from '../support/memory-window-store.ts';
import { createMemoryHookStore, createMemoryWorkStore } from '../support/memory-work-store.ts';
import { memoryDataKeys } from '../support/token-world.ts';
import type { Vendors } from './vendors.ts';

export const SHARD = '0';

const KEYS = generateKeyPairSync('ec', { namedCurve: 'P-256' });
/** What `steward verify` would be given. */
export const PUBLIC_KEY = KEYS.publicKey.export({ type: 'spki', format: 'pem' }).toString();
/** Equal texts have equal signatures, so that bytes can be compared between runs. */
const signatures = new Map<string, string>();

const signer: Signer = {
  async sign(text) {
    const id = createHash('sha256').update(text).digest('hex');
    const value = signatures.get(id) ?? sign('sha256', Buffer.from(text), KEYS.privateKey).toString('base64');
    if (signatures.size > 5000) signatures.clear();
    signatures.set(id, value);
    return { key: 'local/simulation', algorithm: 'ECDSA_SHA_256', value };
  },
};

/** What outlives every process: the tables, buckets, topics and secrets of one stage, in memory. */
export function createCloud(now: () => Date, vendors: Vendors) {
  const tables = createMemoryState();
  const connections = createMemoryConnections();
  const authorizations = createMemoryAuthorizations(connections.outbox);
  const commit = connections.commit.bind(connections);
  connections.commit = async (request, events, at) => {
    const outcome = await commit(request, events, at);
    // The same transaction completes the consent.
    if (outcome.kind === 'committed' && request.authorization !== undefined) {
      authorizations.complete(request.authorization, at);
    }
    return outcome;
  };
  const windows = createMemoryWindowStore();
  const rescued = new Map<string, string>();
  const rescue: RescueStore = {
    put: async (name, spent, body) => void rescued.set(`${name}/${spent}`, body),
    find: async (name, spent) => rescued.get(`${name}/${spent}`),
    remove: async (name, spent) => void rescued.delete(`${name}/${spent}`),
  };
  const breakers = createMemoryBreakers();
  const credentials: CredentialsSource = {
    get: async ({ name }) => vendors.credentials(name),
  };
  const taken = { connections: 0, windows: 0 };
  return {
    tables,
    connections,
    authorizations,
    hooks: createMemoryHookStore((shard, row, at) => tables.append(shard, row, at)),
    windows,
    rescued,
    rescue,
    breakers,
    credentials,
    keys: memoryDataKeys().port,
    alerts: createMemoryAlertStore(tables),
    outbox: createMemoryOutboxStore(tables),
    latencies: createMemoryLatencies(),
    jobs: createMemoryJobStore(),
    work: createMemoryWorkStore(),
    archive: createMemoryArchive(now),
    budgets: memoryBudgets({ clock: { now } }),
    publisher: createMemoryPublisher(),
    signer,
    /** Rows of the other twins into the one outbox that all share: part of the same write. */
    settleOutbox(): void {
      for (; taken.connections < connections.outbox.length; taken.connections += 1) {
        const row = connections.outbox[taken.connections];
        if (row !== undefined) tables.append(SHARD, row, now());
      }
      for (; taken.windows < windows.outbox.length; taken.windows += 1) {
        const row = windows.outbox[taken.windows];
        if (row !== undefined) tables.append(SHARD, row, now());
      }
    },
  };
}

export type Cloud = ReturnType<typeof createCloud>;
