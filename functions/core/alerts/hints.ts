import type { OpenApi } from '../api.ts';
import { ConfigInvalidError } from '../errors.ts';
import type { AlertJob } from '../jobs.ts';
import type { Deadline } from '../time.ts';
import { alertSourceOf, enrichment, type PassDependencies } from './pass.ts';
import { type Recorded, recordAlerts } from './record.ts';
import { maintenanceAt } from './storm.ts';
import { vanished } from './transition.ts';

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
  const head = alert === undefined ? (await store.heads(job.name, [id])).get(id) : undefined;
  const checkpoint = await store.checkpoint(job.name);
  return recordAlerts(
    dependencies,
    {
      job,
      // A hook tells of what happens now: a record that is over by the time it is read is news all the same.
      look: { pass: began.getTime(), bornAt: checkpoint?.bornAt ?? began },
      baseline: false,
      allowance: job.stormThreshold,
      maintenance: maintenanceAt(job, began),
      deadline,
      ...enrichment(source, api, context),
    },
    alert === undefined ? (head === undefined ? [] : [vanished(head)]) : [alert],
  );
}
