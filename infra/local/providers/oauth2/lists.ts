import type { JsonObject } from '../../../../functions/core/json.ts';
import type { ProviderAnswer, ProviderRequest } from '../listener.ts';
import { json } from './desk.ts';
import type { Oauth2ModelOptions } from './options.ts';

const DEFAULT_SIZE = 25;

/** A page cut out of a list, before it is put into an envelope. */
interface Cut {
  readonly rows: readonly JsonObject[];
  readonly all: number;
  readonly start: number;
  readonly end: number;
  readonly size: number;
}

/**
 * `/api/<style>/<collection>`: the same rows, paged in each of the ways that recipes know.
 *
 * `page` counts from 1, `page0` from 0. `bare` has no envelope.
 */
export function answerList(
  options: Oauth2ModelOptions,
  rows: readonly JsonObject[],
  style: string,
  request: ProviderRequest,
): ProviderAnswer {
  const url = new URL(request.url, options.origin);
  const query = url.searchParams;
  const asked = within(rows, query);
  const size = Math.min(Number(query.get('size') ?? DEFAULT_SIZE), options.maxPageSize);
  switch (style) {
    case 'bare':
      return json(200, asked);
    case 'none':
      return json(200, envelope(options, cut(options, asked, 0, Math.max(asked.length, 1))));
    case 'page':
    case 'page0': {
      const first = style === 'page' ? 1 : 0;
      const start = (Number(query.get('page') ?? first) - first) * size;
      return numbered(options, asked, start, size);
    }
    case 'offset':
      return numbered(options, asked, Number(query.get('offset') ?? 0), size);
    case 'cursor': {
      const page = cut(options, asked, Number(query.get('cursor')?.replace('after-', '') ?? 0), size);
      return json(200, { ...envelope(options, page), cursors: { next: cursorOf(options, page) } });
    }
    case 'next-link': {
      const page = cut(options, asked, Number(query.get('start') ?? 0), size);
      return json(200, { ...envelope(options, page), links: { next: linkOf(options, url, page) } });
    }
    case 'link-header': {
      const page = cut(options, asked, Number(query.get('start') ?? 0), size);
      const next = linkOf(options, url, page);
      const link = [
        `<${options.origin}/first>; rel="first"`,
        ...(next === null ? [] : [`<${next}>; rel="next prefetch"`]),
      ];
      return json(200, envelope(options, page), { link: link.join(', ') });
    }
    default:
      return json(404, { error: 'no such style' });
  }
}

function within(rows: readonly JsonObject[], query: URLSearchParams): readonly JsonObject[] {
  const [from, to] = [query.get('updatedFrom') ?? '', query.get('updatedTo') ?? '~'];
  return rows.filter(({ updatedAt }) => typeof updatedAt !== 'string' || (updatedAt >= from && updatedAt <= to));
}

function cut({ hidesEvery }: Oauth2ModelOptions, rows: readonly JsonObject[], start: number, size: number): Cut {
  const end = Math.min(start + size, rows.length);
  const shown = rows.slice(start, end).filter((_, at) => hidesEvery === 0 || (start + at + 1) % hidesEvery !== 0);
  return { rows: shown, all: rows.length, start, end, size };
}

function envelope({ totalLie }: Oauth2ModelOptions, { rows, all }: Cut) {
  return { data: rows, meta: { total: all + totalLie } };
}

function numbered(
  options: Oauth2ModelOptions,
  rows: readonly JsonObject[],
  start: number,
  size: number,
): ProviderAnswer {
  if (start < rows.length || options.pastTheEnd === 'empty')
    return json(200, envelope(options, cut(options, rows, start, size)));
  if (options.pastTheEnd === 'no-content') return { status: 204, headers: {}, body: '' };
  const last = Math.max(0, (Math.ceil(rows.length / size) - 1) * size);
  return json(200, envelope(options, cut(options, rows, last, size)));
}

function cursorOf({ links }: Oauth2ModelOptions, { end, all }: Cut): string | null {
  if (links === 'circle') return end >= all ? 'after-0' : `after-${end}`;
  return end >= all ? null : `after-${end}`;
}

function linkOf({ links, origin }: Oauth2ModelOptions, url: URL, { end, all }: Cut): string | null {
  const over = end >= all;
  if (over && links !== 'circle') return null;
  const next = new URL(url);
  next.searchParams.set('start', String(over ? 0 : end));
  if (links === 'relative') return `${next.pathname}${next.search}`;
  return `${links === 'foreign' ? 'https://elsewhere.example' : origin}${next.pathname}${next.search}`;
}
