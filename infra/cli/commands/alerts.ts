import { setTimeout as wait } from 'node:timers/promises';
import { createOutboxStore } from '../../../functions/adapters/dynamodb/outbox-store.ts';
import { UsageError } from '../../../functions/core/errors.ts';
import { allShards, type ServiceEvent } from '../../../functions/core/events.ts';
import { replayEvents } from '../../../functions/core/publishing/replay.ts';
import { auditEvent, recordAudit } from '../audit.ts';
import { EXIT } from '../exit.ts';
import type { Services } from '../services.ts';
import type { Tone } from '../table.ts';
import { momentOf } from '../moment.ts';
import { instant } from '../words.ts';
import type { Terminal } from '../terminal.ts';
import type { CommandContext } from './context.ts';

const LOOK_EVERY_MS = 1000;
/** A row is written with its writer's clock: looking back this far finds what came late. */
const LATE_MS = 10_000;

const TONES: Readonly<Record<string, Tone>> = {
  critical: 'bad',
  high: 'bad',
  medium: 'warn',
  low: 'good',
  info: 'dim',
};

/** `steward alerts tail`: what is being published, as it is. Ends with Ctrl-C, or after `forMs`. */
export async function tailCommand(
  { terminal, services }: CommandContext,
  options: { readonly since: Date; readonly forMs?: number },
): Promise<number> {
  const store = createOutboxStore(services.stateTable);
  let seen = new Map<string, Date>();
  const began = services.clock.now().getTime();
  let from = options.since;
  for (;;) {
    const now = services.clock.now();
    const fresh: { readonly event: ServiceEvent; readonly publishedAt: Date }[] = [];
    for (const shard of shardsOf(services)) {
      for await (const row of store.published(shard, from, new Date(now.getTime() + 1))) {
        const key = `${row.event.id} ${row.publishedAt.getTime()}`;
        if (seen.has(key)) continue;
        seen.set(key, row.publishedAt);
        fresh.push(row);
      }
    }
    fresh.sort((a, b) => a.publishedAt.getTime() - b.publishedAt.getTime());
    for (const { event, publishedAt } of fresh) show(terminal, event, publishedAt);
    from = new Date(Math.max(from.getTime(), now.getTime() - LATE_MS));
    seen = new Map([...seen].filter(([, publishedAt]) => publishedAt >= from));
    if (options.forMs !== undefined && now.getTime() - began >= options.forMs) return EXIT.done;
    await wait(LOOK_EVERY_MS);
  }
}

function show(terminal: Terminal, event: ServiceEvent, publishedAt: Date): void {
  if (terminal.json) {
    terminal.out(JSON.stringify({ ...event, publishedAt }));
    return;
  }
  const { severity = 'info' } = event;
  const mark = terminal.paint(TONES[severity] ?? 'warn', severity.padEnd(8));
  // The severity that a summary begins with, for the subject of a mail, stands in a column here.
  const summary = event.summary.replace(`[${severity}] `, '');
  terminal.out(`${instant(publishedAt)}  ${mark}  ${event.type.replace('steward.', '').padEnd(28)}  ${summary}`);
}

export function shardsOf({ target }: Services): readonly string[] {
  return allShards(target.shardCount);
}

/** `steward alerts replay`: publishes a span again, with the same ids. */
export async function replayCommand(
  { terminal, services }: CommandContext,
  options: { readonly from: string; readonly to?: string },
): Promise<number> {
  const from = momentOf(options.from);
  const to = options.to === undefined ? services.clock.now() : momentOf(options.to);
  if (from >= to)
    throw new UsageError(`Nothing lies between ${instant(from)} and ${instant(to)}: --from comes before --to`);
  const shards = shardsOf(services);
  const outbox = createOutboxStore(services.stateTable);
  const count = await replayEvents({ outbox, clock: services.clock }, { from, to, shards });
  await recordAudit(
    services,
    auditEvent(services, 'steward.alert.replayed', {
      summary: `${count} events were published again`,
      data: { from: from.toISOString(), to: to.toISOString(), count },
    }),
  );
  await Promise.all(shards.map((shard) => services.nudge(shard)));
  terminal.note(
    `${count} events are published again, with the ids that they had. Subscribers who have them know them by those.`,
  );
  if (terminal.json) terminal.out(JSON.stringify({ replayed: count, from, to }));
  return EXIT.done;
}
