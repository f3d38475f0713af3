import {
  AccessDeniedError,
  AccessTokenRejectedError,
  ProviderRateLimitedError,
  ProviderRefusedError,
  ProviderResponseInvalidError,
  ProviderUnavailableError,
  type ServiceError,
} from '../../core/errors.ts';
import { bodyText, type HttpResponse } from '../../core/http.ts';
import { retryAfterMs } from '../../core/retry-after.ts';

/** A refusal with its status, because a record that is gone (404) is news and not a failure. */
export class ActionstepRefusedError extends ProviderRefusedError {
  readonly status: number;

  constructor(status: number, code: string | undefined) {
    super(`Actionstep refused the request (${status}${code === undefined ? '' : `, ${code}`})`);
    this.status = status;
  }
}

/** An error code of Actionstep's own, which is safe to repeat; titles and details may quote a record. */
const ERROR_CODE = /"code"\s*:\s*"(AS-[A-Za-z0-9-]{1,40})"/u;

/**
 * Judges an API response by its status: bodies of errors are documented poorly and come from gateways, too.
 *
 * 500 stands for faults of a resource as well as for Actionstep's own, so that it counts as passing.
 */
export function judge(response: HttpResponse, now: Date, path?: string): ServiceError | undefined {
  const { status } = response;
  if (status === 200 || status === 201 || status === 204) return undefined;
  if (status === 401) return new AccessTokenRejectedError('Actionstep no longer takes the access token');
  if (status === 403) return denied(response, path);
  if (status === 429) {
    return new ProviderRateLimitedError('Actionstep asked us to slow down', retryAfterMs(response.headers, now));
  }
  if (status === 408 || status >= 500) {
    return new ProviderUnavailableError(`Actionstep answered ${status}`, { sent: true });
  }
  if (status >= 400) return new ActionstepRefusedError(status, ERROR_CODE.exec(bodyText(response))?.[1]);
  return new ProviderResponseInvalidError(`Actionstep answered ${status}, which its API does not document`);
}

/** A scope is named as its resource is. */
function denied(response: HttpResponse, path: string | undefined): AccessDeniedError {
  const resource = path?.match(/^[a-z][a-z0-9_]*/u)?.[0] ?? 'this resource';
  return bodyText(response).includes('insufficient_scope')
    ? new AccessDeniedError(
        `The connection lacks the scope ${resource}, or one of what is included with it: add it to the connection's scopes and authorize it again`,
      )
    : new AccessDeniedError(`The person who authorized the connection may not read ${resource} in Actionstep`);
}
