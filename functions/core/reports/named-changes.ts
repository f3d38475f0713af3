import type { Collected } from './collected.ts';
import type { KeyComparison } from './key-digest.ts';
import { parseRecord } from './manifest.ts';
import type { Plan } from './plan.ts';
import { type RowText, rowsAt } from './rows-at.ts';
import type { ExportDependencies } from './run-types.ts';
import type { SourceDescription } from './source.ts';

/** Rows that came and went since the last export, as far as a page has room for them. */
export interface NamedChanges {
  readonly columns: readonly string[];
  readonly appeared: readonly RowText[];
  readonly disappeared: readonly RowText[];
}

/** Columns of a table that fits on a phone. */
const COLUMNS_SHOWN = 4;

/** Reads them where they stand: no row is in a step's result. `undefined`: nothing is known to have changed. */
export async function nameChanges(
  deps: Pick<ExportDependencies, 'archive' | 'encoders'>,
  { description, compare }: Plan,
  { parts, position }: Collected,
  { sample }: Partial<KeyComparison>,
): Promise<NamedChanges | undefined> {
  if (sample === undefined || compare === null) return undefined;
  if (sample.appeared.length + sample.disappeared.length === 0) return undefined;
  const columns = shownColumns(
    description,
    (position.columns ?? []).map(({ name }) => name),
  );
  const bytes = sample.disappeared.length === 0 ? undefined : await deps.archive.read(compare.key);
  const before = bytes && parseRecord(bytes);
  return {
    columns,
    appeared: await rowsAt(deps, parts, sample.appeared, columns),
    disappeared: before?.kind === 'export' ? await rowsAt(deps, before.parts, sample.disappeared, columns) : [],
  };
}

/** What tells rows apart, an id only where nothing else does; then what they are counted by, then whatever comes first. */
function shownColumns(
  { keyColumns = [], groupColumn }: SourceDescription,
  known: readonly string[],
): readonly string[] {
  const isId = (name: string) => /(?:^id|Id)$/.test(name);
  const wanted = [
    ...keyColumns.filter((name) => !isId(name)),
    ...known.slice(0, COLUMNS_SHOWN).filter((name) => !isId(name)),
    groupColumn,
    ...keyColumns,
    ...known,
  ];
  const there = [...new Set(wanted)].filter((name): name is string => known.some((column) => column === name));
  return there.slice(0, COLUMNS_SHOWN);
}
