import type { Deadline } from '../time.ts';
import { ServiceError } from '../errors.ts';
import { answerConnect } from './begin.ts';
import { answerCallback } from './callback.ts';
import type { AuthorizationDependencies } from './dependencies.ts';
import { OUTCOMES, type Outcome, page } from './pages.ts';
import type { WebRequest, WebResponse } from './web.ts';

/** Exactly these paths, undecoded: what has to be decoded first is not one of ours (S58). */
const CONNECT = /^\/connect\/([A-Za-z0-9_-]{43})$/;
const CALLBACK = /^\/callback\/(([a-z0-9-]{1,32})(?:\.[a-z0-9.-]{1,253})?)$/;
const OUTCOME = /^\/outcome\/([a-z-]{1,20})$/;

export type AnswerWeb = (request: WebRequest, deadline: Deadline) => Promise<WebResponse>;

/** The pages of consent. Every answer is a constant; what a browser sent is in none of them. */
export function createAnswerWeb(dependencies: AuthorizationDependencies): AnswerWeb {
  return async (request, deadline) => {
    try {
      return await route(dependencies, request, deadline);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      dependencies.log.error('authorization.failed', { reason: error.code, message: error.message });
      return page('provider-failed', 502);
    }
  };
}

async function route(
  dependencies: AuthorizationDependencies,
  request: WebRequest,
  deadline: Deadline,
): Promise<WebResponse> {
  const ticket = CONNECT.exec(request.path)?.[1];
  if (ticket !== undefined) return answerConnect(dependencies, request, ticket);
  const [, name, provider] = CALLBACK.exec(request.path) ?? [];
  if (name !== undefined && provider !== undefined) {
    const isKnown = Object.hasOwn(dependencies.providers, provider);
    if (!isKnown || dependencies.providers[provider]?.authorization === undefined) return page('not-found', 404);
    return answerCallback(dependencies, request, name, deadline);
  }
  const outcome = OUTCOME.exec(request.path)?.[1];
  if (outcome === undefined || !(OUTCOMES as readonly string[]).includes(outcome)) return page('not-found', 404);
  if (request.method !== 'GET') return page('method', 405);
  return page(outcome as Outcome, 200);
}
