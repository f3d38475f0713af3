import { ConfigInvalidError, NotFoundError, ProviderRefusedError } from '../../../../core/errors.ts';
import { bodyJson } from '../../../../core/http.ts';
import type { JsonObject } from '../../../../core/json.ts';
import { nearest } from '../../../../core/nearest.ts';
import type { CallApi } from '../../../../core/provider.ts';
import { CALL_TIMEOUT_MS } from '../../paging.ts';
import type { FoundReport, Step } from './cursor.ts';

/** Categories within categories; deeper than this is no tree of reports. */
const MAX_DEPTH = 8;
const NEAR_LIMIT = 5;
/** Ids are slugs with a number behind: what cannot be one is not asked for as one. */
const ID = /^[A-Za-z0-9_.-]+$/;

/** The report, or where to look next. */
export type DefinitionStep = { readonly report: FoundReport } | { readonly next: Step<'definition'> };

/**
 * Looks a report up by id or name: in the tree of definitions, then by search, then as an id.
 *
 * Without `subtree` the list has the two top categories only, and their `children` are refused to API credentials.
 * Whether the tree comes flat or nested is not documented, so both are read.
 *
 * @throws NotFoundError with the nearest names
 * @throws ConfigInvalidError when several reports have the name
 */
export async function findReport(call: CallApi, wanted: string, at: Step<'definition'>): Promise<DefinitionStep> {
  const reports = await look(call, wanted, at);
  const found = match(reports, wanted);
  if (found !== undefined) return { report: found };
  const near = [
    ...new Set([
      ...at.near,
      ...nearest(
        wanted,
        reports.map(({ name }) => name),
        NEAR_LIMIT,
      ),
    ]),
  ].slice(0, NEAR_LIMIT);
  if (at.look === 'tree') return { next: { ...at, look: 'search', near } };
  if (at.look === 'search' && ID.test(wanted)) return { next: { ...at, look: 'direct', near } };
  const hint =
    near.length === 0 ? 'The id is in the address of the report in the console' : `Nearest: ${near.join(', ')}`;
  throw new NotFoundError(`Action1 has no report ${wanted}. ${hint}`);
}

async function look(call: CallApi, wanted: string, at: Step<'definition'>): Promise<readonly FoundReport[]> {
  const request = { method: 'GET', timeoutMs: CALL_TIMEOUT_MS } as const;
  if (at.look === 'tree') {
    return collect(bodyJson(await call({ ...request, path: 'reports/all', query: [['subtree', 'Yes']] })));
  }
  if (at.look === 'search') {
    const organization = encodeURIComponent(at.organizations[0]?.id ?? 'all');
    const query = [['query', wanted] as const, ['limit', '10'] as const];
    return collect(bodyJson(await call({ ...request, path: `search/${organization}`, query })));
  }
  try {
    return collect(bodyJson(await call({ ...request, path: `reports/all/${encodeURIComponent(wanted)}` })));
  } catch (error) {
    if (error instanceof ProviderRefusedError) return [];
    throw error;
  }
}

function match(reports: readonly FoundReport[], wanted: string): FoundReport | undefined {
  const byId = reports.find(({ id }) => id === wanted);
  if (byId !== undefined) return byId;
  const low = wanted.toLowerCase();
  const named = new Map(reports.filter(({ name }) => name.trim().toLowerCase() === low).map((one) => [one.id, one]));
  if (named.size > 1) {
    throw new ConfigInvalidError(
      `Action1 has ${named.size} reports named ${wanted}; name one by its id: ${[...named.keys()].join(', ')}`,
    );
  }
  return [...named.values()][0];
}

/** Every object of type `Report` in an answer, at any depth. */
function collect(value: unknown, depth = 0): readonly FoundReport[] {
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return [];
  const { id, name, type, simple } = value as JsonObject;
  if (type === 'Report' && typeof id === 'string' && typeof name === 'string') {
    return [{ id, name, simple: !(typeof simple === 'string' && simple.toLowerCase() === 'no') }];
  }
  return Object.values(value).flatMap((member) => collect(member, depth + 1));
}
