import {
  AccessDeniedError,
  AccessTokenRejectedError,
  ProviderRateLimitedError,
  ProviderRefusedError,
  ProviderResponseInvalidError,
  ProviderUnavailableError,
  type ServiceError,
} from '../../core/errors.ts';
import type { HttpResponse } from '../../core/http.ts';
import { retryAfterMs } from '../../core/retry-after.ts';

/** Judges an API response by its status alone: what its body says in an error is every vendor's own. */
export function judge(response: HttpResponse, now: Date): ServiceError | undefined {
  const { status, headers } = response;
  if (status >= 200 && status < 300) return undefined;
  if (status === 401) return new AccessTokenRejectedError('The API no longer takes the access token (401)');
  const wait = retryAfterMs(headers, now);
  if (status === 429) return new ProviderRateLimitedError('The API answered 429', wait);
  // Some count requests with 403; one that says when to come again means no permission.
  if (status === 403 && wait !== undefined) return new ProviderRateLimitedError('The API answered 403: later', wait);
  if (status === 403) return new AccessDeniedError('The API refuses (403): a scope or a permission is missing');
  if (status >= 500 || status === 408 || status === 425) {
    return new ProviderUnavailableError(`The API answered ${status}`, { sent: true });
  }
  if (status >= 400)
    return new ProviderRefusedError(`The API refused the request (${status}): are path and query right?`);
  return new ProviderResponseInvalidError(
    `The API answered ${status}. Redirects are not followed: put the address that it leads to into apiBaseUrl`,
  );
}
