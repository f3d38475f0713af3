import { AccessDeniedError, NotFoundError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import type { CallApi } from '../../core/provider.ts';
import { advance, PAGE_SIZE, parseItems, readList, START, type Position } from './paging.ts';
import { organizationSchema } from './schemas.ts';

/** Most paths of the API are below one organisation, so that a source walks over them. */
export type Organization = { readonly id: string; readonly name: string };

/** Where the reading of the organisations is. */
export type OrganizationsCursor = { readonly found: readonly Organization[]; readonly position: Position };

export const ORGANIZATIONS_START: OrganizationsCursor = { found: [], position: START };

/** The chosen organisations, or where to go on. */
export type OrganizationsStep =
  | { readonly organizations: readonly Organization[] }
  | { readonly next: OrganizationsCursor };

/**
 * Reads one page of the organisations that the credential sees, and chooses among them after the last.
 *
 * @throws AccessDeniedError when it sees none
 * @throws NotFoundError when one that was named is not among them
 */
export async function readOrganizations(
  call: CallApi,
  wanted: 'all' | readonly string[],
  cursor: OrganizationsCursor,
): Promise<OrganizationsStep> {
  const path = 'organizations';
  const page = await readList(call, { path }, cursor.position, PAGE_SIZE);
  const known = new Set(cursor.found.map(({ id }) => id));
  const fresh = parseItems(organizationSchema, page, path).filter(({ id }) => !known.has(id));
  const found = [...cursor.found, ...fresh];
  const step = advance(cursor.position, page, PAGE_SIZE);
  if ('next' in step) return { next: { found, position: step.next } };
  return { organizations: choose(found, wanted) };
}

function choose(found: readonly Organization[], wanted: 'all' | readonly string[]): readonly Organization[] {
  if (found.length === 0) {
    throw new AccessDeniedError('The Action1 credential sees no organization: its role needs a scope');
  }
  if (wanted === 'all') return found;
  const chosen = wanted.map((name) => find(found, name));
  return [...new Map(chosen.map((organization) => [organization.id, organization])).values()];
}

function find(found: readonly Organization[], wanted: string): Organization {
  const low = wanted.toLowerCase();
  const match =
    found.find(({ id }) => id.toLowerCase() === low) ?? found.find(({ name }) => name.trim().toLowerCase() === low);
  if (match !== undefined) return match;
  const names = found.map(({ name }) => name);
  const near = nearest(wanted, names);
  const shown = near.length > 0 ? near : names.slice(0, 5);
  throw new NotFoundError(
    `Action1 has no organization ${wanted} that this credential sees. Nearest: ${shown.join(', ')}`,
  );
}
