import { createServer } from 'node:http';
import { Agent, request, setGlobalDispatcher } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEMO_SECRETS } from '../../../infra/local/demo.ts';
import { type Doubles, type DoublesOptions, startDoubles } from '../../../infra/local/doubles.ts';
import { consentFlow } from '../../../infra/local/providers/actionstep/consent.ts';
import { temporaryDirectory } from '../../support/local-host.ts';
import { type ConnectDouble, startConnectDouble } from './actionstep/walk.ts';

const ANCHOR = new Date('2026-11-20T10:00:00Z');
const TENANT = '/api/v2/tenants/client_1001';

// Each request on a socket of its own: one to a double that was stopped is of no use.
setGlobalDispatcher(new Agent({ pipelining: 0 }));

let folder: ReturnType<typeof temporaryDirectory>;
let running: Doubles | undefined;
let connecting: ConnectDouble | undefined;
beforeEach(() => {
  folder = temporaryDirectory();
});
afterEach(async () => {
  await running?.stop();
  await connecting?.stop();
  running = connecting = undefined;
  folder.remove();
});

async function restart(more: Partial<DoublesOptions> = {}): Promise<Doubles> {
  await running?.stop();
  running = undefined;
  running = await startDoubles({
    port: 0,
    anchor: ANCHOR,
    scale: 1,
    accessLifeSeconds: 600,
    directory: folder.path,
    ...more,
  });
  return running;
}

async function post(url: string, form: Readonly<Record<string, string>>) {
  const response = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });
  return { status: response.statusCode, body: (await response.body.json()) as Record<string, unknown> };
}

async function get(url: string, token: unknown) {
  const response = await request(url, { headers: { authorization: `Bearer ${String(token)}` } });
  return { status: response.statusCode, body: (await response.body.json()) as Record<string, unknown> };
}

const actionstepToken = ({ urls }: Doubles, form: Readonly<Record<string, string>>) => {
  const { clientId, clientSecret } = DEMO_SECRETS.actionstep;
  return post(`${urls.actionstep}/api/oauth/token`, { client_id: clientId, client_secret: clientSecret, ...form });
};

const opsrampToken = async ({ urls }: Doubles) => {
  const { clientId, clientSecret } = DEMO_SECRETS.opsramp;
  const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
  return (await post(`${urls.opsramp}/tenancy/auth/oauth/token`, form)).body['access_token'];
};

/** Consents as a person would; the token set that comes of it. */
async function consented(doubles: Doubles) {
  connecting = await startConnectDouble((redirectUri) => {
    const { clientId } = DEMO_SECRETS.actionstep;
    const query = new URLSearchParams({ response_type: 'code', client_id: clientId, redirect_uri: redirectUri });
    return `${doubles.urls.actionstep}/api/oauth/authorize?${query.toString()}&scope=all&state=s`;
  });
  await consentFlow(connecting.url);
  const [answer] = connecting.callbacks;
  const redirect_uri = new URL('/callback/actionstep', connecting.url).href;
  const form = { grant_type: 'authorization_code', code: answer?.get('code') ?? '', redirect_uri };
  const { body } = await actionstepToken(doubles, form);
  return { access: String(body['access_token']), refresh: String(body['refresh_token']) };
}

