import { existsSync, readFileSync } from 'node:fs';
import { ConfigInvalidError } from '../../../functions/core/errors.ts';
import { prepareApply } from '../apply/apply.ts';
import type { PlannedChange } from '../apply/plan.ts';
import { readConfiguration } from '../configuration/configuration.ts';
import { EXIT } from '../exit.ts';
import type { Terminal } from '../terminal.ts';
import type { CommandContext } from './context.ts';

export interface ApplyOptions {
  readonly file: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly allowLoopback?: boolean;
}

/** `steward apply`: shows what would change, asks, writes it. */
export async function applyCommand({ terminal, services }: CommandContext, options: ApplyOptions): Promise<number> {
  if (!existsSync(options.file)) {
    throw new ConfigInvalidError(
      `There is no ${options.file}. Name another with --file; infra/cli/examples/steward.yaml is one to begin with.`,
    );
  }
  const { target, clock, providers } = services;
  const configuration = readConfiguration({
    fileName: options.file,
    text: readFileSync(options.file, 'utf8'),
    providers,
    topics: Object.keys(target.topicArns),
    shardCount: target.shardCount,
    allowLoopback: options.allowLoopback === true || target.directory !== undefined,
    now: clock.now(),
  });
  const prepared = await prepareApply(services, configuration);
  const writes = prepared.changes.filter(({ action }) => action !== 'keep');
  if (terminal.json)
    terminal.out(JSON.stringify({ stage: target.stage, changes: prepared.changes, applied: options.dryRun !== true }));
  else showPlan(terminal, prepared.changes);
  if (writes.length === 0 || options.dryRun === true) return EXIT.done;
  if (options.yes !== true && !(await terminal.confirm(`Apply ${writes.length} changes to ${target.stage}?`))) {
    terminal.note('Nothing was changed.');
    return EXIT.done;
  }
  await prepared.carryOut((done, total) => terminal.progress(`Applying: ${done} of ${total}`));
  terminal.note(`Applied ${writes.length} changes to ${target.stage}.`);
  return EXIT.done;
}

const MARKS = { create: ['good', '+'], update: ['warn', '~'], remove: ['bad', '-'], keep: ['dim', '='] } as const;

/** The difference as `cdk diff` and its like show one. */
export function showPlan(terminal: Terminal, changes: readonly PlannedChange[]): void {
  if (changes.length === 0) terminal.out('Nothing to change: everything is as the file says.');
  for (const { action, kind, name, details } of changes) {
    const [tone, mark] = MARKS[action];
    terminal.out(terminal.paint(tone, `${mark} ${kind} ${name}`));
    for (const line of details) terminal.out(`    ${line}`);
  }
}
