import * as v from 'valibot';
import { suggestion } from '../../core/nearest.ts';
import { members, text, whole } from './checks.ts';

/** A dotted path or a JSON pointer; the empty text is the document itself. */
export const way = v.pipe(
  v.string('must be a dotted path or a JSON pointer'),
  v.maxLength(200, 'must be at most 200 characters'),
  v.regex(
    /^(?:|[^./\s][^/]*|(?:\/[^/]*)+)$/u,
    'must be a dotted path, as meta.total, or a JSON pointer, as /meta/total',
  ),
);

/** A way that leads somewhere. */
export const innerWay = v.pipe(way, v.minLength(1, 'must name a member'));

const parameter = text(/^[\w.$[\]-]{1,64}$/u, 'the name of a query parameter');

/** How many rows are asked for at once, and by which parameter; without a parameter it is what the API does by itself. */
const sizes = { sizeParameter: v.optional(parameter), size: v.optional(whole(1, 10_000)) };

/**
 * Whether a page with fewer rows than `size` is the last one. Only where the vendor promises it: an API that caps
 * the size, or filters after it has cut the page, answers short pages in the middle.
 */
const shortPageIsLast = v.optional(v.boolean('must be true or false'), false);

const STYLES = ['none', 'page', 'offset', 'cursor', 'next-link', 'link-header'] as const;

/** How one page leads to the next. */
export const paging = v.optional(
  v.variant(
    'style',
    [
      members({ style: v.literal('none') }),
      members({
        style: v.literal('page'),
        parameter: v.optional(parameter, 'page'),
        first: v.optional(whole(0, 1), 1),
        shortPageIsLast,
        ...sizes,
      }),
      members({ style: v.literal('offset'), parameter: v.optional(parameter, 'offset'), shortPageIsLast, ...sizes }),
      members({ style: v.literal('cursor'), parameter: v.optional(parameter, 'cursor'), from: innerWay, ...sizes }),
      members({ style: v.literal('next-link'), from: innerWay, ...sizes }),
      members({ style: v.literal('link-header'), ...sizes }),
    ],
    ({ input }) => `must have a style: ${STYLES.join(', ')}.${suggestion(String(input), STYLES)}`,
  ),
  { style: 'none' },
);

const scalar = v.union([v.string(), v.number(), v.boolean()], 'must be a text, a number, true or false');

/**
 * Relative to `apiBaseUrl`, or a whole address on one of `moreHosts`. A leading slash would leave the base's own path,
 * and dots would climb out of it.
 */
const path = v.pipe(
  v.string('must be a path below apiBaseUrl'),
  v.regex(
    /^(?!\/)[\w.~%!$&'()*+,;=:@/-]{0,500}$/u,
    'must be a path below apiBaseUrl without a slash before it, as invoices, or an https address on one of moreHosts',
  ),
  v.check((value) => !/(?:^|\/)\.{1,2}(?:\/|$)/u.test(value), 'must not climb: . and .. are no parts of it'),
  v.check((value) => !/(?<!^https:)\/\//u.test(value), 'must be a path below apiBaseUrl, or an https address'),
);

/** What every list has. */
export const recipe = {
  path,
  /** Further parameters; `{from}` and `{to}` stand for the window of an incremental source. */
  query: v.optional(v.record(parameter, v.union([scalar, v.array(scalar)])), {}),
  /** Where the array of rows is. */
  rows: v.optional(way, ''),
  paging,
  /** Where the API's own count of the whole list is, so that what was read can be reconciled with it. */
  total: v.optional(innerWay),
  /** What identifies a row. */
  id: v.optional(innerWay),
};

const recipeSchema = v.object(recipe);
export type Recipe = v.InferOutput<typeof recipeSchema>;

/** What a style of paging may have of `sizes`. */
export interface Sizes {
  readonly style: Recipe['paging']['style'];
  readonly sizeParameter?: string | undefined;
  readonly size?: number | undefined;
}