describe('the doubles in the same folder again', () => {
  it('know the tokens that they gave, and which refresh token was spent', async () => {
    const first = await restart();
    const { access, refresh } = await consented(first);
    expect(access).toMatch(/^ey/u);
    const second = await restart();
    expect((await get(`${second.urls.actionstep}/api/rest/users/current`, access)).status).toBe(200);
    const rotated = await actionstepToken(second, { grant_type: 'refresh_token', refresh_token: refresh });
    expect(rotated.status).toBe(200);
    const third = await restart();
    const again = { grant_type: 'refresh_token', refresh_token: refresh };
    expect(await actionstepToken(third, again)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    const next = { grant_type: 'refresh_token', refresh_token: String(rotated.body['refresh_token']) };
    expect((await actionstepToken(third, next)).status).toBe(200);
    expect(third.actionstep.control.tokenCounts().byOutcome).toEqual({
      'authorization_code:ok': 1,
      'refresh_token:ok': 2,
      'refresh_token:invalid_grant': 1,
    });
  });

  it('take another life of tokens for this run, and leave those of before as they were', async () => {
    const first = await restart();
    const { access, refresh } = await consented(first);
    const second = await restart({ accessLifeSeconds: 1 });
    expect((await get(`${second.urls.actionstep}/api/rest/users/current`, access)).status).toBe(200);
    const { body } = await actionstepToken(second, { grant_type: 'refresh_token', refresh_token: refresh });
    expect(body['expires_in']).toBe(1);
    const third = await restart();
    const next = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) };
    expect((await actionstepToken(third, next)).body['expires_in']).toBe(600);
  });

  it('have the records that were written and changed', async () => {
    const first = await restart();
    const { access } = await consented(first);
    const note = JSON.stringify({ filenotes: { text: 'Checked “twice”', links: { action: '1001' } } });
    const headers = { authorization: `Bearer ${access}`, 'content-type': 'application/vnd.api+json' };
    const url = `${first.urls.actionstep}/api/rest/filenotes`;
    await (await request(url, { method: 'POST', headers, body: note })).body.dump();
    first.actionstep.control.changeRecord('actions', 1002, { name: 'Renamed' });
    const before = first.actionstep.control.model.records('filenotes').at(-1);
    expect(before).toMatchObject({ text: 'Checked “twice”' });
    const { model } = (await restart()).actionstep.control;
    expect(model.records('filenotes').at(-1)).toEqual(before);
    expect(model.records('actions')[1]).toMatchObject({ name: 'Renamed' });
  });

  it('have the alerts as they were left, to the byte', async () => {
    const first = await restart();
    const { control } = first.opsramp;
    const id = control.openAlert({ subject: 'Late', createdAt: new Date('2026-11-20T09:00:00Z') });
    control.acknowledge(id);
    control.changeAlert(id, { currentState: 'Warning' });
    const token = await opsrampToken(first);
    const before = await get(`${first.urls.opsramp}${TENANT}/alerts/${id}`, token);
    expect(before.status).toBe(200);
    const second = await restart();
    const { elapsedTimeString: _e, ...after } = (await get(`${second.urls.opsramp}${TENANT}/alerts/${id}`, token)).body;
    expect(before.body).toMatchObject(after);
    expect(second.opsramp.control.alertIds()).toContain(id);
    second.opsramp.control.expireTokens();
    expect((await get(`${(await restart()).urls.opsramp}${TENANT}/alerts/${id}`, token)).status).toBe(407);
  });

  it('have used up what holds for one request, where a read has used it up', async () => {
    const first = await restart();
    const token = await opsrampToken(first);
    const list = (doubles: Doubles) => get(`${doubles.urls.opsramp}${TENANT}/alerts/search`, token);
    first.opsramp.control.failNext({ status: 500, times: 2, body: '{}' });
    expect((await list(first)).status).toBe(500);
    const second = await restart();
    expect((await list(second)).status).toBe(500);
    expect((await list(second)).status).toBe(200);
    expect((await list(await restart())).status).toBe(200);
  });

  it('have the vulnerabilities that appeared, and count on from there', async () => {
    const first = await restart();
    const one = first.action1.control.addCriticalVulnerability();
    const second = await restart();
    second.action1.control.changeVulnerability(one, { knownExploited: true });
    expect(second.action1.control.addCriticalVulnerability().cve).not.toBe(one.cve);
    second.action1.control.removeVulnerability(one);
    const third = await restart();
    expect(() => third.action1.control.removeVulnerability(one)).toThrow(/There is no CVE/u);
  });

  it('are where they were, dated as they were, or elsewhere when their port is taken', async () => {
    const first = await restart();
    const { urls } = first;
    const second = await restart({ anchor: new Date() });
    expect([second.urls, second.anchor]).toEqual([urls, ANCHOR]);
    await second.stop();
    running = undefined;
    const other = createServer().listen(Number(new URL(urls.opsramp).port), '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    try {
      const third = await restart();
      expect(third.urls).toMatchObject({ action1: urls.action1, actionstep: urls.actionstep });
      expect(third.urls.opsramp).not.toBe(urls.opsramp);
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });

  it('refuse another scale, and leave no port behind', async () => {
    const { urls } = await restart();
    await expect(restart({ scale: 2 })).rejects.toThrow(/then, .* now.*--scale.*--reset/u);
    expect((await restart()).urls).toEqual(urls);
  });

  it('forget everything without a folder', async () => {
    const options = { port: 0, anchor: ANCHOR, scale: 1, accessLifeSeconds: 60 };
    running = await startDoubles(options);
    const { refresh } = await consented(running);
    await running.stop();
    running = await startDoubles(options);
    const form = { grant_type: 'refresh_token', refresh_token: refresh };
    expect((await actionstepToken(running, form)).body).toMatchObject({ error: 'invalid_grant' });
  });
});
