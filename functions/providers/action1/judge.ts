import * as v from 'valibot';
import {
  AccessDeniedError,
  AccessTokenRejectedError,
  ProviderRateLimitedError,
  ProviderRefusedError,
  ProviderResponseInvalidError,
  ProviderUnavailableError,
  type ServiceError,
} from '../../core/errors.ts';
import { bodyJson, type HttpResponse } from '../../core/http.ts';
import { retryAfterMs } from '../../core/retry-after.ts';
import { MINUTE_MS, SECOND_MS } from '../../core/time.ts';

/** No wait that Action1 has been seen to ask for is longer; a broken number must not park an account. */
const MAX_WAIT_MS = 5 * MINUTE_MS;
const MAX_MESSAGE_LENGTH = 300;

const words = v.optional(v.nullable(v.string()));
/** Error envelope of every refusal; `details` of a 429 only. */
const errorSchema = v.object({
  user_message: words,
  developer_message: words,
  message: words,
  details: v.optional(v.unknown()),
});

/** Judges an API response: `undefined` when it can be used. */
export function judge(response: HttpResponse, now: Date, path?: string): ServiceError | undefined {
  const { status } = response;
  if (status >= 200 && status < 300) return maintenance(response);
  const said = vendorMessage(response);
  if (status === 401) return new AccessTokenRejectedError('Action1 no longer takes the access token');
  if (status === 403) {
    return new AccessDeniedError(
      `Action1 answered 403${said}. The role of the API credential lacks ${permissionFor(path)}, or the path is wrong: Action1 answers unknown paths with 403 too`,
    );
  }
  if (status === 429) {
    return new ProviderRateLimitedError('Action1 answered 429: over 30 requests a minute', waitOf(response, now));
  }
  if (status >= 500 || status === 408) {
    return new ProviderUnavailableError(`Action1 answered ${status}${said}`, { sent: true });
  }
  if (status >= 400) return new ProviderRefusedError(`Action1 answered ${status}${said}`);
  return new ProviderResponseInvalidError(`Action1 answered ${status}, which no call of ours expects`);
}

/** What a role needs for the lists that we read, by the beginning of the path (the vendor's API reference). */
const PERMISSIONS: Readonly<Record<string, string>> = {
  audit: 'the permission view_audit',
  endpoints: 'the permission view_endpoints',
  'installed-software': 'the permission view_installed_software',
  reportdata: 'the permission view_reports, with a scope that holds the organization and this report',
  search: 'one of the permissions view_endpoints, view_software_repository and view_reports',
  updates: 'one of the permissions approve_updates, view_dashboards and manage_automations',
  vulnerabilities: 'the permission view_vulnerabilities',
};

function permissionFor(path: string | undefined): string {
  const found = Object.entries(PERMISSIONS).find(([segment]) => path?.startsWith(`${segment}/`));
  return found?.[1] ?? 'a permission';
}

/** A page for people in place of an answer: Action1 is being maintained. No call of ours asks for HTML. */
export function maintenance(response: HttpResponse): ProviderUnavailableError | undefined {
  if (response.headers['content-type']?.toLowerCase().startsWith('text/html') !== true) return undefined;
  return new ProviderUnavailableError('Action1 answered with a web page: it is being maintained', { sent: true });
}

/** The wait of a 429: `details.retry_after` in seconds first, then the header. */
export function waitOf(response: HttpResponse, now?: Date): number | undefined {
  const parsed = v.safeParse(errorSchema, bodyJson(response));
  const details = parsed.success
    ? (parsed.output.details as Readonly<Record<string, unknown>> | null | undefined)
    : null;
  const inBody = Number(details?.['retry_after']) * SECOND_MS;
  const wait = [inBody, retryAfterMs(response.headers, now) ?? 0].find((ms) => ms > 0);
  return wait === undefined ? undefined : Math.min(wait, MAX_WAIT_MS);
}

/** The vendor's own words as `: …`, without control characters, cut to a length for a log line. */
export function vendorMessage(response: HttpResponse): string {
  const parsed = v.safeParse(errorSchema, bodyJson(response));
  if (!parsed.success) return '';
  const { user_message: user, developer_message: developer, message } = parsed.output;
  const clean = (text: string | null | undefined) => text?.replaceAll(/\p{Cc}+/gu, ' ').trim();
  const said = [user, developer, message].map(clean).find(Boolean);
  if (said === undefined) return '';
  return `: ${said.length > MAX_MESSAGE_LENGTH ? `${said.slice(0, MAX_MESSAGE_LENGTH)}…` : said}`;
}
