/** A route of the HTTP API; its method is always `ANY`. */
export interface Route {
  /** `/hooks/{connection}/{secret}` */
  readonly path: string;
  readonly functionName: string;
}

export interface MatchedRoute {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/**
 * The route that a path takes, segment by segment; a variable takes one whole segment that is not empty.
 *
 * As API Gateway does, parameters come decoded, and the path of the event does not.
 */
export function matchRoute(routes: readonly Route[], rawPath: string): MatchedRoute | undefined {
  for (const route of routes) {
    const pathParameters = parametersOf(route.path, rawPath);
    if (pathParameters) return { route, pathParameters };
  }
  return undefined;
}

function parametersOf(pattern: string, rawPath: string): Record<string, string> | undefined {
  const names = pattern.split('/');
  const segments = rawPath.split('/');
  if (names.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const segment = segments[index] ?? '';
    const variable = /^\{(.+)\}$/.exec(name)?.[1];
    if (variable === undefined && name !== segment) return undefined;
    if (variable === undefined) continue;
    const value = decoded(segment);
    if (value === undefined || value === '') return undefined;
    parameters[variable] = value;
  }
  return parameters;
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
