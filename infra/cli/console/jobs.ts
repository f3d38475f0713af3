import type { BudgetView, JobView, Overview } from '../overview.ts';
import { latency, relative } from '../words.ts';
import { bar, type Column, empty, escape, rows, section } from './html.ts';

const SHOWN = 40;
const NEVER = Number.MAX_SAFE_INTEGER;

/** Jobs by when they run next. */
export function jobsSection({ jobs, at }: Overview): string {
  const columns: readonly Column<JobView>[] = [
    {
      title: 'Job',
      cell: (job) =>
        `<strong>${escape(job.name)}</strong><br><span class="soft">${escape(job.connection)} · ${escape(job.schedule)}</span>${errorText(job)}`,
    },
    { title: 'Next', cell: (job) => nextText(job, at) },
    { title: 'Last', cell: (job) => lastCell(job, at) },
  ];
  const sorted = jobs.toSorted((a, b) => (a.nextAt?.getTime() ?? NEVER) - (b.nextAt?.getTime() ?? NEVER));
  const body = jobs.length === 0 ? empty('No jobs yet.') : rows('Next runs', columns, sorted.slice(0, SHOWN));
  const paused = jobs.filter((job) => job.paused).length;
  return section('jobs', 'Next runs', `${jobs.length} jobs${paused === 0 ? '' : `, ${paused} paused`}`, body);
}

function nextText({ paused, nextAt }: JobView, at: Date): string {
  if (paused) return '<span class="warn">paused</span>';
  return nextAt !== undefined && nextAt <= at ? 'now' : relative(nextAt, at);
}

function errorText({ lastError }: JobView): string {
  return lastError === undefined ? '' : `<br><span class="bad">${escape(lastError)}</span>`;
}

/** A look takes a while: what ran meanwhile ran now, not later. */
function lastCell(job: JobView, at: Date): string {
  const { lastAt } = job;
  return (lastAt !== undefined && lastAt > at ? 'now' : relative(lastAt, at)) + latencyText(job);
}

function latencyText({ latencyP50Ms, latencyP99Ms }: JobView): string {
  if (latencyP50Ms === undefined || latencyP99Ms === undefined) return '';
  return `<br><span class="soft">p50 ${latency(latencyP50Ms)}, p99 ${latency(latencyP99Ms)}</span>`;
}

/** What is drawn of each account's allowance. */
export function budgetsSection({ budgets, at }: Overview): string {
  const items = budgets.map((budget) => `<li>${budgetItem(budget, at)}</li>`).join('');
  const body = items === '' ? empty('No request was made yet.') : `<ul class="budgets">${items}</ul>`;
  return section('budgets', 'Rate budgets', 'drawn and not yet worked off', body);
}

function budgetItem({ provider, account, category, used, perMinute, blockedUntil }: BudgetView, at: Date): string {
  const isBlocked = blockedUntil !== undefined && blockedUntil > at;
  const tone = isBlocked ? 'bad' : used > 0.9 ? 'warn' : 'good';
  const blocked = isBlocked
    ? `<span class="bad">the provider said wait, until ${relative(blockedUntil, at)}</span>`
    : '';
  const name = category === 'default' ? provider : `${provider}, ${category}`;
  return `<div class="line"><strong>${escape(name)}</strong><span>${Math.round(used * 100)} % of ${perMinute}/min</span></div>${bar(used, tone)}<p class="soft account">${escape(account)} ${blocked}</p>`;
}
