import { json, RefusedRequest, refusal, type SimulatedResponse } from './wire.ts';

export interface PageRules {
  readonly maxPageSize: number;
  readonly pageSizeStatus: 500 | 400;
  readonly orderBy: string;
  readonly sortNames: readonly string[];
}

interface PageRequest {
  readonly pageNo: number;
  readonly pageSize: number;
  readonly descending: boolean;
}

function refuse(status: number, message: string): never {
  throw new RefusedRequest(refusal(status, message));
}

function parsePage(query: URLSearchParams, rules: PageRules): PageRequest {
  const whole = (name: string, fallback: number) => {
    const text = query.get(name);
    if (text === null || text === '') return fallback;
    if (!/^-?\d+$/u.test(text))
      refuse(500, "Failed to convert value of type 'java.lang.String' to required type 'int'");
    return Number(text);
  };
  const pageNo = whole('pageNo', 1);
  const pageSize = whole('pageSize', 100);
  if (pageNo < 1) refuse(500, 'Invalid page number');
  if (pageSize <= 0) refuse(500, 'Page size should not be less than or equal to 0');
  if (pageSize > rules.maxPageSize) {
    refuse(rules.pageSizeStatus, `Page size should not be greater than ${rules.maxPageSize}`);
  }
  const sortName = query.get('sortName');
  if (sortName !== null && !rules.sortNames.includes(sortName)) refuse(500, 'Invalid sortName recieved');
  return { pageNo, pageSize, descending: query.get('isDescendingOrder') !== 'false' };
}

/** One page of items that come in ascending order, in the envelope of page numbers. */
export function pageOf<T>(
  ascending: readonly T[],
  query: URLSearchParams,
  rules: PageRules,
  show: (item: T) => unknown,
): SimulatedResponse {
  const { pageNo, pageSize, descending } = parsePage(query, rules);
  const total = ascending.length;
  if (total === 0) {
    return json(200, {
      results: [],
      totalResults: 0,
      pageNo,
      pageSize,
      totalPages: 0,
      nextPage: false,
      descendingOrder: descending,
    });
  }
  const ordered = descending ? ascending.toReversed() : ascending;
  const from = (pageNo - 1) * pageSize;
  const nextPage = from + pageSize < total;
  return json(200, {
    results: ordered.slice(from, from + pageSize).map(show),
    totalResults: total,
    orderBy: query.get('sortName') ?? rules.orderBy,
    pageNo,
    pageSize,
    totalPages: Math.ceil(total / pageSize),
    nextPage,
    ...(nextPage ? { nextPageNo: pageNo + 1 } : {}),
    previousPageNo: pageNo - 1,
    descendingOrder: descending,
  });
}
