import { describe, expect, it } from 'vitest';
import { HOOK_PAYLOAD, hooks } from '../../../../functions/providers/opsramp/hooks.ts';

describe('hints', () => {
  it.each([
    HOOK_PAYLOAD.replace('$alert.uniqueId', '389547'),
    '{"alertId":389547}',
    '{"alert":{"uniqueId":"389547","subject":"x"}}',
    '[{"id":"389547"}]',
    '{"payload":{"alert":{"id":389547}}}',
  ])('finds the alert in %s', (body) => {
    expect(hooks.hints(JSON.parse(body))).toEqual(['389547']);
  });

  it.each([
    HOOK_PAYLOAD,
    '"text"',
    '7',
    'null',
    '{"id":"../x"}',
    '{"id":1.5}',
    '{"id":""}',
    '{"a":{"b":{"alert":{"id":1}}}}',
    '[]',
  ])('makes nothing of %j', (body) => {
    expect(hooks.hints(JSON.parse(body))).toEqual([]);
  });
});
