import type { Connection } from '../../../functions/core/connections/connection.ts';
import type { ConnectionChange, LeaseRequest, TokenCommit } from '../../../functions/core/connections/store.ts';
import { LEASE_MS } from '../../../functions/core/tokens/timing.ts';
import { type Item, RULES } from './rules.ts';

/** One effect on the table, with the item as it was and as it is. */
export interface TableStep {
  readonly effect: string;
  readonly args: readonly unknown[];
  readonly before: Connection | undefined;
  readonly after: Connection | undefined;
}

/** Numbers for tokens and attempts, as the model has them. */
export class Numbers {
  readonly #numbers = new Map<string, number>();

  of(name: string | undefined): number {
    if (name === undefined) return 0;
    const known = this.#numbers.get(name) ?? this.#numbers.size + 1;
    this.#numbers.set(name, known);
    return known;
  }
}

/** An item as the model sees it at a time. */
function itemOf(connection: Connection, now: Date, numbers: Numbers): Item {
  const { health, lease, attempts, fingerprint, generation, refusedFingerprint } = connection;
  const isHeld = lease !== undefined && lease.until > now;
  return {
    token: numbers.of(fingerprint),
    generation,
    health:
      health === 'suspect' || health === 'disconnected'
        ? health
        : health === 'reauthorization-required'
          ? 'required'
          : 'connected',
    lease: isHeld ? numbers.of(lease.attempt) : 0,
    attempts: attempts.map(({ id, kind, fingerprint: spends, startedAt }) => ({
      id: numbers.of(id),
      kind: kind === 'refresh' ? 'refresh' : 'consent',
      spends: numbers.of(spends),
      young: startedAt.getTime() + LEASE_MS > now.getTime(),
    })),
    refused: numbers.of(refusedFingerprint),
  };
}

/**
 * Whether the model has a step from the one item to the other, under the rules that were explored exhaustively. What it
 * does not speak of (schedules, figures, warnings) may change as it likes.
 */
export function refusedByModel({ effect, args, before, after }: TableStep, numbers: Numbers): string | undefined {
  if (before === undefined || after === undefined || before === after) return undefined;
  switch (effect) {
    case 'store.lease':
      return leased(args[0] as LeaseRequest, before, numbers);
    case 'store.commit':
      return committed(args[0] as TokenCommit, args[2] as Date, before, after, numbers);
    case 'store.change':
      return changed(args, before, after, numbers);
    case 'store.disconnect':
      return after.fingerprint === undefined && after.attempts.length === 0
        ? undefined
        : 'a disconnect that forgets too little';
    case 'store.reopen':
    case 'store.configure':
      return undefined;
    default:
      return sameTokens(before, after) ? undefined : `${effect} changes tokens`;
  }
}

function sameTokens(before: Connection, after: Connection): boolean {
  return before.fingerprint === after.fingerprint && before.generation === after.generation;
}

function leased(request: LeaseRequest, before: Connection, numbers: Numbers): string | undefined {
  const item = itemOf(before, request.now, numbers);
  if (item.lease !== 0) return 'a lease while another one is live';
  if (request.kind === 'authorization' || request.spends === 'nothing') return undefined;
  return RULES.mayLease(item, numbers.of(request.spends))
    ? undefined
    : 'a lease for a token that is not the stored one';
}

function committed(
  commit: TokenCommit,
  now: Date,
  before: Connection,
  after: Connection,
  numbers: Numbers,
): string | undefined {
  const item = itemOf(before, now, numbers);
  if (after.generation <= before.generation) return 'a commit that does not raise the generation';
  if (after.fingerprint !== commit.fingerprint) return 'a commit that stores another token than it says';
  const holds =
    commit.authorization === undefined
      ? RULES.mayCommit(item, numbers.of(commit.attempt), numbers.of(commit.spent))
      : RULES.mayConsent(item, numbers.of(commit.attempt));
  return holds ? undefined : 'a commit of what was not bought with the stored token';
}

function changed(
  [, , given, , at]: readonly unknown[],
  before: Connection,
  after: Connection,
  numbers: Numbers,
): string | undefined {
  const change = given as ConnectionChange;
  if (!sameTokens(before, after)) return 'a change that is no commit changes tokens';
  if (after.health !== 'reauthorization-required' || before.health === after.health) return undefined;
  const item = itemOf(before, at as Date, numbers);
  const attempt = numbers.of(before.lease?.attempt);
  const spends = item.attempts.find(({ id }) => id === attempt)?.spends ?? 0;
  if (change.releasesLease !== true || spends === 0) return 'a verdict without the lease';
  const isKnown = item.refused !== 0 && item.refused === spends;
  return isKnown || RULES.judge(item, attempt, spends) === 'required'
    ? undefined
    : 'a verdict that the model does not give';
}
