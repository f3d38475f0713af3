import type { AlertChange } from '../../../functions/core/alerts/head.ts';
import type { AlertCheckpoint, AlertDestination } from '../../../functions/core/alerts/store.ts';
import type { Vendors } from '../vendors.ts';
import { fail, type Looks } from './promises.ts';

/** The job whose provider keeps a book of what its alerts went through. */
const JOB = 'outages';

/** Stamps are of whole seconds, and clocks differ: so long after its birth a job is certainly born. */
const BIRTH_MS = 6000;

interface Pass {
  readonly began: number;
  readonly saved: number;
}

/** I12 and I15: what OpsRamp's alerts went through, against what was recorded of them. */
export class AlertWatch {
  readonly violations: string[] = [];
  readonly #vendors: Vendors;
  readonly #looks: Looks;
  readonly #recorded = new Map<string, Set<string>>();
  readonly #passes: Pass[] = [];
  /** When the job first looked: what was over before that is no news. */
  #bornAt = Infinity;

  constructor(vendors: Vendors, looks: Looks) {
    this.#vendors = vendors;
    this.#looks = looks;
  }

  /** An effect on the alerts' table took place. */
  see(effect: string, args: readonly unknown[], now: number): void {
    const [destination] = args;
    if ((destination as AlertDestination).job !== JOB) return;
    if (effect === 'alerts.commit') this.#note(args[1] as readonly AlertChange[]);
    if (effect === 'alerts.saveCheckpoint') this.#checkPosition(args[1] as AlertCheckpoint, now);
  }

  #note(changes: readonly AlertChange[]): void {
    for (const { head } of changes) {
      const states = this.#recorded.get(head.id) ?? new Set();
      states.add(stateOf(head.significant['currentState']));
      this.#recorded.set(head.id, states);
    }
  }

  /** I15: every change before the position has its head, or a later change has. */
  #checkPosition({ position, bornAt, succeededAt }: AlertCheckpoint, now: number): void {
    this.#bornAt = bornAt.getTime() + BIRTH_MS;
    if (this.#passes.at(-1)?.began !== succeededAt.getTime()) {
      this.#passes.push({ began: succeededAt.getTime(), saved: now });
    }
    for (const [id, changes] of this.#vendors.alertBook) {
      const latest = changes.findLast(({ at }) => at < position.getTime() && at >= this.#bornAt);
      if (latest?.state === undefined) continue;
      this.#looks.at('I15');
      const recorded = this.#recorded.get(id) ?? new Set();
      const since = changes.slice(changes.indexOf(latest));
      if (!since.some(({ state }) => state === undefined || recorded.has(stateOf(state)))) {
        this.violations.push(`I15: the checkpoint passes ${latest.state} of alert ${id}, which nothing recorded`);
      }
    }
  }

  /** I12: each state that was to be seen through two passes was recorded; what is recorded is told when nothing waits. */
  checkAtEnd(): void {
    const lagMs = this.#vendors.indexLagSeconds * 1000;
    for (const [id, changes] of this.#vendors.alertBook) {
      for (const [place, { at, state }] of changes.entries()) {
        if (state === undefined || at < this.#bornAt) continue;
        const until = changes[place + 1]?.at ?? Infinity;
        const through = this.#passes.filter(({ began, saved }) => began > at + lagMs && saved < until);
        if (through.length < 2) continue;
        this.#looks.at('I12');
        if (this.#recorded.get(id)?.has(stateOf(state)) !== true) {
          fail(`I12: alert ${id} was ${state} through ${through.length} passes, and nobody was told`);
        }
      }
    }
  }
}

function stateOf(value: unknown): string {
  return String(value).trim().toUpperCase();
}
