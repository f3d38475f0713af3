import { ExportIncompleteError } from '../../core/errors.ts';
import type { HttpResponse } from '../../core/http.ts';
import { idText, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Completeness } from '../../core/reports/source.ts';
import { followed, nextOfHeader } from './links.ts';
import { digest, type Place } from './place.ts';
import { valueAt } from './ways.ts';
import type { Recipe, Sizes } from './recipe.ts';

/** As many times the same page may come before it is taken for the only one. */
const ALIKE_LIMIT = 100;

/** A page as it came. */
export interface Page {
  readonly url: URL;
  readonly rows: readonly JsonObject[];
  readonly body: JsonValue;
  readonly headers: HttpResponse['headers'];
}

/** Where the next page is; `undefined` after the last one. */
export function nextOf(
  recipe: Recipe,
  page: Page,
  before: Place,
  taken: Place,
): NonNullable<Place['next']> | undefined {
  const { paging } = recipe;
  switch (paging.style) {
    case 'none':
      return undefined;
    case 'page':
    case 'offset':
      if (isLast(recipe, page, taken)) return undefined;
      return paging.style === 'page'
        ? Number(before.next ?? paging.first) + 1
        : Number(before.next ?? 0) + page.rows.length;
    case 'cursor':
      return checked(idText(valueAt(page.body, paging.from)), recipe, before);
    case 'next-link':
      return linked(idText(valueAt(page.body, paging.from)), recipe, page, before);
    case 'link-header':
      return linked(nextOfHeader(page.headers.link), recipe, page, before);
  }
}

function linked(link: string | undefined, recipe: Recipe, page: Page, before: Place): string | undefined {
  return checked(link === undefined ? undefined : followed(link, page.url).href, recipe, before);
}

/** @throws ExportIncompleteError for a cursor or a link that leads back */
function checked(next: string | undefined, { path }: Recipe, { mark }: Place): string | undefined {
  if (next === undefined || digest(next) !== mark.digest) return next;
  throw new ExportIncompleteError(`The pages of ${path} lead back to one that was read: the list would never end`);
}

/** A total that is reached on a full page may be too low: the next page tells. */
function isLast({ path, paging, id }: Recipe, page: Page, taken: Place): boolean {
  if (page.rows.length === 0) return true;
  const { size }: Sizes = paging;
  const isShort = page.rows.length < (size ?? 0);
  if (taken.total !== null && taken.taken >= taken.total && (isShort || size === undefined)) return true;
  if ('shortPageIsLast' in paging && paging.shortPageIsLast && isShort) return true;
  if (taken.alike === 0) return false;
  // Past its end some answer their last page for ever. Rows without an id may be alike and still not be the same.
  if (paging.style === 'page' && id !== undefined) return true;
  // A window of rows that slides over hidden ones shows the same rows for a while.
  if (paging.style === 'offset' && taken.alike < ALIKE_LIMIT) return false;
  throw new ExportIncompleteError(`The list ${path} answers the same page again: does it take ${paging.style}?`);
}

export function endedBy({ paging }: Recipe, { total }: Place): Completeness {
  if (total !== null) return 'reconciled';
  return paging.style === 'none' ? 'unproven' : 'short-page';
}
