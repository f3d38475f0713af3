import { describe, expect, it } from 'vitest';
import { createOpsrampModel } from '../../../../infra/local/providers/opsramp/model.ts';
import { type OpsrampModelOptions, SIMULATED_TENANT } from '../../../../infra/local/providers/opsramp/options.ts';
import type { SimulatedResponse } from '../../../../infra/local/providers/opsramp/wire.ts';

const NOW = new Date('2026-03-10T12:00:20Z');
const TENANT = `/api/v2/tenants/${SIMULATED_TENANT.tenantId}`;
const FORM = 'application/x-www-form-urlencoded';

function setUp(options: Partial<OpsrampModelOptions> = {}) {
  let now = NOW;
  const model = createOpsrampModel({ now, ...options });
  const tokenRequest = (path = '/tenancy/auth/oauth/token', change: Record<string, string> = {}, type = FORM) => {
    const { clientId, clientSecret } = SIMULATED_TENANT;
    const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret, ...change };
    const body = new URLSearchParams(form).toString();
    return answer(model.handle({ method: 'POST', url: path, headers: { 'content-type': type }, body }, now));
  };
  const bearer = String(tokenRequest().body.access_token);
  const get = (url: string, authorization: string | undefined = `Bearer ${bearer}`, method = 'GET', body = '') =>
    answer(model.handle({ method, url, headers: { authorization }, body }, now));
  return {
    control: model.control(() => now),
    advance: (ms: number) => void (now = new Date(now.getTime() + ms)),
    tokenRequest,
    get,
    search: (query: string) => get(`${TENANT}/alerts/search?${query}`),
  };
}

function answer(reply: SimulatedResponse) {
  const isJson = reply.body !== '' && (reply.headers['content-type']?.includes('json') ?? false);
  return { ...reply, text: reply.body, body: (isJson ? JSON.parse(reply.body) : {}) as Record<string, unknown> };
}

const resultsOf = (reply: { body: Record<string, unknown> }) => reply.body.results as Record<string, unknown>[];

describe('simulated token endpoint', () => {
  it('answers on both paths, with the same token and less life', () => {
    const { tokenRequest, advance } = setUp();
    const first = tokenRequest();
    advance(60_000);
    const second = tokenRequest('/auth/oauth/token');
    expect(first.body).toMatchObject({ token_type: 'bearer', expires_in: 7199, scope: 'global:manage' });
    expect(second.body).toMatchObject({ access_token: first.body.access_token, expires_in: 7139 });
  });

  it('gives a new token when the old one has ended, or each time where that is switched', () => {
    const { tokenRequest, advance, control } = setUp();
    const first = tokenRequest().body.access_token;
    advance(7_200_000);
    const second = tokenRequest().body.access_token;
    control.set({ sameToken: false, expiresInAsString: true });
    const third = tokenRequest().body;
    expect(new Set([first, second, third.access_token]).size).toBe(3);
    expect(third.expires_in).toBe('7199');
  });

  it.each([
    [{ client_secret: 'x' }, FORM, 401, 'unauthorized'],
    [{ grant_type: 'password' }, FORM, 400, 'unsupported_grant_type'],
    [{}, 'application/json', 400, 'unsupported_grant_type'],
  ])('refuses %j as %s with %i', (change, type, status, error) => {
    const { tokenRequest } = setUp();
    expect(tokenRequest('/auth/oauth/token', change, type)).toMatchObject({ status, body: { error } });
  });

  it('answers 407 to a token that has ended or was never given, and 401 to none', () => {
    const { get, advance, control } = setUp();
    const url = `${TENANT}/alerts/search`;
    expect(get(url).status).toBe(200);
    expect(get(url, 'Bearer other')).toMatchObject({ status: 407, body: { error: 'invalid_token' } });
    expect(get(url, '').status).toBe(401);
    control.set({ rejectedTokenStatus: 401 });
    advance(7_199_000);
    expect(get(url).status).toBe(401);
    expect(control.counters()).toMatchObject({ rejectedTokens: 3 });
  });
});

