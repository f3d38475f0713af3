import { expect, it } from 'vitest';
import { TICK_EVERY_MS } from '../../functions/core/alerts/pass-rows.ts';
import { SECOND_MS } from '../../functions/core/time.ts';
import { LEASE_MS, SPEND_BUDGET_MS } from '../../functions/core/tokens/timing.ts';
import { FUNCTIONS, functionShape } from '../../infra/functions.ts';
import { synthesize } from './synthesize.ts';

/** Two clocks may differ by this much (RELIABILITY 2.2, rule 11). */
const SKEW_MS = 5 * SECOND_MS;

it.each(['token-refresher', 'oauth-callback'] as const)(
  'R17: no lease that %s takes can run out while its holder lives, even on clocks that differ',
  (name) => {
    const { timeoutSeconds } = functionShape(name);
    expect(timeoutSeconds * SECOND_MS + SKEW_MS).toBeLessThanOrEqual(LEASE_MS);
    expect(timeoutSeconds * SECOND_MS).toBeGreaterThan(SPEND_BUDGET_MS);
  },
);

it('A21: a poller is ticked as often as blindness is reckoned with', () => {
  expect(functionShape('alert-poller').everySeconds).toBe(TICK_EVERY_MS / SECOND_MS);
});

it('P02, P03, P06: nothing of ours consumes a queue, a stream or our own topics: no batch to answer for, no recursion', () => {
  const { service, state } = synthesize();
  for (const template of [service, state]) {
    expect(template.findResources('AWS::Lambda::EventSourceMapping')).toEqual({});
    const subscriptions = Object.values(template.findResources('AWS::SNS::Subscription')) as {
      readonly Properties: { readonly Protocol: string };
    }[];
    expect(subscriptions.filter(({ Properties }) => Properties.Protocol !== 'email')).toEqual([]);
  }
  expect(FUNCTIONS.every(({ everySeconds, routes, durable }) => everySeconds ?? routes ?? durable)).toBeTruthy();
});
