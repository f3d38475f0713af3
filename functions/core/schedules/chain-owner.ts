import { ConfigInvalidError } from '../errors.ts';
import type { ReportJob } from '../jobs.ts';
import type { Chain } from './window-store.ts';

/**
 * A chain lies in one connection's folder, and its numbers have no holes there. A job that was moved to another
 * connection would go on with the numbers in another customer's folder, and neither would ever verify.
 *
 * @throws ConfigInvalidError the job's records so far lie with another connection
 */
export function checkChainOwner(job: ReportJob, chain: Pick<Chain, 'last'> | undefined): void {
  const owner = chain?.last?.key.split('/')[0];
  if (owner === undefined || owner === job.connection) return;
  throw new ConfigInvalidError(
    `Job ${job.name} has exported ${owner} so far and cannot go on with ${job.connection}: give the new job a name of its own`,
  );
}
