import * as v from 'valibot';
import type { Alert, AlertPage } from '../../../core/alerts/source.ts';
import { ProviderResponseInvalidError } from '../../../core/errors.ts';
import type { JsonValue } from '../../../core/json.ts';
import type { CallApi } from '../../../core/provider.ts';
import {
  ORGANIZATIONS_START,
  readOrganizations,
  type Organization,
  type OrganizationsCursor,
} from '../organizations.ts';
import { advance, ALERT_TIMEOUT_MS, PAGE_SIZE, readList, START, type ListPage, type Position } from '../paging.ts';

/** A list that changes this often under us is not read in this pass at all: half a snapshot would resolve what stands. */
const MAX_RESTARTS = 3;

type Cursor =
  | ({ readonly step: 'organizations' } & OrganizationsCursor)
  | {
      readonly step: 'rows';
      readonly organizations: readonly Organization[];
      readonly index: number;
      readonly position: Position;
      /** The list's total at its first page. */
      readonly total: number | null;
      readonly restarts: number;
    };

/** The list that a snapshot reads in each organisation. */
export interface AlertList<Schema extends v.GenericSchema> {
  readonly organizations: 'all' | readonly string[];
  readonly schema: Schema;
  path(organization: Organization): string;
  readonly query: readonly (readonly [string, string])[];
  /** The item's id, for the log, where it could not be read as an item. */
  readonly idField: string;
  /** `undefined` when it is nothing to alert on. */
  toAlert(item: v.InferOutput<Schema>, organization: Organization): Alert | undefined;
}

/**
 * One request of a snapshot over all organisations.
 *
 * What is missing from a snapshot counts as resolved, so a list whose total moves while it is paged is begun again:
 * an item that left page 1 pulls another one from page 2 past the reader.
 */
export async function readSnapshot<Schema extends v.GenericSchema>(
  call: CallApi,
  list: AlertList<Schema>,
  cursor: JsonValue | undefined,
): Promise<AlertPage> {
  const at = (cursor as Cursor | undefined) ?? { step: 'organizations' as const, ...ORGANIZATIONS_START };
  if (at.step === 'organizations') {
    const step = await readOrganizations(call, list.organizations, at);
    if ('next' in step) return { alerts: [], next: { step: 'organizations', ...step.next } };
    const { organizations } = step;
    return { alerts: [], next: { step: 'rows', organizations, index: 0, ...BEGIN } };
  }
  return readRows(call, list, at);
}

const BEGIN = { position: START, total: null, restarts: 0 } as const;

async function readRows<Schema extends v.GenericSchema>(
  call: CallApi,
  list: AlertList<Schema>,
  at: Extract<Cursor, { step: 'rows' }>,
): Promise<AlertPage> {
  const organization = at.organizations[at.index];
  if (organization === undefined) return { alerts: [] };
  const page = await readList(
    call,
    { path: list.path(organization), query: list.query, timeoutMs: ALERT_TIMEOUT_MS },
    at.position,
    PAGE_SIZE,
  );
  if (at.total !== null && page.total !== undefined && page.total !== at.total) {
    if (at.restarts === MAX_RESTARTS) {
      throw new ProviderResponseInvalidError(`Action1 changed the list ${list.path(organization)} at every reading`);
    }
    return { alerts: [], next: { ...at, ...BEGIN, restarts: at.restarts + 1 } };
  }
  const read = toAlerts(list, page, organization);
  const step = advance(at.position, page, PAGE_SIZE);
  if ('next' in step) return { ...read, next: { ...at, position: step.next, total: page.total ?? null } };
  const index = at.index + 1;
  if (index === at.organizations.length) return read;
  return { ...read, next: { ...at, index, ...BEGIN } };
}

function toAlerts<Schema extends v.GenericSchema>(
  list: AlertList<Schema>,
  page: ListPage,
  organization: Organization,
): Required<Pick<AlertPage, 'alerts' | 'unreadable'>> {
  const alerts: Alert[] = [];
  const unreadable: string[] = [];
  for (const item of page.items) {
    const parsed = v.safeParse(list.schema, item);
    if (parsed.success) {
      const alert = list.toAlert(parsed.output, organization);
      if (alert !== undefined) alerts.push(alert);
    } else unreadable.push(idOf(item, list.idField, organization));
  }
  return { alerts, unreadable };
}

/** The id that the alert would have; empty where the item has none, so that it might be any of them. */
function idOf(item: unknown, field: string, organization: Organization): string {
  const id = (item as Readonly<Record<string, unknown>> | null)?.[field];
  return typeof id === 'string' && /^[\w.-]{1,128}$/.test(id) ? `${organization.id}/${id}` : '';
}
