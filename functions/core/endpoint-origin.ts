const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Whether a text may stand in `settings.endpoint`, where a connection is led to something else than its provider (a
 * gateway, a double): an origin and nothing besides, over TLS unless it is this machine's.
 */
export function isEndpointOrigin(text: string): boolean {
  const url = URL.parse(text);
  // What URLs forgive (blanks, backslashes, no slashes at all) is a slip of the pen here.
  if (url === null || !/^https?:\/\/[^\s\\]+$/iu.test(text) || url.href !== `${url.origin}/`) return false;
  return url.protocol === 'https:' || LOOPBACK.has(url.hostname);
}
