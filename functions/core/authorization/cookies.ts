import { SECRET_TEXT } from './secrets.ts';

/** As long as an authorization may take: a person signs in, perhaps with a second factor. */
export const AUTHORIZATION_SECONDS = 600;

/** How the cookie of one authorization is written and found again. */
export interface BrowserCookies {
  set(stateHash: string, value: string): string;
  clear(stateHash: string): string;
  /** The value, if exactly one well-formed cookie of this authorization came along. */
  read(cookies: readonly string[], stateHash: string): string | undefined;
}

/**
 * One cookie per authorization, so that two tabs do not undo each other.
 *
 * `__Host-` with `Secure` where our address is https: bound to exactly this host. On http loopback some browsers refuse
 * those, and a plain name is used.
 */
export function createBrowserCookies(publicBaseUrl: string): BrowserCookies {
  const isSecure = new URL(publicBaseUrl).protocol === 'https:';
  const nameOf = (stateHash: string) => `${isSecure ? '__Host-' : ''}steward-${stateHash.slice(0, 16)}`;
  const attributes = `Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  return {
    set: (stateHash, value) => `${nameOf(stateHash)}=${value}; Max-Age=${AUTHORIZATION_SECONDS}; ${attributes}`,
    clear: (stateHash) => `${nameOf(stateHash)}=; Max-Age=0; ${attributes}`,
    read(cookies, stateHash) {
      const prefix = `${nameOf(stateHash)}=`;
      const found = cookies.map((cookie) => cookie.trim()).filter((cookie) => cookie.startsWith(prefix));
      const value = found[0]?.slice(prefix.length);
      return found.length === 1 && value !== undefined && SECRET_TEXT.test(value) ? value : undefined;
    },
  };
}
