import type * as v from 'valibot';
import type { JsonObject } from '../../core/json.ts';
import type { CallApi } from '../../core/provider.ts';
import type { Completeness, SourcePage, SourceRow } from '../../core/reports/source.ts';
import {
  ORGANIZATIONS_START,
  readOrganizations,
  type Organization,
  type OrganizationsCursor,
} from './organizations.ts';
import { advance, PAGE_SIZE, parseItems, readList, START, type ListPage, type Position } from './paging.ts';

/** What was counted so far, over all lists of an export. */
export type Tally = {
  /** Rows handed out. */
  readonly rows: number;
  /** Sum of the totals of the lists that are over. */
  readonly total: number;
  /** Some list gave no total: then there is none for the whole. */
  readonly unknown: boolean;
};

export const NO_TALLY: Tally = { rows: 0, total: 0, unknown: false };

/** Adds a list that is over; `rows` were counted page by page. */
export function closeList(tally: Tally, page: ListPage): Tally {
  return { ...tally, total: tally.total + (page.total ?? 0), unknown: tally.unknown || page.total === undefined };
}

/** What the last page says about the whole. */
export function verdict(tally: Tally): { readonly sourceTotal?: number; readonly completeness: Completeness } {
  if (tally.unknown) return { completeness: 'short-page' };
  return { sourceTotal: tally.total, completeness: tally.rows === tally.total ? 'reconciled' : 'unproven' };
}

/** A cursor of a walk over the same list of every organisation. */
export type WalkCursor =
  | ({ readonly step: 'organizations' } & OrganizationsCursor)
  | {
      readonly step: 'rows';
      readonly organizations: readonly Organization[];
      readonly index: number;
      readonly position: Position;
      readonly tally: Tally;
    };

/** The list that a walk reads in each organisation. */
export interface WalkedList<Schema extends v.GenericSchema> {
  readonly organizations: 'all' | readonly string[];
  readonly schema: Schema;
  readonly pageSize?: number;
  path(organization: Organization): string;
  readonly query: readonly (readonly [string, string])[];
  toRows(item: v.InferOutput<Schema>, organization: Organization): readonly SourceRow[];
}

/** One request of a walk: a page of organisations first, then a page of rows of one of them. */
export async function walk<Schema extends v.GenericSchema>(
  call: CallApi,
  list: WalkedList<Schema>,
  cursor: WalkCursor | undefined,
): Promise<SourcePage> {
  const at = cursor ?? { step: 'organizations' as const, ...ORGANIZATIONS_START };
  if (at.step === 'organizations') {
    const step = await readOrganizations(call, list.organizations, at);
    if ('next' in step) return { rows: [], next: { step: 'organizations', ...step.next } };
    const { organizations } = step;
    return { rows: [], next: { step: 'rows', organizations, index: 0, position: START, tally: NO_TALLY } };
  }
  return readRows(call, list, at);
}

async function readRows<Schema extends v.GenericSchema>(
  call: CallApi,
  list: WalkedList<Schema>,
  at: Extract<WalkCursor, { step: 'rows' }>,
): Promise<SourcePage> {
  const organization = at.organizations[at.index];
  if (organization === undefined) return { rows: [], ...verdict(at.tally), facts: factsOf(at.organizations) };
  const path = list.path(organization);
  const pageSize = list.pageSize ?? PAGE_SIZE;
  const page = await readList(call, { path, query: list.query }, at.position, pageSize);
  const rows = parseItems(list.schema, page, path).flatMap((item) => list.toRows(item, organization));
  const counted = { ...at.tally, rows: at.tally.rows + rows.length };
  const step = advance(at.position, page, pageSize);
  if ('next' in step) return { rows, next: { ...at, position: step.next, tally: counted } };
  const tally = closeList(counted, page);
  const index = at.index + 1;
  if (index < at.organizations.length) return { rows, next: { ...at, index, position: START, tally } };
  return { rows, ...verdict(tally), facts: factsOf(at.organizations) };
}

/** Whose data this is, for the manifest. */
export function factsOf(organizations: readonly Organization[]): JsonObject {
  return { organizations: organizations.map(({ id, name }) => ({ id, name })) };
}
