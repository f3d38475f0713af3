import type * as v from 'valibot';
import type { JsonObject } from '../../../core/json.ts';
import type { ReportSource, SourceContext, SourceDescription, SourceRow } from '../../../core/reports/source.ts';
import type { Organization } from '../organizations.ts';
import { parseWith } from '../options.ts';
import { walk, type WalkCursor } from '../walk.ts';

type ListOptions = JsonObject & { readonly organizations: 'all' | readonly string[] };

/** A snapshot of one list of every organisation. */
export interface ListDefinition<Options extends v.GenericSchema<unknown, ListOptions>, Item extends v.GenericSchema> {
  readonly name: string;
  readonly title: string;
  readonly snapshotReason: string;
  readonly columns?: readonly string[];
  readonly keyColumns: readonly string[];
  readonly groupColumn?: string;
  readonly options: Options;
  readonly item: Item;
  readonly pageSize?: number;
  path(organization: Organization): string;
  query(options: v.InferOutput<Options>): readonly (readonly [string, string])[];
  toRow(item: v.InferOutput<Item>, organization: Organization, context: SourceContext): SourceRow;
}

export function createListSource<Options extends v.GenericSchema<unknown, ListOptions>, Item extends v.GenericSchema>(
  definition: ListDefinition<Options, Item>,
): ReportSource {
  const parseOptions = (input: unknown) => parseWith(definition.options, definition.name, input);
  return {
    title: definition.title,
    parseOptions,
    describe: () => description(definition),
    readPage: (call, context, cursor) => {
      const options = parseOptions(context.options);
      return walk(
        call,
        {
          organizations: options.organizations,
          schema: definition.item,
          ...(definition.pageSize === undefined ? {} : { pageSize: definition.pageSize }),
          path: (organization) => definition.path(organization),
          query: definition.query(options),
          toRows: (item, organization) => [definition.toRow(item, organization, context)],
        },
        cursor as WalkCursor | undefined,
      );
    },
  };
}

function description(
  definition: Pick<
    ListDefinition<v.GenericSchema<unknown, ListOptions>, v.GenericSchema>,
    'snapshotReason' | 'columns' | 'keyColumns' | 'groupColumn'
  >,
): SourceDescription {
  return {
    kind: 'snapshot',
    snapshotReason: definition.snapshotReason,
    settleMs: 0,
    keyColumns: definition.keyColumns,
    ...(definition.columns === undefined ? {} : { columns: definition.columns }),
    ...(definition.groupColumn === undefined ? {} : { groupColumn: definition.groupColumn }),
  };
}
