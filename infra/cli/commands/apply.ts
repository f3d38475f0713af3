import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { prepareApply, type PreparedApply } from '../apply/apply.ts';
import type { PlannedChange } from '../apply/plan.ts';
import { auditEvent, recordAudit } from '../audit.ts';
import { readConfiguration } from '../configuration/configuration.ts';
import { readConfigurationTexts } from '../configuration/overlay.ts';
import { EXIT } from '../exit.ts';
import type { Services } from '../services.ts';
import type { Target } from '../target.ts';
import type { Terminal } from '../terminal.ts';
import { counted } from '../words.ts';
import type { CommandContext } from './context.ts';

export interface ApplyOptions {
  readonly file: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly allowLoopback?: boolean;
}

/** `steward apply`: shows what would change, asks, writes it. */
export async function applyCommand({ terminal, services }: CommandContext, options: ApplyOptions): Promise<number> {
  const { target, clock, providers } = services;
  const texts = readConfigurationTexts(options.file, target.stage, '--file', runningFile(target));
  if (texts.overlay !== undefined) terminal.note(`${options.file} with ${texts.overlay.fileName} over it.`);
  const configuration = readConfiguration({
    ...texts,
    providers,
    topics: Object.keys(target.topicArns),
    shardCount: target.shardCount,
    allowLoopback: options.allowLoopback === true || target.directory !== undefined,
    now: clock.now(),
  });
  const prepared = await prepareApply(services, configuration);
  const writes = prepared.changes.filter(({ action }) => action !== 'keep');
  if (!terminal.json) showPlan(terminal, prepared.changes);
  const isWanted = writes.length > 0 && options.dryRun !== true;
  const isAgreed =
    isWanted &&
    (options.yes === true ||
      (await terminal.confirm(`Apply ${counted(writes.length, 'change')} to ${target.stage}?`, '--yes')));
  if (isAgreed) await carryOut(services, terminal, prepared, writes);
  if (isWanted)
    terminal.note(
      isAgreed ? `Applied ${counted(writes.length, 'change')} to ${target.stage}.` : 'Nothing was changed.',
    );
  if (terminal.json)
    terminal.out(JSON.stringify({ stage: target.stage, changes: prepared.changes, applied: isAgreed }));
  return EXIT.done;
}

/** What `npm start` wrote and runs on, where it did: a copy of it is the shortest way to a change. */
function runningFile({ directory }: Target): string | undefined {
  const file = directory === undefined ? undefined : join(directory, 'steward.yaml');
  return file !== undefined && existsSync(file) ? file : undefined;
}

/** Changes that the audit event shows in full; of more it has the counts. */
const AUDITED_CHANGES = 100;
const AUDITED_LINE = 200;

/** An apply that breaks off half way is audited, too: what it wrote stands, and the next one writes the rest. */
async function carryOut(
  services: Services,
  terminal: Terminal,
  prepared: PreparedApply,
  writes: readonly PlannedChange[],
): Promise<void> {
  let isComplete = false;
  try {
    await prepared.carryOut((done, total) => terminal.progress(`Applying: ${done} of ${total}`));
    isComplete = true;
  } finally {
    await recordAudit(services, appliedEvent(services, writes, isComplete));
  }
}

function appliedEvent(services: Services, writes: readonly PlannedChange[], isComplete: boolean) {
  const counts = Object.fromEntries(
    (['create', 'update', 'remove'] as const).map((verb) => [
      verb,
      writes.filter(({ action }) => action === verb).length,
    ]),
  );
  const changes = writes.slice(0, AUDITED_CHANGES).map(({ action, kind, name, details }) => ({
    action,
    kind,
    name,
    details: details.map((line) => (line.length > AUDITED_LINE ? `${line.slice(0, AUDITED_LINE)}…` : line)),
  }));
  return auditEvent(services, 'steward.configuration.applied', {
    summary: `${counted(writes.length, 'change')} to the configuration: ${isComplete ? 'applied' : 'begun, and broke off'}`,
    data: { complete: isComplete, counts, changes },
  });
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
