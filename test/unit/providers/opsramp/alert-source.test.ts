import { describe, expect, it } from 'vitest';
import type { Alert, AlertSource } from '../../../../functions/core/alerts/source.ts';
import {
  AccessTokenRejectedError,
  BudgetExhaustedError,
  ProviderResponseInvalidError,
} from '../../../../functions/core/errors.ts';
import { canonicalJson, type JsonValue } from '../../../../functions/core/json.ts';
import type { CallApi } from '../../../../functions/core/provider.ts';
import { opsramp } from '../../../../functions/providers/opsramp/provider.ts';
import { MAX_DEPTH } from '../../../../functions/providers/opsramp/spans.ts';
import { memoryBudgets } from '../../../support/memory-budgets.ts';
import { alertContext, NOW, opsrampBench, readAlerts, response } from '../../../support/opsramp.ts';

const alerts = opsramp.alertSources.alerts as Required<AlertSource>;
const MINUTE_MS = 60_000;
const span = (minutes: number, to = NOW) => ({ from: new Date(to.getTime() - minutes * MINUTE_MS), to });
const find = (list: readonly Alert[], id: string) => list.find((alert) => alert.id === id);

describe('alerts', () => {
  it('reads what changed in a span, oldest first', async () => {
    const bench = opsrampBench({ alerts: 1500 });
    const read = await readAlerts(await bench.open(), alerts, span(30 * 24 * 60));
    expect(read.length).toBeGreaterThan(1000);
    const times = read.map(({ changedAt }) => changedAt?.getTime() ?? 0);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(read.map(({ id }) => id)).size).toBe(read.length);
  });

  it('cuts a span that is too deep in pieces and has no alert twice', async () => {
    const bench = opsrampBench({ alerts: MAX_DEPTH + 300 });
    // On both sides of the places where 60 days are cut.
    for (const days of [30, 15]) {
      const edge = NOW.getTime() - days * 24 * 60 * MINUTE_MS;
      for (const ms of [-1000, 0, 1000]) bench.control.openAlert({ createdAt: new Date(edge + ms) });
    }
    const read = await readAlerts(await bench.open(), alerts, span(60 * 24 * 60));
    expect(read).toHaveLength(MAX_DEPTH + 306);
    expect(new Set(read.map(({ id }) => id)).size).toBe(read.length);
  });

  it('sees an alert open, change and heal', async () => {
    const bench = opsrampBench({ alerts: 20 });
    const api = await bench.open();
    const id = bench.control.openAlert({ currentState: 'Critical', subject: 'Disk full' });
    const seen = async () => find(await readAlerts(api, alerts, span(60, bench.clock())), id);

    expect(await seen()).toMatchObject({ severity: 'critical', state: 'open', title: 'Disk full' });
    bench.advance(MINUTE_MS);
    bench.control.changeAlert(id, { currentState: 'Warning' });
    expect(await seen()).toMatchObject({ severity: 'medium', state: 'open' });
    bench.advance(MINUTE_MS);
    bench.control.heal(id);
    expect(await seen()).toMatchObject({ state: 'resolved' });
  });

  it('finds by id what acknowledging does not move in the feed', async () => {
    const bench = opsrampBench({ alerts: 20 });
    const api = await bench.open();
    const id = bench.control.openAlert();
    bench.advance(90 * MINUTE_MS);
    bench.control.acknowledge(id);

    const now = bench.clock();
    expect(find(await readAlerts(api, alerts, span(60, now)), id)).toBeUndefined();
    expect(await alerts.readOne(api.call, alertContext(api, alerts, now), id)).toMatchObject({ state: 'acknowledged' });
    bench.control.set({ actionsKeepUpdatedTime: false });
    bench.control.close(id);
    expect(find(await readAlerts(api, alerts, span(60, now)), id)).toMatchObject({ state: 'resolved' });
  });

  it('I13 has one fingerprint for an alert, whether it came from the feed, the open list or by its id', async () => {
    const bench = opsrampBench({ alerts: 60 });
    const api = await bench.open();
    const id = bench.control.openAlert({ priority: 'P1' });
    bench.control.ticket(id);
    const context = alertContext(api, alerts, NOW);
    const open = await alerts.readOpenPage(api.call, context, undefined);

    const prints = [
      find(await readAlerts(api, alerts, span(60)), id),
      find(open.alerts, id),
      await alerts.readOne(api.call, context, id),
    ].map((alert) => canonicalJson((alert as Alert).significant));
    expect(new Set(prints).size).toBe(1);
  });

  it('I13 has the same fingerprint after a repetition', async () => {
    const bench = opsrampBench({ alerts: 20 });
    const api = await bench.open();
    const id = bench.control.openAlert();
    const context = alertContext(api, alerts, NOW);
    const before = await alerts.readOne(api.call, context, id);
    bench.advance(MINUTE_MS);
    bench.control.changeAlert(id);
    const after = await alerts.readOne(api.call, context, id);
    expect(after?.details.repeatCount).toBe('2');
    expect(after?.significant).toEqual(before?.significant);
  });

  it('reads all that is open, and nothing that is closed or healed', async () => {
    const bench = opsrampBench({ alerts: 900 });
    const api = await bench.open();
    const context = alertContext(api, alerts, NOW);
    const open: Alert[] = [];
    let cursor: JsonValue | undefined;
    do {
      const page = await alerts.readOpenPage(api.call, context, cursor);
      open.push(...page.alerts);
      cursor = page.next;
    } while (cursor !== undefined);

    const all = await readAlerts(api, alerts, span(60 * 24 * 60));
    const expected = all.filter(({ state }) => state !== 'resolved').map(({ id }) => id);
    expect(open.map(({ id }) => id).toSorted()).toEqual(expected.toSorted());
    expect(open.length).toBeGreaterThan(10);
  });

  it('adds the description, which no search has', async () => {
    const bench = opsrampBench({ alerts: 20 });
    const api = await bench.open();
    const id = bench.control.openAlert({ description: 'Volume /var on nas-1 is full' });
    const alert = find(await readAlerts(api, alerts, span(60)), id) as Alert;
    expect(alert.details.description).toBeUndefined();

    const enriched = await alerts.enrich(api.call, alertContext(api, alerts, NOW), alert);
    expect(enriched.details.description).toBe('Volume /var on nas-1 is full');
    expect(enriched.significant).toEqual(alert.significant);
    bench.control.removeAlert(id);
    expect(await alerts.enrich(api.call, alertContext(api, alerts, NOW), alert)).toEqual(alert);
  });

  it('A17 reads of an alert that came and went how bad it was, which no search tells', async () => {
    const bench = opsrampBench({ alerts: 20 });
    const api = await bench.open();
    const id = bench.control.openAlert({ currentState: 'Critical' });
    bench.control.acknowledge(id);
    bench.control.heal(id);
    const listed = find(await readAlerts(api, alerts, span(60)), id) as Alert;
    expect(listed).toMatchObject({ state: 'resolved', severity: 'info' });
    const enriched = await alerts.enrich(api.call, alertContext(api, alerts, NOW), listed);
    expect(enriched.severity).toBe('critical');
    expect(enriched.details.statusHistory).toMatchObject({ acknowledgedBy: expect.any(String) });
  });

  it('says that an alert is gone when its id is unknown, and nothing else for it', async () => {
    const bench = opsrampBench({ alerts: 20 });
    const api = await bench.open();
    const context = alertContext(api, alerts, NOW);
    expect(await alerts.readOne(api.call, context, '1')).toBeUndefined();
    bench.control.failNext({ status: 500 });
    await expect(alerts.readOne(api.call, context, '1')).rejects.toThrow('500');
  });

  it('A14 sees a late alert by its update, hours after its event', async () => {
    const bench = opsrampBench({ alerts: 20, switches: { indexLagSeconds: 420 } });
    const api = await bench.open();
    const id = bench.control.openAlert();
    expect(find(await readAlerts(api, alerts, span(60)), id)).toBeUndefined();
    bench.advance(7 * MINUTE_MS);
    expect(find(await readAlerts(api, alerts, span(60, bench.clock())), id)).toBeDefined();
    expect(alerts.lagMs).toBeGreaterThan(7 * MINUTE_MS);
  });

  it('A25 asks for a refresh when the token ends between two pages', async () => {
    const bench = opsrampBench({ alerts: 900 });
    const api = await bench.open();
    const context = alertContext(api, alerts, NOW);
    const { next } = await alerts.readPage(api.call, context, span(60 * 24 * 60), undefined);
    bench.control.expireTokens();
    await expect(alerts.readPage(api.call, context, span(60 * 24 * 60), next)).rejects.toThrow(
      AccessTokenRejectedError,
    );
    expect(bench.rejected).toEqual([1]);
  });

  it('E21 waits out the minute of a 429 instead of asking on', async () => {
    const bench = opsrampBench();
    const api = await bench.open(memoryBudgets({ clock: { now: bench.clock } }));
    const read = () => readAlerts(api, alerts, span(60));
    const reset = String(NOW.getTime() / 1000 + 40);
    bench.control.failNext({ status: 429, headers: { 'x-ratelimit-reset': reset } });
    await expect(read()).rejects.toMatchObject({ code: 'PROVIDER_RATE_LIMITED', retryAfterMs: 40_000 });
    await expect(read()).rejects.toThrow(BudgetExhaustedError);
    bench.advance(39_999);
    await expect(read()).rejects.toThrow(BudgetExhaustedError);
    bench.advance(1);
    await expect(read()).resolves.toBeDefined();
    expect(bench.control.counters().byResource).toEqual({ 'alerts/search': 1 });
  });

  it.each([true, false])('E21 meets no 429 where the answers count down (in quotes: %s)', async (quotedRateHeaders) => {
    const bench = opsrampBench({ switches: { rateLimits: true, pagesPerMinute: 2, quotedRateHeaders } });
    bench.advance(20_000);
    const api = await bench.open(memoryBudgets({ clock: { now: bench.clock } }));
    const read = () => readAlerts(api, alerts, span(60));
    await read();
    await read();
    await expect(read()).rejects.toMatchObject({ code: 'BUDGET_EXHAUSTED', retryAfterMs: 40_000 });
    bench.advance(40_000);
    await expect(read()).resolves.toBeDefined();
    expect(bench.control.counters().rateLimited).toBe(0);
  });

  it('fails closed when the search ignores the dates', async () => {
    const bench = opsrampBench({ alerts: 300 });
    const api = await bench.open();
    const call: CallApi = (request) =>
      api.call({ ...request, query: (request.query ?? []).filter(([name]) => name !== 'queryString') });
    await expect(readAlerts({ ...api, call }, alerts, span(5))).rejects.toThrow(ProviderResponseInvalidError);
  });

  it('passes filters on', async () => {
    const bench = opsrampBench({ alerts: 500 });
    const options = {
      states: ['Critical'],
      resourceTypes: ['Windows'],
      clients: ['client_1001'],
      metrics: ['system.ping.pl'],
    };
    const read = await readAlerts(await bench.open(), alerts, span(60 * 24 * 60), options);
    expect(read.length).toBeGreaterThan(0);
    expect(new Set(read.map(({ severity }) => severity))).toEqual(new Set(['critical']));
    expect(new Set(read.map(({ details }) => details.metric))).toEqual(new Set(['system.ping.pl']));
  });

  it('A08 names what it cannot read and goes on', async () => {
    const bench = opsrampBench({ alerts: 20 });
    const api = await bench.open();
    const call: CallApi = async (request) => {
      const reply = await api.call(request);
      const body = JSON.parse(new TextDecoder().decode(reply.body)) as { results: Record<string, unknown>[] };
      const results = body.results.map((item, at) => (at === 1 ? { ...item, currentState: null } : item));
      return { ...reply, body: new TextEncoder().encode(JSON.stringify({ ...body, results })) };
    };
    const page = await alerts.readPage(call, alertContext(api, alerts, NOW), span(60 * 24 * 60), undefined);
    expect(page.unreadable).toEqual([expect.stringMatching(/^\d+$/u)]);
    expect(page.alerts).toHaveLength(19);
    expect(page.total).toBe(20);
  });

  it('takes nothing else for the alert that it asked for', async () => {
    const api = await opsrampBench().open();
    const context = alertContext(api, alerts, NOW);
    const asked: Parameters<CallApi>[0][] = [];
    const answer = (body: unknown) => {
      const call: CallApi = async (request) => {
        asked.push(request);
        return response(200, body);
      };
      return alerts.readOne(call, context, '5/6');
    };
    for (const body of [
      '',
      'null',
      '7',
      [{ uniqueId: '5/6', currentState: 'Ok' }],
      { uniqueId: '7', currentState: 'Ok' },
    ]) {
      await expect(answer(body)).rejects.toThrow(ProviderResponseInvalidError);
    }
    expect(await answer({ uniqueId: '5/6', currentState: 'Ok' })).toMatchObject({ id: '5/6' });
    expect(asked[0]).toEqual({ method: 'GET', path: 'alerts/5%2F6', budget: 'default' });
    expect(opsramp.budgets.default).toEqual({ perMinute: 500 });
  });

  it('fails where the single alert is refused for another reason than that it is gone', async () => {
    const bench = opsrampBench({ alerts: 20 });
    const api = await bench.open();
    bench.control.failNext({ status: 400 });
    await expect(alerts.readOne(api.call, alertContext(api, alerts, NOW), '1')).rejects.toMatchObject({
      code: 'PROVIDER_REFUSED',
      about: 'other',
    });
  });

  it('keeps the severity that the feed told of what still stands', async () => {
    const api = await opsrampBench().open();
    const context = alertContext(api, alerts, NOW);
    const call: CallApi = async () => response(200, { uniqueId: '5', currentState: 'Critical', description: 'd' });
    const listed = { id: '5', severity: 'info', state: 'open', title: 't', resource: 'r', significant: {} } as const;
    const enriched = await alerts.enrich(call, context, { ...listed, details: { metric: 'm' } });
    expect(enriched).toEqual({ ...listed, details: { metric: 'm', currentState: 'Critical', description: 'd' } });
    const healed = await alerts.enrich(call, context, { ...listed, state: 'resolved', details: {} });
    expect(healed.severity).toBe('critical');
  });

  it('asks to the end of the second that it was asked for', async () => {
    const api = await opsrampBench().open();
    const texts: string[] = [];
    const call: CallApi = async ({ query = [] }) => {
      texts.push(query.at(-1)?.[1] ?? '');
      return response(200, { results: [], totalResults: 0 });
    };
    const from = new Date('2026-03-10T11:00:00.900Z');
    for (const to of ['2026-03-10T11:30:00.000Z', '2026-03-10T11:30:00.001Z']) {
      await alerts.readPage(call, alertContext(api, alerts, NOW), { from, to: new Date(to) }, undefined);
    }
    expect(texts.map((text) => text.replace(/\+alertTimeBase.*/u, ''))).toEqual([
      'startDate:2026-03-10T10:59:59 0000+endDate:2026-03-10T11:30:01 0000',
      'startDate:2026-03-10T10:59:59 0000+endDate:2026-03-10T11:30:02 0000',
    ]);
  });

  it('does not mind how old an open alert is, and an early one in the feed only where it is far too early', async () => {
    const api = await opsrampBench().open();
    const page = (updatedTime: string) => async () =>
      response(200, { results: [{ uniqueId: '5', currentState: 'Critical', updatedTime }], totalResults: 1 });
    const context = alertContext(api, alerts, NOW);
    const old = await alerts.readOpenPage(page('2009-01-01T00:00:00Z'), context, undefined);
    expect(old.alerts).toHaveLength(1);
    const read = (updatedTime: string) => alerts.readPage(page(updatedTime), context, span(60), undefined);
    expect((await read('2026-03-10T10:58:00Z')).alerts).toHaveLength(1);
    await expect(read('2026-03-10T10:57:59Z')).rejects.toThrow(ProviderResponseInvalidError);
    // It may well have changed again since the index saw it.
    expect((await read('2026-03-10T12:30:00Z')).alerts).toHaveLength(1);
  });

  it('A08 names an item without an id by a question mark', async () => {
    const api = await opsrampBench().open();
    const call: CallApi = async () => response(200, { results: [{ currentState: 'Ok' }] });
    const page = await alerts.readPage(call, alertContext(api, alerts, NOW), span(60), undefined);
    expect(page).toEqual({ alerts: [], unreadable: ['?'] });
  });
});
