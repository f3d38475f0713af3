import { describe, expect, it } from 'vitest';
import type { Action1Answer } from '../../../../infra/local/providers/action1/answers.ts';
import { createAction1Model } from '../../../../infra/local/providers/action1/model.ts';
import { DEFAULT_CREDENTIALS, type Action1Options } from '../../../../infra/local/providers/action1/options.ts';

const START = new Date('2026-06-01T00:00:00Z');
const at = (seconds: number) => new Date(START.getTime() + seconds * 1000);
const CREDENTIALS = { client_id: DEFAULT_CREDENTIALS.clientId, client_secret: DEFAULT_CREDENTIALS.clientSecret };

function open(options: Action1Options = {}) {
  const model = createAction1Model({ requestsPerMinute: false, ...options });
  const token = (body: string, type = 'application/json', seconds = 0) =>
    model.handle(
      { method: 'POST', url: '/api/3.0/oauth2/token', headers: { 'content-type': type }, body },
      at(seconds),
    );
  const bearer = { authorization: `Bearer ${String(bodyOf(token(JSON.stringify(CREDENTIALS)))['access_token'])}` };
  const request = (method: string, path: string, seconds = 0, headers: Readonly<Record<string, string>> = bearer) =>
    model.handle({ method, url: `/api/3.0/${path}`, headers }, at(seconds));
  const get = (path: string, seconds = 0) => request('GET', path, seconds);
  const organization = model.control.organizations()[0]?.id ?? '';
  return { model, token, request, get, organization };
}

function bodyOf(answer: Action1Answer | undefined): Record<string, unknown> {
  return JSON.parse(answer?.body ?? '') as Record<string, unknown>;
}

describe('the model of Action1: tokens', () => {
  it('takes JSON and a form, with and without grant_type', () => {
    const { token } = open();
    const form = new URLSearchParams(CREDENTIALS);
    expect(token(form.toString(), 'application/x-www-form-urlencoded').status).toBe(200);
    form.set('grant_type', 'client_credentials');
    expect(token(form.toString(), 'application/x-www-form-urlencoded').status).toBe(200);
    expect(bodyOf(token(JSON.stringify(CREDENTIALS)))).toMatchObject({ expires_in: 3600, token_type: 'Bearer' });
  });

  it('refuses wrong credentials, with and without a body', () => {
    const wrong = JSON.stringify({ ...CREDENTIALS, client_secret: 'x' });
    expect(bodyOf(open().token(wrong))).toMatchObject({ type: 'Error', status: 401 });
    expect(open({ switches: { tokenErrorBody: 'empty' } }).token(wrong)).toMatchObject({ status: 401, body: '' });
    expect(open().token('{').status).toBe(400);
  });

  it('lets a token go after its life, or when it is told to', () => {
    const { get, model } = open({ tokenLifetimeSeconds: 10 });
    expect(get('me', 9).status).toBe(200);
    expect(get('me', 10).status).toBe(401);
    model.control.expireTokens();
    expect(get('me', 0).status).toBe(401);
  });

  it('takes a refresh token as well', () => {
    const { token } = open();
    const { refresh_token: refresh } = bodyOf(token(JSON.stringify(CREDENTIALS)));
    const given = { client_id: CREDENTIALS.client_id, grant_type: 'refresh_token', refresh_token: refresh };
    expect(token(JSON.stringify(given)).status).toBe(200);
    expect(token(JSON.stringify({ ...given, refresh_token: 'x' })).status).toBe(401);
  });
});

describe('the model of Action1: the rate limit', () => {
  it('slides over 60 seconds, counts token calls, and says how long', () => {
    const { get } = open({ requestsPerMinute: 30 });
    for (let sent = 1; sent < 30; sent += 1) expect(get('me', sent).status).toBe(200);
    const refused = get('me', 31);
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toBe('29');
    expect(bodyOf(refused)['details']).toEqual({ retry_after: 29 });
    expect(get('me', 60).status).toBe(200);
    expect(get('me', 60).status).toBe(429);
    expect(get('me', 61).status).toBe(200);
  });

  it('may say it in one place or in none', () => {
    const { get, model } = open({ requestsPerMinute: 1, switches: { retryAfterInBody: false } });
    expect(bodyOf(get('me'))['details']).toBeUndefined();
    model.control.setSwitches({ retryAfterInHeader: false });
    expect(get('me').headers['retry-after']).toBeUndefined();
  });
});

