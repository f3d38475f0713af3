import type { AnswerWeb } from '../core/authorization/answer.ts';
import { readWebEvent, type WebEvent, type WebResult, writeWebResult } from '../core/authorization/web-event.ts';
import type { Deadline } from '../core/time.ts';

export interface OAuthCallbackDependencies {
  readonly answer: AnswerWeb;
}

/**
 * Answers the browser of a person who connects an account.
 *
 * The event is neither logged nor kept: its query holds a credential until it is exchanged.
 */
export function createHandler({ answer }: OAuthCallbackDependencies) {
  return async (event: WebEvent, { deadline }: { readonly deadline: Deadline }): Promise<WebResult> =>
    writeWebResult(event, await answer(readWebEvent(event), deadline));
}
