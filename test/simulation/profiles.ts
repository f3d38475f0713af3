import { StoreUnavailableError } from '../../functions/core/errors.ts';
import type { EffectProfile } from './scheduler.ts';

/** A call to DynamoDB, or to what answers like it. */
export const STORE: EffectProfile = {
  latency: [2, 30],
  timeoutMs: 4000,
  unanswered: () => new StoreUnavailableError('no reply'),
  throttled: () => {
    throw new StoreUnavailableError('throttled');
  },
};
