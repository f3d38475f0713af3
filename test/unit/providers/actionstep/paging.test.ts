import { describe, expect, it } from 'vitest';
import { ProviderResponseInvalidError } from '../../../../functions/core/errors.ts';
import { parsePage } from '../../../../functions/providers/actionstep/paging.ts';

const response = (status: number, body: string) => ({ status, headers: {}, body: Buffer.from(body) });
const parse = (body: string, status = 200) => parsePage(response(status, body), 'actions');

describe('a page of a resource', () => {
  it.each([
    ['nothing', ''],
    ['a web page', '<!doctype html><title>Sign in</title>'],
    ['half a JSON', '{"actions":[{"id":1},{"id"'],
    ['a list', '[{"id":1}]'],
    ['an empty object', '{}'],
    ['an error with status 200', '{"errors":[{"title":"Maintenance"}]}'],
    ['something else than records', '{"actions":["1"]}'],
  ])('is not %s: an export of no rows must not come of it', (_, body) => {
    expect(() => parse(body)).toThrow(ProviderResponseInvalidError);
  });

  it.each([
    ['204', 204, ''],
    ['an empty list', 200, '{"actions":[]}'],
    ['null', 200, '{"actions":null,"meta":{}}'],
    ['no list, but its count', 200, '{"meta":{"paging":{"actions":{"recordCount":0}}}}'],
  ])('may have no rows: %s', (_, status, body) => {
    expect(parse(body, status).rows).toEqual([]);
  });

  it('has one row where others hold a list', () => {
    expect(parse('{"actions":{"id":7}}').rows).toEqual([{ id: 7 }]);
  });
});
