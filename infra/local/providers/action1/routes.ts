import { listRoutes } from './list-routes.ts';
import { reportRoutes } from './report-routes.ts';
import type { Action1Answer, ListRequest } from './answers.ts';
import type { SimulatedOrganization } from './population.ts';
import type { Action1State } from './state.ts';

/** A request that has found its route. */
export interface Call {
  readonly state: Action1State;
  readonly now: number;
  readonly query: URLSearchParams;
  readonly list: ListRequest;
  /** A segment of the path, decoded once. */
  readonly param: (name: string) => string;
  /** A segment as it stood in the address. */
  readonly rawParam: (name: string) => string;
  readonly organization: () => SimulatedOrganization;
}

export type Handle = (call: Call) => Action1Answer;
/** `METHOD a/:b/c` to what answers it. */
export type Routes = Readonly<Record<string, Handle>>;

export interface Found {
  readonly route: string;
  readonly handle: Handle;
  readonly params: ReadonlyMap<string, string>;
}

const ROUTES = Object.entries({ ...listRoutes, ...reportRoutes }).map(([route, handle]) => {
  const [method, pattern] = route.split(' ');
  return { route, method, pattern: (pattern ?? '').split('/'), handle };
});

/** Old spellings that are answered too. */
const ALIASES: readonly (readonly [RegExp, string])[] = [
  [/^apps\//i, 'installed-software/'],
  [/^policies\//i, 'automations/'],
  [/\/endpoint_results$/i, '/endpoint-results'],
  [/^data_sources\//i, 'data-sources/'],
];

export function findRoute(method: string, path: string): Found | undefined {
  const plain = ALIASES.reduce((text, [old, now]) => text.replace(old, now), path);
  const segments = plain.split('/');
  for (const { route, method: wanted, pattern, handle } of ROUTES) {
    if (wanted !== method || pattern.length !== segments.length) continue;
    const fits = pattern.every(
      (part, index) => part.startsWith(':') || part.toLowerCase() === segments[index]?.toLowerCase(),
    );
    if (!fits) continue;
    const params = pattern.flatMap((part, index) =>
      part.startsWith(':') ? [[part.slice(1), segments[index] ?? ''] as const] : [],
    );
    return { route, handle, params: new Map(params) };
  }
  return undefined;
}