describe('simulated paths', () => {
  it.each([
    ['/api/v2/tenants/client_9/alerts/search', 410, 'No active organization found with id client_9'],
    ['/api/v2/tenants//alerts/search', 401, 'Target Organization is missing'],
    [`${TENANT}/alerts/1`, 500, 'No alert found with alert id'],
    [`${TENANT}/resources/1`, 500, 'No Resource found with id'],
    [`${TENANT}/incidents/1`, 500, 'No Incident found with id'],
    [`${TENANT}/patches/compliance/1/devices`, 500, 'No Compliance found'],
    [`${TENANT}/alerts/search?pageSize=0`, 500, 'Page size should not be less than or equal to 0'],
    [`${TENANT}/alerts/search?pageSize=501`, 500, 'Page size should not be greater than 500'],
    [`${TENANT}/alerts/search?pageNo=0`, 500, 'Invalid page number'],
    [`${TENANT}/alerts/search?pageSize=ten`, 500, 'Failed to convert value'],
    [`${TENANT}/alerts/search?sortName=mood`, 500, 'Invalid sortName recieved'],
    [`${TENANT}/resources/search?pageSize=501`, 500, 'Page size should not be greater than 500'],
    [`${TENANT}/patches/compliance?pageSize=1001`, 500, 'Page size should not be greater than 1000'],
    [`${TENANT}/clients`, 405, 'not supported'],
    ['/elsewhere', 404, 'No handler'],
  ])('answers %s with %i', (url, status, message) => {
    const reply = setUp().get(url);
    expect(reply.status).toBe(status);
    expect(reply.text).toContain(message);
  });
});

const day = (offset: string) =>
  `startDate%3A2026-03-01T00%3A00%3A00${offset}%2BendDate%3A2026-03-10T12%3A00%3A00${offset}`;

describe('simulated queryString', () => {
  it('takes form-encoded separators and a space for the plus of the offset', () => {
    const { search } = setUp({ alerts: 300 });
    const reply = search(
      `pageSize=500&queryString=states%3ACritical%2CWarning%2B${day('+0000')}%2BalertTimeBase%3Acreated`,
    );
    expect(reply.status).toBe(200);
    expect(resultsOf(reply).length).toBeGreaterThan(10);
    for (const item of resultsOf(reply)) {
      expect(['Critical', 'Warning']).toContain(item.currentState);
      expect(String(item.createdDate) >= '2026-03-01').toBe(true);
    }
    const same = search(
      `pageSize=500&queryString=states:Critical,Warning%2B${day('%200000').replaceAll('%3A', ':')}%2BalertTimeBase:created`,
    );
    expect(resultsOf(same)).toEqual(resultsOf(reply));
  });

  it('honours an offset', () => {
    const { search, control } = setUp({ alerts: 0 });
    control.openAlert({ createdAt: new Date('2026-03-01T00:30:00Z') });
    const from = (text: string) => resultsOf(search(`queryString=startDate:${text}`)).length;
    expect(from('2026-03-01T05:00:00%200530')).toBe(1);
    expect(from('2026-03-01T07:00:00%200530')).toBe(0);
  });

  it('finds nothing when the separator was not encoded: the next field is part of the value before', () => {
    const { search } = setUp({ alerts: 300 });
    expect(resultsOf(search('queryString=states:Critical+priority:P0'))).toEqual([]);
  });

  it.each([day('%2B0000'), day('Z'), day('.000+0000'), 'nonsense:1', 'states', 'currentStatus:Ok'])(
    'refuses %s',
    (text) => {
      const { search, control } = setUp();
      expect(search(`queryString=${text}`)).toMatchObject({ status: 500 });
      control.set({ badDate: 'ignore', unknownFilter: 'ignore' });
      expect(search(`queryString=${text}`)).toMatchObject({ status: 200, body: { totalResults: 120 } });
    },
  );
});

