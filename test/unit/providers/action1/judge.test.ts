import { describe, expect, it } from 'vitest';
import {
  AccessDeniedError,
  AccessTokenRejectedError,
  ProviderRateLimitedError,
  ProviderRefusedError,
  ProviderResponseInvalidError,
  ProviderUnavailableError,
} from '../../../../functions/core/errors.ts';
import { judge } from '../../../../functions/providers/action1/judge.ts';
import { response } from './world.ts';

const now = new Date('2026-06-01T00:00:00Z');
const waitOf = (body: unknown, headers = {}) =>
  (judge(response(429, body, headers), now) as ProviderRateLimitedError).retryAfterMs;

describe('the judge of Action1 answers', () => {
  it.each([
    [401, AccessTokenRejectedError],
    [403, AccessDeniedError],
    [429, ProviderRateLimitedError],
    [400, ProviderRefusedError],
    [404, ProviderRefusedError],
    [500, ProviderUnavailableError],
    [504, ProviderUnavailableError],
    [408, ProviderUnavailableError],
    [199, ProviderResponseInvalidError],
    [300, ProviderResponseInvalidError],
    [302, ProviderResponseInvalidError],
  ])('calls %i a %o, whatever the body', (status, kind) => {
    for (const body of ['', '<html>', { type: 'Error', user_message: 'No.' }, 'null', '[]']) {
      expect(judge(response(status, body), now)).toBeInstanceOf(kind);
    }
  });

  it('takes 200, with or without a body', () => {
    expect(judge(response(200, { items: [] }), now)).toBeUndefined();
    expect(judge(response(200), now)).toBeUndefined();
  });

  it('takes a web page with 200 for maintenance', () => {
    const failure = judge(response(200, '<h1>Soon</h1>', { 'content-type': 'text/html; charset=utf-8' }), now);
    expect(failure).toBeInstanceOf(ProviderUnavailableError);
    expect(failure).toMatchObject({ sent: true });
  });

  it('takes a request that a failing server answered for one that arrived', () => {
    expect(judge(response(500), now)).toMatchObject({ sent: true });
  });

  it('says that a 403 may be a wrong path, in the vendor’s words and ours', () => {
    const failure = judge(response(403, { user_message: 'Access to this organization is denied.' }), now);
    expect(failure?.message).toContain('Access to this organization is denied.');
    expect(failure?.message).toContain('unknown paths');
  });

  it.each([
    ['reportdata/o1/r1/data', 'view_reports, with a scope that holds the organization and this report'],
    ['vulnerabilities/o1', 'view_vulnerabilities'],
    ['audit/events', 'view_audit'],
    ['updates/o1', 'approve_updates, view_dashboards and manage_automations'],
    ['endpoints/managed/o1', 'view_endpoints'],
    ['installed-software/o1/data', 'view_installed_software'],
    ['search/o1', 'view_endpoints, view_software_repository and view_reports'],
    ['reports/all', 'lacks a permission,'],
    [undefined, 'lacks a permission,'],
  ])('says which permission reading %s needs', (path, permission) => {
    const failure = judge(response(403, {}), now, path);
    expect(failure).toMatchObject({ code: 'ACCESS_DENIED', message: expect.stringContaining(permission) as string });
  });

  it.each([
    [{ user_message: 'u', developer_message: 'd', message: 'm' }, ': u'],
    [{ user_message: null, developer_message: ' \n ', message: 'm' }, ': m'],
    [{ user_message: '\u0000', developer_message: 'd' }, ': d'],
    [{ user_message: ' a\n\u0000b\t' }, ': a b'],
    [{ user_message: 'x'.repeat(300) }, `: ${'x'.repeat(300)}`],
    [{ user_message: 'x'.repeat(301) }, `: ${'x'.repeat(300)}…`],
    [{}, ''],
    [{ user_message: 7 }, ''],
    ['<html>', ''],
  ])('of %j shows the first of its words, in one line of some length', (body, said) => {
    expect(judge(response(400, body), now)?.message).toBe(`Action1 answered 400${said}`);
  });

  it('E21: obeys details.retry_after before the header, and neither without bound', () => {
    expect(waitOf({ details: { retry_after: 30 } }, { 'retry-after': '5' })).toBe(30_000);
    expect(waitOf({}, { 'retry-after': '5' })).toBe(5_000);
    expect(waitOf('', { 'retry-after': 'Mon, 01 Jun 2026 00:00:10 GMT' })).toBe(10_000);
    expect(waitOf({ details: { retry_after: 0 } })).toBeUndefined();
    expect(waitOf({ details: null })).toBeUndefined();
    expect(waitOf({ details: { retry_after: 'soon' } }, { 'retry-after': 'soon' })).toBeUndefined();
    expect(waitOf({ details: { retry_after: 1e9 } })).toBe(300_000);
    expect(waitOf('')).toBeUndefined();
  });
});
