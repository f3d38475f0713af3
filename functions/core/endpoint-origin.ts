const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Whether a text may stand in `settings.endpoint`, where a connection is led to something else than its provider (a
 * gateway, a double): an origin and nothing besides, over TLS unless it is this machine's.
 */
export function isEndpointOrigin(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || text.replace(/\/$/u, '').toLowerCase() !== url.origin) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.has(url.hostname));
}
