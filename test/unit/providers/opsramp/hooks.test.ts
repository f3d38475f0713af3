import { describe, expect, it } from 'vitest';
import { HOOK_PAYLOAD, parseHook } from '../../../../functions/providers/opsramp/hooks.ts';

describe('parseHook', () => {
  it.each([
    HOOK_PAYLOAD.replace('$alert.uniqueId', '389547'),
    '{"alertId":389547}',
    '{"alert":{"uniqueId":"389547","subject":"x"}}',
    '[{"id":"389547"}]',
    '{"payload":{"alert":{"id":389547}}}',
  ])('finds the alert in %s', (body) => {
    expect(parseHook(body)).toEqual({ resource: 'alerts', id: '389547' });
  });

  it.each([
    HOOK_PAYLOAD,
    '',
    'null',
    '{"id":"../x"}',
    '{"id":1.5}',
    '{"id":""}',
    '{"a":{"b":{"alert":{"id":1}}}}',
    '<xml/>',
  ])('makes nothing of %j', (body) => {
    expect(parseHook(body)).toBeUndefined();
  });
});
