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
    '{"id":["5"]}',
    '{"a":{"b":{"alert":{"id":1}}}}',
    '[]',
  ])('makes nothing of %j', (body) => {
    expect(hooks.hints(JSON.parse(body))).toEqual([]);
  });

  it.each([
    ['{"alertId":"1","id":"4"}', '1'],
    ['{"alert_id":"2","id":"4"}', '2'],
    ['{"uniqueId":"3","id":"4"}', '3'],
    ['{"id":"1234567890123456789"}', '1234567890123456789'],
    ['{"alert":{"x":1},"payload":{"id":6}}', '6'],
    ['{"id":"text","alert":{"id":5}}', '5'],
  ])('prefers in %s the id %s', (body, id) => {
    expect(hooks.hints(JSON.parse(body))).toEqual([id]);
  });

  it.each([
    '{"id":"12345678901234567890"}',
    '{"id":"x1"}',
    '{"id":"1x"}',
    '[[[[{"id":1}]]]]',
    '{"alert":{"alert":{"alert":{"id":1}}}}',
    '{"payload":{"payload":{"payload":{"id":1}}}}',
    '[{"x":1},{"id":1}]',
  ])('does not take %s for an alert', (body) => {
    expect(hooks.hints(JSON.parse(body))).toEqual([]);
  });
});

describe('the upkeep of hooks', () => {
  it('has nothing to keep and nothing to lose: every change is polled for', async () => {
    expect(hooks).toMatchObject({ alertSource: 'alerts', payload: HOOK_PAYLOAD });
    expect(JSON.parse(HOOK_PAYLOAD)).toEqual({ resource: 'alerts', id: '$alert.uniqueId' });
    expect(hooks.recovery({}, ['a'])).toEqual({ polled: ['a'], lost: [] });
    const call = () => Promise.reject(new Error('asks nothing'));
    expect(await hooks.keep(call, ['a'], 'https://x.example/hooks/1')).toEqual({
      active: ['a'],
      reenabled: [],
      registered: [],
      foreign: 0,
    });
  });
});
