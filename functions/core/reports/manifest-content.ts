import type { Collected } from './collected.ts';
import type { KeyComparison } from './key-digest.ts';
import type { Manifest } from './manifest.ts';
import { type Plan, planJob } from './plan.ts';
import type { ExportDependencies, ExportInput } from './run-types.ts';
import { type Column, compareSchemas, type SchemaChange, schemaHash } from './schema.ts';
import type { Completeness } from './source.ts';

/** Everything that a finished export is sealed from. */
export interface Sealing {
  readonly plan: Plan;
  readonly input: ExportInput;
  readonly collected: Collected;
  readonly comparison: Partial<KeyComparison>;
  readonly completeness: Completeness;
}

/** What every record says of its place: which window of which job, and which number of the chain. */
export function recordBase({ codeVersion }: ExportDependencies, plan: Plan, input: ExportInput) {
  const { connection, provider, name, source, cron, zone } = planJob(plan);
  return {
    format: 'steward-manifest/1' as const,
    connection,
    provider,
    job: name,
    source,
    window: { from: input.from, to: input.to, cron, zone },
    sequence: plan.sequence,
    previous: plan.previous,
    attempt: input.attempt,
    codeVersion,
  };
}

/** Everything of the manifest but its summary, which is drawn from it. */
export function manifestContent(deps: ExportDependencies, sealing: Sealing): Omit<Manifest, 'summary'> {
  const { plan, input, collected, comparison, completeness } = sealing;
  const { description, compare } = plan;
  const columns = collected.position.columns ?? [];
  const { appeared, disappeared, duplicates } = comparison;
  return {
    ...recordBase(deps, plan, input),
    kind: 'export',
    sourceKind: description.kind,
    options: planJob(plan).options,
    observedAt: { from: plan.observedAt, to: collected.readAt },
    asOf: description.kind === 'incremental' ? collected.readAt : null,
    parts: collected.parts,
    rows: collected.position.rows,
    sourceTotal: collected.sourceTotal ?? null,
    completeness,
    schema: { columns, sha256: schemaHash(columns) },
    schemaChanges: changesOf(collected, compare?.columns),
    groups:
      description.groupColumn === undefined ? null : { column: description.groupColumn, counts: collected.groups },
    changes: appeared === undefined || disappeared === undefined ? null : { appeared, disappeared },
    duplicates: duplicates ?? null,
    authorization: plan.authorization,
    requests: collected.requests,
    facts: collected.facts,
    ...(plan.fills === null ? {} : { fills: plan.fills }),
  };
}

/** Against the window before, and what came up while reading. An export without rows says nothing of columns. */
function changesOf({ position, drift }: Collected, before: readonly Column[] | undefined): readonly SchemaChange[] {
  const columns = position.columns ?? [];
  const between = before && before.length > 0 && columns.length > 0 ? compareSchemas(before, columns) : [];
  const seen = new Set(between.map(({ column }) => column));
  return [...between, ...drift.filter(({ column }) => !seen.has(column))];
}
