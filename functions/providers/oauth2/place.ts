import { createHash } from 'node:crypto';

/** How far a walk has got: plain JSON, the cursor of an export or of a pass. */
export type Place = {
  /** Page number, offset, cursor or address to ask for; null at the beginning. */
  readonly next: number | string | null;
  /** Rows to ask for at once, where pages of the recipe's own size were too large to be taken. */
  readonly size?: number;
  /** Rows met, each once. */
  readonly taken: number;
  /** Rows that an earlier page had, too. */
  readonly repeated: number;
  /** The API's own count, by its last page that had one. */
  readonly total: number | null;
  readonly totalMoved: boolean;
  /** Digests of the ids of the page before: a row that a shift brings again is known by its own. */
  readonly recent: readonly string[];
  /** Digest of the page before, whole, and how many pages before it were the same. */
  readonly page: string;
  readonly alike: number;
  /** Brent's way to find a circle of cursors without keeping them: the one that later ones are compared with. */
  readonly mark: { readonly digest: string; readonly left: number; readonly span: number };
};

export const BEGINNING: Place = {
  next: null,
  taken: 0,
  repeated: 0,
  total: null,
  totalMoved: false,
  recent: [],
  page: '',
  alike: 0,
  mark: { digest: '', left: 1, span: 1 },
};

/** The mark moves ahead at growing distances, so that it stands inside any circle in the end. */
export function marked({ digest: at, left, span }: Place['mark'], next: number | string): Place['mark'] {
  if (left > 1) return { digest: at, left: left - 1, span };
  return { digest: digest(String(next)), left: span * 2, span: span * 2 };
}

/** 64 bits in hexadecimal. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
