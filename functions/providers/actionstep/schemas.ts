import * as v from 'valibot';

/** Printable ASCII without blanks (VSCHAR of RFC 6749, appendix A): what may stand in a header. */
const credential = (maxLength: number) =>
  v.pipe(v.string(), v.maxLength(maxLength), v.regex(/^[\x21-\x7e]+$/u, 'not printable ASCII'));

/** A year. Above it a number is a mistake, not a lifetime. */
const MAX_EXPIRES_IN_SECONDS = 31_536_000;

const expiresIn = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^[0-9]{1,9}$/u), v.transform(Number))]),
  v.integer(),
  v.minValue(1),
  v.maxValue(MAX_EXPIRES_IN_SECONDS),
);

/** `POST /api/oauth/token`, 200. An access token is a JWT of about 1 KB, a refresh token 60 characters. */
export const tokenReplySchema = v.object({
  access_token: credential(16_384),
  token_type: v.pipe(v.string(), v.regex(/^bearer$/iu, 'not bearer')),
  expires_in: v.nullish(expiresIn),
  refresh_token: v.nullish(credential(4096)),
  /** Judged apart: a bad one must not cost the refresh token beside it. */
  api_endpoint: v.optional(v.unknown()),
  orgkey: v.fallback(v.nullish(v.pipe(v.string(), v.regex(/^[\w.-]{1,100}$/u))), undefined),
  scope: v.fallback(v.nullish(v.pipe(v.string(), v.maxLength(4096))), undefined),
});

export const tokenErrorSchema = v.object({ error: v.string() });

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** `meta.paging.<resource>`. `nextPage` is a full URL or null; only whether there is one is read. */
export const pagingSchema = v.object({
  recordCount: count,
  pageCount: count,
  page: count,
  pageSize: count,
});

export type Paging = v.InferOutput<typeof pagingSchema>;

/** Templates of links; the hosts in their `href` are doubled in production, so nothing but the type is read. */
export const linkTemplatesSchema = v.record(v.string(), v.object({ type: v.string() }));

/** `GET /resthooks`. */
export const restHookSchema = v.object({
  id: v.union([v.number(), v.string()]),
  eventName: v.string(),
  targetUrl: v.string(),
  status: v.nullish(v.string()),
  triggeredLastTimestamp: v.fallback(v.nullish(v.string()), undefined),
});
