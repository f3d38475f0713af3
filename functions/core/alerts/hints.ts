import type { OpenApi } from '../api.ts';
import { ConfigInvalidError, ConflictError } from '../errors.ts';
import type { AlertJob } from '../jobs.ts';
import type { Deadline } from '../time.ts';
import { alertSourceOf, enrichment, type PassDependencies } from './pass.ts';
import { type Recorded, recordAlerts } from './record.ts';
import type { Alert } from './source.ts';
import type { AlertStore } from './store.ts';
import { maintenanceAt } from './storm.ts';
import { vanished } from './transition.ts';

/** How often counting is tried against passes that move the checkpoint. */
const COUNT_TRIES = 3;

/**
 * Follows a hint: reads one record again and records what it has become, like an alert that a pass saw.
 *
 * The hint's own content counts for nothing; an id that nobody knows changes nothing.
 */
export async function followHint(
  dependencies: PassDependencies,
  job: AlertJob,
  api: OpenApi,
  id: string,
  deadline: Deadline,
): Promise<Recorded> {
  const { store, clock } = dependencies;
  const source = alertSourceOf(job, api);
  if (source.readOne === undefined) {
    throw new ConfigInvalidError(`Alert job ${job.name}: ${job.source} cannot be asked for a single record`);
  }
  const began = clock.now();
  const context = { ...api.context, options: job.options, now: began };
  const alert = await source.readOne(api.call, context, id);
  const seen = alert === undefined ? await asGone(store, job, id) : [alert];
  const checkpoint = await store.checkpoint(job.name);
  const maintenance = maintenanceAt(job, began);
  const recorded = await recordAlerts(
    dependencies,
    {
      job,
      // A hook tells of what happens now: a record that is over by the time it is read is news all the same.
      look: { pass: began.getTime(), bornAt: checkpoint?.bornAt ?? began },
      baseline: false,
      allowance: job.stormThreshold,
      maintenance,
      deadline,
      ...enrichment(source, api, context),
    },
    seen,
  );
  if (maintenance !== undefined && recorded.digested > 0) await countSilenced(dependencies, job, recorded.digested);
  return recorded;
}

/** What was recorded of it, resolved; nothing where nothing was. */
async function asGone(store: AlertStore, job: AlertJob, id: string): Promise<readonly Alert[]> {
  return [...(await store.heads(job.name, [id])).values()].map(vanished);
}

/** Adds to what the digest after the maintenance speaks for. A pass that moves the checkpoint meanwhile comes first. */
async function countSilenced({ store, clock }: PassDependencies, job: AlertJob, versions: number): Promise<void> {
  for (let attempt = 1; attempt <= COUNT_TRIES; attempt += 1) {
    const checkpoint = await store.checkpoint(job.name);
    if (checkpoint === undefined) return;
    const { revision, silenced = 0 } = checkpoint;
    const after = { ...checkpoint, revision: revision + 1, silenced: silenced + versions };
    try {
      await store.saveCheckpoint({ job: job.name, shard: job.shard }, after, revision, [], clock.now());
      return;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}
