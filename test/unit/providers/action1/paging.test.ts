import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { ProviderResponseInvalidError } from '../../../../functions/core/errors.ts';
import { advance, parseItems, parsePage, START } from '../../../../functions/providers/action1/paging.ts';
import { response } from './world.ts';

const items = (count: number) => Array.from({ length: count }, (_, index) => ({ id: String(index) }));
const at = (from: number) => ({ from });

describe('Action1 paging', () => {
  it('reads totals that are strings, numbers, empty or not there', () => {
    expect(parsePage(response(200, { items: [], total_items: '142', limit: '50' }), 'x')).toEqual({
      items: [],
      total: 142,
      limit: 50,
    });
    expect(parsePage(response(200, { items: [], total_items: 3104, limit: 50 }), 'x').total).toBe(3104);
    expect(parsePage(response(200, { items: [], total_items: '' }), 'x').total).toBeUndefined();
    expect(parsePage(response(200, { items: [], total_items: null }), 'x').total).toBeUndefined();
    expect(parsePage(response(200, { items: [], total_items: 0 }), 'x').total).toBe(0);
    expect(parsePage(response(200, { items: [], total_items: -1 }), 'x').total).toBeUndefined();
    expect(parsePage(response(200, { items: [], total_items: '1.5' }), 'x').total).toBeUndefined();
  });

  it('reads the counters of a report', () => {
    const body = {
      items: [],
      total_errors: 5,
      total_live_responses: '320',
      total_sent_requests: '350',
      last_requery: '2024-06-19_10-28-36',
    };
    expect(parsePage(response(200, body), 'x')).toMatchObject({ errors: 5, liveResponses: 320, sentRequests: 350 });
  });

  it.each(['', '{}', '[]', 'null', '<html>', '{"items":'])('refuses %s as a list', (body) => {
    expect(() => parsePage(response(200, body), 'organizations')).toThrow(ProviderResponseInvalidError);
    const what = body === '' ? 'nothing' : 'something that is no list';
    expect(() => parsePage(response(200, body), 'organizations')).toThrow(`organizations with ${what}`);
  });

  it('goes on by its own offset until the total, whatever the page size that was served', () => {
    expect(advance(START, { items: items(50), total: 120 }, 200)).toEqual({ next: at(50) });
    expect(advance(at(50), { items: items(70), total: 120 }, 200)).toEqual({ over: true });
  });

  it('without a total ends at a page shorter than the one that was really used', () => {
    expect(advance(START, { items: items(200) }, 200)).toEqual({ next: at(200) });
    expect(advance(at(200), { items: items(199) }, 200)).toEqual({ over: true });
    expect(advance(START, { items: items(50), limit: 50 }, 200)).toEqual({ next: at(50) });
    expect(advance(START, { items: items(49), limit: 50 }, 200)).toEqual({ over: true });
    expect(advance(START, { items: items(1), limit: 1 }, 200)).toEqual({ next: at(1) });
    // A size of nothing says nothing.
    expect(advance(START, { items: items(49), limit: 0 }, 200)).toEqual({ over: true });
    expect(advance(at(200), { items: [] }, 200)).toEqual({ over: true });
  });

  it('asks once more when the whole list is empty', () => {
    const again = advance(START, { items: [], total: 0 }, 200);
    expect(again).toEqual({ next: { from: 0, again: true } });
    expect(advance({ from: 0, again: true }, { items: [], total: 0 }, 200)).toEqual({ over: true });
  });

  it('E13: takes an empty page before the total for a contradiction, not for the end', () => {
    expect(() => advance(at(50), { items: [], total: 120 }, 50)).toThrow(ProviderResponseInvalidError);
    expect(() => advance(START, { items: [], total: 1 }, 50)).toThrow('empty page at 0 of 1');
  });

  it('names the field of an item that is not as documented, and never its content', () => {
    const page = { items: [{ id: 'canary' }, { id: 7 }] };
    expect(() => parseItems(v.object({ id: v.string() }), page, 'things')).toThrow(
      'an item of things that is not as documented: id',
    );
    expect(() => parseItems(v.object({ name: v.string() }), page, 'things')).not.toThrow('canary');
  });
});
