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
import { bodySays, errorReason, printableReason } from './error-body.ts';
import { waitMs } from './rate-limit.ts';

/**
 * What the platform says, with status 500, when a parameter is wrong or an object is not there.
 *
 * 500 is its validation error: sent again, such a request fails again. Without one of these it is a failure of theirs.
 */
const VALIDATION =
  /should not|should be greater|invalid|no .{0,60}found|failed to convert|required|cannot be null|not supported|does not exist/iu;

/** A body about the path, not about the token: a new token would not help. */
const TENANT_MISSING = /target organi[sz]ation is missing/iu;

/** A refusal, and what it is about where we act on that. */
export class OpsrampRefusedError extends ProviderRefusedError {
  readonly about: 'object-missing' | 'page-size' | 'sort-name' | 'other';

  constructor(status: number, reason: string) {
    const printable = printableReason(reason);
    super(`OpsRamp refuses the request (${status})${printable && `: ${printable}`}`);
    if (status === 404 || /\bno .{0,60}found\b/iu.test(reason)) this.about = 'object-missing';
    else if (/page size/iu.test(reason)) this.about = 'page-size';
    else this.about = /sort ?name/iu.test(reason) ? 'sort-name' : 'other';
  }
}

/** Judges an API response. An expired token is **407** here, which no HTTP client expects; 401 is the same to us. */
export function judge(response: HttpResponse, now: Date): ServiceError | undefined {
  const { status } = response;
  if (status >= 200 && status < 300) return undefined;
  switch (status) {
    case 401:
      if (bodySays(response, TENANT_MISSING)) return refused(response);
      return new AccessTokenRejectedError('OpsRamp no longer takes the access token (401)');
    case 407:
      return new AccessTokenRejectedError('OpsRamp no longer takes the access token (407)');
    case 403:
      return new AccessDeniedError("OpsRamp refuses (403): the integration's role lacks a permission");
    case 410:
      return new AccessDeniedError('OpsRamp has no such active tenant (410): tenantId is wrong, or it was deactivated');
    case 429:
      return new ProviderRateLimitedError('OpsRamp answers 429', waitMs(response, now));
    default:
      return judgeRest(response);
  }
}

function judgeRest(response: HttpResponse): ServiceError {
  const { status } = response;
  if (status === 500 && VALIDATION.test(errorReason(response))) return refused(response);
  if (status >= 500 || status === 408 || status === 425) return unavailable(response);
  if (status >= 400) return refused(response);
  return new ProviderResponseInvalidError(`OpsRamp answered ${status}, which is no answer of its API`);
}

function refused(response: HttpResponse): ServiceError {
  return new OpsrampRefusedError(response.status, errorReason(response));
}

function unavailable({ status }: HttpResponse): ServiceError {
  return new ProviderUnavailableError(`OpsRamp answered ${status}`, { sent: true });
}