describe('the model of Action1: envelopes', () => {
  it('A: totals are strings, addresses are absolute and end empty', () => {
    const { get, organization } = open();
    const first = bodyOf(get(`endpoints/managed/${organization}?limit=30`));
    expect(first).toMatchObject({ id: '1', type: 'ResultPage', total_items: '40', limit: '30', prev_page: '' });
    expect(first['next_page']).toBe(
      `https://app.action1.com/api/3.0/endpoints/managed/${organization}?from=30&limit=30`,
    );
    expect(bodyOf(get(`endpoints/managed/${organization}?from=30&limit=30`))['next_page']).toBe('');
    expect((bodyOf(get(`endpoints/managed/${organization}`))['items'] as unknown[]).length).toBe(40);
  });

  it('C: has numbers and no next page', () => {
    const { get, organization } = open();
    const page = bodyOf(get(`vulnerabilities/${organization}`));
    expect(Object.keys(page).sort()).toEqual(['from', 'items', 'limit', 'total_items']);
    expect(page).toMatchObject({ total_items: 120, limit: 50, from: 0 });
  });

  it('D: the list of definitions has neither pages nor totals', () => {
    const { get } = open();
    expect(Object.keys(bodyOf(get('reports/all')))).toEqual(['items']);
    expect((bodyOf(get('reports/all'))['items'] as unknown[]).length).toBe(2);
    expect((bodyOf(get('reports/all?subtree=Yes'))['items'] as unknown[]).length).toBeGreaterThan(8);
  });

  it('turns its quirks on by name', () => {
    const { get, organization } = open({ switches: { nextPageMissing: true, totalsAsNumbers: true, largestPage: 7 } });
    const page = bodyOf(get(`endpoints/managed/${organization}?limit=30`));
    expect(page).toMatchObject({ total_items: 40, limit: 7 });
    expect(page).not.toHaveProperty('next_page');
    expect(bodyOf(get(`automations/instances/${organization}`))).not.toHaveProperty('total_items');
  });

  it('filters by any field, whatever the case', () => {
    const { get, organization } = open();
    const all = bodyOf(get(`endpoints/managed/${organization}?filter=SRV-1`))['items'] as { name: string }[];
    expect(all.length).toBeGreaterThan(0);
    expect(all.every(({ name }) => name.startsWith('SRV'))).toBe(true);
  });
});

describe('the model of Action1: refusals', () => {
  it('answers unknown paths with 403, by the gateway or by itself', () => {
    const { get, model } = open();
    expect(get('nothing/here')).toMatchObject({ status: 403, body: '{"message":"Missing Authentication Token"}' });
    model.control.setSwitches({ unknownRouteBody: 'error' });
    expect(bodyOf(get('nothing/here'))).toMatchObject({ type: 'Error', user_message: 'Access is denied' });
    const outside = model.handle({ method: 'POST', url: '/oauth2/token', headers: {} }, START);
    expect(outside.status).toBe(403);
  });

  it('answers unknown organizations and reports with 400, categories’ children with 403, packages with nothing', () => {
    const { get, organization } = open();
    expect(bodyOf(get('endpoints/managed/missing'))['user_message']).toBe('Organization with id=missing not found');
    expect(get(`reportdata/${organization}/nope/data`).status).toBe(400);
    expect(get('reports/cat_builtin/children').status).toBe(403);
    expect(get(`software-repository/${organization}/nope`)).toMatchObject({ status: 200, body: '' });
    expect(get('endpoints/managed/%E0%A4%A').status).toBe(400);
  });

  it('needs a token', () => {
    const { request } = open();
    expect(request('GET', 'me', 0, {}).status).toBe(401);
    expect(request('GET', 'me', 0, { authorization: 'Bearer other' }).status).toBe(401);
  });

  it('takes the old spellings and any case', () => {
    const { get, organization } = open();
    expect(get('Me').status).toBe(200);
    expect(get(`Vulnerabilities/${organization}`).status).toBe(200);
    expect(get(`apps/${organization}/data`).status).toBe(200);
    expect(get(`policies/instances/${organization}`).status).toBe(200);
  });

  it.each(['htmlOnce', 'failOnce', 'emptyBodyOnce'] as const)('%s holds for one request', (name) => {
    const { get, model } = open();
    model.control.setSwitches({ [name]: true });
    const odd = get('me');
    expect(odd.status === 500 || odd.body === '' || odd.body.startsWith('<')).toBe(true);
    expect(bodyOf(get('me'))['type']).toBe('User');
  });
});

