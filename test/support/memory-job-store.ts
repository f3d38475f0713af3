import { ConflictError, NotFoundError } from '../../functions/core/errors.ts';
import { NO_RUNS } from '../../functions/core/schedules/job-run.ts';
import type { JobState, JobStore } from '../../functions/core/schedules/job-store.ts';

interface Entry {
  state: JobState;
  wakeAt?: Date | undefined;
  lease?: { owner: string; until: Date } | undefined;
}

/** The twin of the DynamoDB job store, for tests of what uses one. `jobs` is open to look at and to wake from outside. */
export function createMemoryJobStore(): JobStore & { readonly jobs: ReadonlyMap<string, Entry> } {
  const jobs = new Map<string, Entry>();
  const entry = (name: string): Entry => {
    const found = jobs.get(name);
    if (!found) throw new NotFoundError(`No job ${name}`);
    return found;
  };
  const touch = (held: Entry, change: Partial<JobState>, at: Date | undefined) => {
    held.state = { ...held.state, ...change, dueAt: at };
    held.wakeAt = at;
  };
  return {
    jobs,
    async wake(name, now) {
      const held = jobs.get(name);
      if (held && !held.state.job.paused) touch(held, {}, now);
    },
    async configure(job, now) {
      const at = job.paused ? undefined : now;
      const held = jobs.get(job.name);
      if (held) touch(held, { job }, at);
      else jobs.set(job.name, { state: { job, createdAt: now, dueAt: at, run: NO_RUNS, request: {} }, wakeAt: at });
    },
    async remove(name) {
      jobs.delete(name);
    },
    async setPaused(name, paused, now) {
      const held = entry(name);
      touch(held, { job: { ...held.state.job, paused } }, paused ? undefined : now);
    },
    async find(name) {
      return jobs.get(name)?.state;
    },
    async list() {
      return [...jobs.values()].map(({ state }) => state).toSorted((a, b) => (a.job.name < b.job.name ? -1 : 1));
    },
    async due(kind, shard, now, limit) {
      return [...jobs.values()]
        .map(({ state }) => state)
        .filter(({ job, dueAt }) => job.kind === kind && job.shard === shard && dueAt !== undefined && dueAt <= now)
        .toSorted((a, b) => Number(a.dueAt) - Number(b.dueAt))
        .slice(0, limit)
        .map(({ job }) => job.name);
    },
    async take(name, owner, now, until) {
      const held = jobs.get(name);
      if (!held || held.state.dueAt === undefined || held.state.dueAt > now) return undefined;
      if (held.lease && held.lease.until > now && held.lease.owner !== owner) return undefined;
      held.lease = { owner, until };
      held.wakeAt = undefined;
      return { ...held.state, owner, until };
    },
    async complete(lease, nextDueAt, run) {
      const held = jobs.get(lease.job.name);
      if (!held?.lease || held.lease.owner !== lease.owner || +held.lease.until !== +lease.until) {
        throw new ConflictError(`The lease of ${lease.job.name} is lost`);
      }
      held.lease = undefined;
      const dueAt = held.state.job.paused ? undefined : (held.wakeAt ?? nextDueAt);
      held.state = { ...held.state, run, dueAt };
    },
    async release(lease) {
      const held = jobs.get(lease.job.name);
      if (held?.lease?.owner === lease.owner && +held.lease.until === +lease.until) held.lease = undefined;
    },
    async request(name, request, now) {
      const held = entry(name);
      if (held.state.job.paused) throw new NotFoundError(`${name} is paused`);
      touch(held, { request: { ...held.state.request, ...request } }, now);
    },
  };
}
