import type { Alert, AlertSource } from '../../../../functions/core/alerts/source.ts';
import type { HttpResponse } from '../../../../functions/core/http.ts';
import type { JsonObject, JsonValue } from '../../../../functions/core/json.ts';
import type { ApiRequest, CallApi } from '../../../../functions/core/provider.ts';
import type { ReportSource, SourcePage, SourceRow } from '../../../../functions/core/reports/source.ts';
import { action1 } from '../../../../functions/providers/action1/provider.ts';
import type { Action1Answer, Action1Request } from '../../../../infra/local/providers/action1/answers.ts';
import { createAction1Model } from '../../../../infra/local/providers/action1/model.ts';
import { DEFAULT_CREDENTIALS, type Action1Options } from '../../../../infra/local/providers/action1/options.ts';

export const START = new Date('2026-06-01T00:00:00Z');
const settings = { endpoint: 'http://action1.invalid' };
/** More than any of these accounts has: a source that asks for more does not end. */
const MOST_PAGES = 2_000;

export interface Exchange {
  readonly request: Action1Request;
  readonly answer: Action1Answer;
}

export interface Drained {
  readonly rows: readonly SourceRow[];
  readonly files: readonly NonNullable<SourcePage['file']>[];
  readonly last: SourcePage;
  readonly waits: readonly number[];
}

/** The provider's folder against the model, on a virtual clock and without a socket. */
export function createWorld(options: Action1Options = {}) {
  const model = createAction1Model({ requestsPerMinute: false, tokenLifetimeSeconds: 86_400, ...options });
  const exchanges: Exchange[] = [];
  let now = START;
  const send = (request: Action1Request): HttpResponse => {
    const answer = model.handle(request, now);
    exchanges.push({ request, answer });
    return { status: answer.status, headers: answer.headers, body: new TextEncoder().encode(answer.body) };
  };
  const tokenCall = action1.token.request({ type: 'client-credentials' }, settings, DEFAULT_CREDENTIALS);
  const signIn = () => {
    const { method, headers, body } = tokenCall;
    const answer = send({ method, url: tokenCall.url.href, headers: headers ?? {}, body: body ?? '' });
    return action1.token.reply(answer, settings).accessToken;
  };
  let accessToken = signIn();
  const context = { connection: 'c1', settings };

  const call: CallApi = async (request: ApiRequest) => {
    const url = new URL(request.path, action1.apiBase(context));
    for (const [name, value] of request.query ?? []) url.searchParams.append(name, value);
    const headers = { accept: 'application/json', ...request.headers, authorization: `Bearer ${accessToken}` };
    const answer = send({ method: request.method, url: url.href, headers });
    const failure = action1.judge(answer, now);
    if (failure !== undefined) throw failure;
    return answer;
  };

  const readPage = (source: ReportSource, given: unknown, cursor?: JsonValue, window = { from: START, to: START }) =>
    source.readPage(
      call,
      { ...context, options: source.parseOptions(given), window, observedAt: START, now },
      cursor === undefined ? undefined : (JSON.parse(JSON.stringify(cursor)) as JsonValue),
    );

  return {
    model,
    call,
    exchanges,
    readPage,
    now: () => now,
    advance: (ms: number) => {
      now = new Date(now.getTime() + ms);
    },
    signIn: () => {
      accessToken = signIn();
    },
    /** Paths and queries that were asked for, tokens aside. */
    paths: () =>
      exchanges
        .map(({ request }) => new URL(request.url))
        .slice(1)
        .map(({ pathname, search }) => `${pathname}${search}`),
    /** Reads a source to its end; waits pass on the virtual clock. */
    async drain(source: ReportSource, given: unknown, window?: { from: Date; to: Date }): Promise<Drained> {
      const rows: SourceRow[] = [];
      const files: NonNullable<SourcePage['file']>[] = [];
      const waits: number[] = [];
      let cursor: JsonValue | undefined;
      for (let pages = 0; pages < MOST_PAGES; pages += 1) {
        const before = exchanges.length;
        const page = await readPage(source, given, cursor, window);
        if (exchanges.length - before > 1) throw new Error('A step sent more than one request');
        rows.push(...page.rows);
        if (page.file !== undefined) files.push(page.file);
        if (page.waitMs !== undefined) {
          waits.push(page.waitMs);
          now = new Date(now.getTime() + page.waitMs);
        }
        if (page.next === undefined) return { rows, files, last: page, waits };
        cursor = page.next;
      }
      throw new Error('A source that does not end');
    },
    /** One pass of an alert source. */
    async pass(source: AlertSource, given: JsonObject = {}) {
      const alerts: Alert[] = [];
      const unreadable: string[] = [];
      const alertContext = { ...context, options: source.parseOptions(given), now };
      const enrich = (alert: Alert) => source.enrich?.(call, alertContext, alert);
      let cursor: JsonValue | undefined;
      for (let pages = 0; pages < MOST_PAGES; pages += 1) {
        const page = await source.readPage(call, alertContext, { from: START, to: now }, cursor);
        alerts.push(...page.alerts);
        unreadable.push(...(page.unreadable ?? []));
        if (page.next === undefined) return { alerts, unreadable, enrich };
        cursor = page.next;
      }
      throw new Error('A source that does not end');
    },
  };
}

export function response(
  status: number,
  body: unknown = '',
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers, body: new TextEncoder().encode(text) };
}