describe('the model of Action1: reports', () => {
  const REPORT = 'antivirus_status_1647107026187';

  it('goes from cache to live as endpoints answer, and never for those that are off', () => {
    const { get, request, organization } = open({ requerySeconds: 60 });
    const live = (seconds: number) => bodyOf(get(`reportdata/${organization}/${REPORT}/data?limit=100`, seconds));
    expect(live(0)).toMatchObject({ total_live_responses: '0', total_sent_requests: '0', last_requery: '' });
    expect(bodyOf(request('POST', `reportdata/${organization}/${REPORT}/requery`, 10))).toMatchObject({
      type: 'Success',
    });
    const counts = [10, 40, 70, 700].map((seconds) => Number(live(seconds)['total_live_responses']));
    expect(counts[0]).toBe(0);
    expect(counts[1]).toBeGreaterThan(0);
    expect(counts[1]).toBeLessThan(36);
    expect(counts.slice(2)).toEqual([36, 36]);
    expect(live(70)).toMatchObject({ total_sent_requests: '40', last_requery: '2026-06-01_00-00-10' });
    const rows = live(70)['items'] as { response_type: string }[];
    expect(rows.filter((row) => row.response_type === 'live')).toHaveLength(36);
    const only = bodyOf(get(`reportdata/${organization}/${REPORT}/data?limit=100&live_only=Yes`, 70));
    expect(only['items']).toHaveLength(36);
  });

  it('knows a row by its id as given, not by another spelling of it', () => {
    const { get, organization } = open();
    const base = `reportdata/${organization}/installed_software_1635264799139/data`;
    const [row] = bodyOf(get(base))['items'] as { id: string; drilldown: string }[];
    expect(row?.id).toBe('Google%2520Chrome');
    expect(get(`${base}/${row?.id}/drilldown`).status).toBe(200);
    expect(get(`${base}/${encodeURIComponent(row?.id ?? '')}/drilldown`).status).toBe(400);
  });

  it('exports CSV with the vendor’s headers, quoted where it must be', () => {
    const { get, organization } = open();
    const file = get(`reportdata/${organization}/low_disk_space_1637319696228/export?format=csv&from=0&limit=2`);
    expect(file.headers).toMatchObject({
      'content-type': 'text/csv',
      'content-transfer-encoding': 'Binary',
      'content-disposition': 'attachment; filename="Low Disk Space.csv"',
    });
    const lines = file.body.split('\n');
    expect(lines[0]).toBe('Endpoint Name,Operating System,Status,"Free Space, Gb"');
    expect(lines).toHaveLength(4);
    expect(
      get(`reportdata/${organization}/low_disk_space_1637319696228/export?format=html`).headers['content-type'],
    ).toBe('text/html');
  });

  it('serves the last page of a million rows at once', () => {
    const { get, organization } = open({ reportRows: 1_000_000 });
    const page = bodyOf(get(`reportdata/${organization}/compliance_overview_1225221157946/data?from=999990&limit=50`));
    expect(page['items']).toHaveLength(10);
    expect(page['total_items']).toBe('1000000');
  });
});

describe('the model of Action1: one seed, one world', () => {
  it('answers the same to the same', () => {
    expect(read(3)).toEqual(read(3));
    expect(read(3)).not.toEqual(read(4));
  });

  it('keeps a trail that grows with time and is found by span', () => {
    const { get } = open();
    const total = (query: string, seconds: number) =>
      Number(bodyOf(get(`audit/events?${query}`, seconds))['total_items']);
    expect(total('', 0) + 1).toBe(total('', 900));
    expect(total('timefrom=2026-05-20_00-00-00&timeto=2026-05-20_23-59-59', 0)).toBe(96);
    expect(total('timefrom=2027-01-01_00-00-00', 0)).toBe(0);
  });

  it('counts requests by route', () => {
    const { get, model, organization } = open();
    get(`updates/${organization}`);
    get(`updates/${organization}?limit=5`);
    get('nope');
    expect(model.control.counters()).toEqual({ 'POST oauth2/token': 1, 'GET updates/:org': 2, 'GET unknown': 1 });
    expect(model.control.requests()).toBe(4);
  });
});

function paths(id: string): readonly string[] {
  return [`endpoints/managed/${id}?fields=*`, `vulnerabilities/${id}`, `updates/${id}`, 'audit/events?limit=5'];
}

function read(seed: number): readonly string[] {
  const { get, organization } = open({ seed });
  return paths(organization).map((path) => get(path, 5).body);
}