describe('simulated alerts', () => {
  it('pages in the vendor envelope, newest first unless it is asked', () => {
    const { search } = setUp({ alerts: 25 });
    const first = search('pageSize=10');
    expect(first.body).toMatchObject({
      totalResults: 25,
      totalPages: 3,
      nextPage: true,
      nextPageNo: 2,
      previousPageNo: 0,
    });
    expect(search('pageSize=10&pageNo=3').body).not.toHaveProperty('nextPageNo');
    const times = resultsOf(first).map((item) => String(item.createdDate));
    expect(times).toEqual(times.toSorted().toReversed());
    expect(resultsOf(search('pageSize=10&pageNo=3&isDescendingOrder=false')).at(-1)).toEqual(resultsOf(first)[0]);
  });

  it('answers an empty search without orderBy and previousPageNo', () => {
    const { body } = setUp({ alerts: 0 }).search('');
    expect(body).toEqual({
      results: [],
      totalResults: 0,
      pageNo: 1,
      pageSize: 100,
      totalPages: 0,
      nextPage: false,
      descendingOrder: true,
    });
  });

  it.each([true, false])(
    'moves updatedTime by events, and by actions only where that is switched (kept: %s)',
    (kept) => {
      const { control, advance, get } = setUp({ switches: { actionsKeepUpdatedTime: kept } });
      const id = control.openAlert();
      const item = () => get(`${TENANT}/alerts/${id}`).body;
      const opened = item();
      advance(60_000);
      control.acknowledge(id);
      const acted = item();
      expect(acted).toMatchObject({ status: 'Acknowledged', acknowledged: true });
      expect(acted.statusHistory).toMatchObject({
        acknowledgedBy: 'noc.operator',
        acknowledgedTime: '2026-03-10T12:01:20+0000',
      });
      expect(acted.updatedTime === opened.updatedTime).toBe(kept);
      advance(60_000);
      control.heal(id);
      expect(item()).toMatchObject({
        currentState: 'Ok',
        oldState: 'Critical',
        repeatCount: '2',
        updatedTime: '2026-03-10T12:02:20+0000',
      });
    },
  );

  it('shows in a search what its index has, and by the id what is', () => {
    const { control, advance, get, search } = setUp({ alerts: 0, switches: { indexLagSeconds: 60 } });
    const id = control.openAlert();
    expect(resultsOf(search(''))).toEqual([]);
    expect(get(`${TENANT}/alerts/${id}`).status).toBe(200);
    advance(60_000);
    control.close(id);
    expect(resultsOf(search(''))).toMatchObject([{ uniqueId: id, closed: false }]);
  });

  it('has no description and no incident in a search', () => {
    const { control, get, search } = setUp({ alerts: 0 });
    const id = control.openAlert({ description: 'long text' });
    control.ticket(id);
    expect(resultsOf(search(''))[0]).not.toHaveProperty('description');
    expect(resultsOf(search(''))[0]).not.toHaveProperty('incidentId');
    expect(get(`${TENANT}/alerts/${id}`).body).toMatchObject({
      description: 'long text',
      incidentId: expect.stringMatching(/^INC/u),
    });
  });

  it('takes actions over the API, with a comment, and answers nothing', () => {
    const { control, get } = setUp();
    const id = control.openAlert();
    const url = `${TENANT}/alerts/${id}/actions/suppress`;
    expect(get(url, undefined, 'POST', '{"description":"known"}')).toMatchObject({ status: 200, text: '' });
    expect(get(`${TENANT}/alerts/${id}`).body).toMatchObject({ status: 'Suppressed' });
    expect(resultsOf(get(`${TENANT}/alerts/${id}/comments`))).toMatchObject([{ description: 'known' }]);
    expect(get(`${TENANT}/alertStatusHistory/${id}`).body).toMatchObject({
      alertId: Number(id),
      suppressedBy: 'noc.operator',
    });
    expect(get(`${TENANT}/alerts/${id}/actions/explode`, undefined, 'POST')).toMatchObject({ status: 500 });
  });
});

describe('simulated limits', () => {
  it('counts pages by the minute, says so in headers, and answers 429 above', () => {
    const { search, advance, control } = setUp({ switches: { pagesPerMinute: 2 } });
    const reset = String(Date.UTC(2026, 2, 10, 12, 1) / 1000);
    expect(search('').headers).toMatchObject({
      'x-ratelimit-limit': '2',
      'x-ratelimit-remaining': '1',
      'x-ratelimit-reset': reset,
    });
    search('');
    expect(search('')).toMatchObject({
      status: 429,
      body: { error: 'throttled' },
      headers: { 'x-ratelimit-remaining': '0' },
    });
    control.set({ quotedRateHeaders: true });
    expect(search('').headers['x-ratelimit-reset']).toBe(`"${reset}"`);
    expect(control.counters().rateLimited).toBe(2);
    advance(40_000);
    expect(search('').status).toBe(200);
  });

  it('fails as planned, as often as planned, where planned', () => {
    const { search, get, control } = setUp();
    control.failNext({ status: 502, times: 2, path: 'alerts/search' });
    expect(get(`${TENANT}/resources/search`).status).toBe(200);
    expect(search('')).toMatchObject({ status: 502, headers: { 'content-type': 'text/html' } });
    expect(search('').status).toBe(502);
    expect(search('').status).toBe(200);
    control.failNext({ status: 200, body: '' });
    expect(search('')).toMatchObject({ status: 200, text: '' });
  });
});

describe('simulated data', () => {
  it('is the same for the same seed and another for another', () => {
    const [first, same, other] = [1, 1, 2].map((seed) => setUp({ seed }).search('pageSize=500').text);
    expect(first).toBe(same);
    expect(first).not.toBe(other);
  });

  it('searches a month of incidents without dates and all of them with', () => {
    const { get } = setUp({ incidents: 200 });
    const total = (query: string) => get(`${TENANT}/incidents/search?${query}`).body.totalResults;
    expect(total('')).toBeLessThan(200);
    expect(total('queryString=startCreationDate:2000-01-01T00:00:00%200000')).toBe(200);
  });
});
