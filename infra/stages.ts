import { RetentionDays } from 'aws-cdk-lib/aws-logs';

/** `fifo` keeps order and drops repeats on the way to subscribers, and takes no e-mail subscribers. */
export type TopicKind = 'standard' | 'fifo';

/** Everything that differs between stages. */
export interface Stage {
  /** Lower case; part of stack names and of the prefix of secrets. */
  readonly name: string;
  /**
   * How many schedules each scheduled function has, and over how many partitions connections, jobs and the outbox
   * are spread. Rows carry their shard, so it may be raised; `steward apply` moves what is idle.
   */
  readonly shards: number;
  /** Topics by the name that a job uses. Changing a kind makes a new topic: subscribers have to follow. */
  readonly topics: Readonly<Record<string, TopicKind>> & { readonly alerts: TopicKind; readonly events: TopicKind };
  readonly logRetention: RetentionDays;
  /** Requests per second, and at once, that the public routes take before API Gateway answers 429 (S70). */
  readonly publicRate: { readonly perSecond: number; readonly burst: number };
  /** Accounts besides this one that may take the auditor's role: to read the archive, and nothing else. */
  readonly auditorAccounts: readonly string[];
  /** What alarms link to; an anchor is put behind it. */
  readonly runbook: string;
}

const RUNBOOK = 'infra/RUNBOOK.md';

export const STAGES: readonly Stage[] = [
  {
    name: 'production',
    shards: 2,
    topics: { alerts: 'standard', events: 'standard' },
    logRetention: RetentionDays.THREE_MONTHS,
    publicRate: { perSecond: 50, burst: 100 },
    auditorAccounts: [],
    runbook: RUNBOOK,
  },
  {
    name: 'staging',
    shards: 1,
    topics: { alerts: 'standard', events: 'standard' },
    logRetention: RetentionDays.TWO_WEEKS,
    publicRate: { perSecond: 10, burst: 20 },
    auditorAccounts: [],
    runbook: RUNBOOK,
  },
];

/**
 * A stage by name.
 *
 * @throws RangeError naming the stages there are
 */
export function stageNamed(name: string): Stage {
  const stage = STAGES.find((candidate) => candidate.name === name);
  if (stage !== undefined) return stage;
  throw new RangeError(`No stage ${name} in infra/stages.ts; there are ${STAGES.map((each) => each.name).join(', ')}`);
}
