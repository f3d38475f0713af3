import { functionShape } from '../../../infra/functions.ts';
import { limits, refreshesPerTick } from '../../../infra/limits.ts';
import { typicalUsage, WORK } from '../../../infra/usage.ts';
import { action1 } from '../../../functions/providers/action1/provider.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../../functions/core/time.ts';
import type { GrowthResult } from './run.ts';

/** The first sweep after it is due refreshes it: a tick comes each minute, and lives so long. */
const LATE_MS = MINUTE_MS + functionShape('token-refresher').timeoutSeconds * SECOND_MS;
/** How far what was counted may be from what infra/limits.ts computes. */
export const AGREEMENT = 1.25;

/** What was not kept, a sentence each; nothing where all is well. */
export function findings(result: GrowthResult): readonly string[] {
  const { late, leastLeftMs, starving, overruns, refused, busiestMinute } = result;
  const { perMinute } = action1.budgets.default;
  const found: readonly (string | false)[] = [
    starving > 0 && `${starving} connections with a job every few minutes have no live token at the end: more shards`,
    leastLeftMs <= 0 && `A token was renewed ${seconds(-leastLeftMs)} after its end: more shards`,
    late.mostMs > LATE_MS && `A refresh was ${seconds(late.mostMs)} late: more shards`,
    overruns > 0 && `${overruns} sweeps were still at work when the next tick came`,
    refused > 0 && `${refused} refresh tokens were presented that had been spent`,
    busiestMinute > perMinute && `An Action1 enterprise was called ${busiestMinute} times in a minute, of ${perMinute}`,
  ];
  return found.filter((text) => text !== false);
}

/** What infra/limits.ts says beside what was counted. */
export interface Comparison {
  readonly what: string;
  readonly computed: number;
  readonly counted: number;
}

/** Everything that limits are computed from and that this counts. */
export function compare(result: GrowthResult): readonly Comparison[] {
  const { connections, shards, minutes } = result.options;
  const usage = { ...typicalUsage(connections), shards };
  const days = (minutes * MINUTE_MS) / DAY_MS;
  const share = limits(usage).find(({ name }) => name.startsWith('Refreshes that a tick'))?.used ?? NaN;
  const perSweep = result.refreshes / result.sweeps;
  return [
    { what: 'refreshes a day', computed: connections * usage.refreshesPerDay, counted: result.refreshes / days },
    { what: 'seconds of a refresh', computed: WORK.refresh.seconds, counted: result.refreshSeconds },
    {
      what: 'share of a tick in use, %',
      computed: 100 * share,
      counted: (100 * perSweep) / refreshesPerTick(result.refreshSeconds),
    },
  ];
}

/** Whether they are within the stated factor of each other. */
export function agrees({ computed, counted }: Comparison): boolean {
  return counted <= computed * AGREEMENT && computed <= counted * AGREEMENT;
}

/** Figures as people read them. */
export function figures(result: GrowthResult): readonly (readonly [what: string, figure: string])[] {
  const { options, late, sweeps } = result;
  return [
    ['connections, shards', `${number(options.connections)}, ${options.shards}`],
    ['sweeps', number(sweeps)],
    ['refreshes', number(result.refreshes)],
    ['late: median, 99 of 100, most', `${seconds(late.p50Ms)}, ${seconds(late.p99Ms)}, ${seconds(late.mostMs)}`],
    ['least access life left where a job needs it', seconds(result.leastLeftMs)],
    ['connections without a live token at the end', number(result.starving)],
    ...(result.caughtUpAfterMinutes === undefined
      ? []
      : [['minutes after the outage until all had one', String(result.caughtUpAfterMinutes)] as const]),
    ['refreshes of the busiest sweep', number(result.busiestSweep)],
    ['longest sweep', seconds(result.longestSweepMs)],
    ['calls in flight at once, all shards', number(result.mostInFlight)],
    [
      'calls of one Action1 enterprise in 60 s, most',
      `${result.busiestMinute} of ${action1.budgets.default.perMinute}`,
    ],
    ['names read from the index, pages', `${number(result.namesRead)}, ${number(result.pagesRead)}`],
    ['KMS calls', number(result.kmsCalls)],
  ];
}

const number = (value: number) => value.toLocaleString('en');
const seconds = (ms: number) => `${(ms / SECOND_MS).toFixed(1)} s`;
