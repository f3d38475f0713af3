/** A browser's request, whichever of Lambda's HTTP events it came in. */
export interface WebRequest {
  readonly method: string;
  /** As it was sent: not decoded. */
  readonly path: string;
  /** Undecoded and without `?`; absent where the event no longer tells duplicates apart. */
  readonly rawQuery: string | undefined;
  /** `name=value`, one per cookie. */
  readonly cookies: readonly string[];
  /** The browser fetches ahead of its person (`Sec-Purpose: prefetch`): nothing is used up for that (S55). */
  readonly isPrefetch: boolean;
}

export interface WebResponse {
  readonly status: 200 | 303 | 400 | 404 | 405 | 502 | 504;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: string;
}
