import { createOpenApi, type OpenApi } from '../../../../functions/core/api.ts';
import type { Connection } from '../../../../functions/core/connections/connection.ts';
import type { HttpRequest, HttpResponse } from '../../../../functions/core/http.ts';
import type { JsonObject, JsonValue } from '../../../../functions/core/json.ts';
import type { SourceContext, SourcePage, SourceRow } from '../../../../functions/core/reports/source.ts';
import { actionstep } from '../../../../functions/providers/actionstep/provider.ts';
import { createActionstepModel, type ActionstepModel } from '../../../../infra/local/providers/actionstep/model.ts';
import type { ActionstepSimulatorOptions } from '../../../../infra/local/providers/actionstep/options.ts';
import type { ModelResponse } from '../../../../infra/local/providers/actionstep/wire.ts';

export const NOW = new Date('2026-03-02T00:00:00Z');
export const ORIGIN = 'http://127.0.0.1:4100';
const CALLBACK = 'http://127.0.0.1:9/callback/actionstep';

/** A response as the HTTP room hands it over. */
export function response(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers, body: new TextEncoder().encode(text) };
}

function fromModel({ status, headers, body }: ModelResponse): HttpResponse {
  return response(status, body, headers);
}

/** Signs in, accepts, exchanges the code: what a person and the callback do. */
export function consent(
  model: ActionstepModel,
  scopes = 'all',
  now = NOW,
): { accessToken: string; refreshToken: string } {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: model.options.clientId,
    redirect_uri: CALLBACK,
    scope: scopes,
  });
  const page = model.handle(
    { method: 'GET', url: `/api/oauth/authorize?${query.toString()}`, headers: {}, body: '' },
    now,
  );
  const request = /name="request" value="([^"]+)"/u.exec(page.body)?.[1] ?? '';
  const { email, password } = model.options.person;
  const system = model.options.systems[0] ?? '';
  const form = new URLSearchParams({ request, email, password, system, decision: 'accept' });
  const cookie = (page.headers['set-cookie'] ?? '').split(';')[0] ?? '';
  const back = model.handle(
    { method: 'POST', url: '/api/oauth/authorize', headers: { cookie }, body: form.toString() },
    now,
  );
  const code = new URL(back.headers.location ?? '').searchParams.get('code') ?? '';
  const reply = tokenCall(model, { grant_type: 'authorization_code', code, redirect_uri: CALLBACK }, now);
  return { accessToken: reply.access_token ?? '', refreshToken: reply.refresh_token ?? '' };
}

/** One call of the token endpoint; the parsed body. */
export function tokenCall(
  model: ActionstepModel,
  parameters: Record<string, string>,
  now = NOW,
): Readonly<Record<string, string | undefined>> {
  const { clientId, clientSecret } = model.options;
  const body = new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...parameters }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return JSON.parse(model.handle({ method: 'POST', url: '/api/oauth/token', headers, body }, now).body) as Readonly<
    Record<string, string>
  >;
}

export interface Harness {
  readonly model: ActionstepModel;
  readonly api: OpenApi;
  readonly sent: HttpRequest[];
  readonly rejected: number[];
  readonly context: (options: JsonObject, from?: string, to?: string) => SourceContext;
}

/** The production call (budget, judge, allow-list of the override) in front of the model. */
export async function open(switches: Partial<ActionstepSimulatorOptions> = {}, scopes = 'all'): Promise<Harness> {
  const model = createActionstepModel({ anchor: NOW, origin: ORIGIN, ...switches });
  const { accessToken } = consent(model, scopes);
  const sent: HttpRequest[] = [];
  const rejected: number[] = [];
  const connection = {
    name: 'harbour',
    provider: 'actionstep',
    settings: actionstep.parseSettings({ endpoint: ORIGIN }),
    budgetAccount: 'one',
    generation: 1,
    apiEndpoint: `${ORIGIN}/api/`,
  } as unknown as Connection;
  const openApi = createOpenApi({
    access: {
      open: async () => ({ connection, accessToken }),
      reject: async (_name, generation) => void rejected.push(generation),
      find: async () => connection,
    },
    budgets: { draw: async () => ({ granted: true }), block: async () => undefined },
    send: async (request, allowed) => {
      if (!allowed(request.url)) throw new Error('refused by the allow-list');
      sent.push(request);
      const { method, url, headers = {}, body = '' } = request;
      return fromModel(model.handle({ method, url: url.href, headers, body }, NOW));
    },
    clock: { now: () => NOW },
    providers: { actionstep },
  });
  const api = await openApi('harbour', 'exports');
  const context = (options: JsonObject, from = '2026-01-01T00:00:00Z', to = '2026-03-02T00:00:00Z'): SourceContext => ({
    ...api.context,
    options,
    window: { from: new Date(from), to: new Date(to) },
    observedAt: NOW,
    now: NOW,
  });
  return { model, api, sent, rejected, context };
}

/** Reads a source to its end, every cursor through JSON as a durable step keeps it. */
export async function readAll(
  harness: Harness,
  source: string,
  options: JsonObject = {},
  window: readonly [string?, string?] = [],
  between: (page: number) => void = () => undefined,
): Promise<{ rows: SourceRow[]; last: SourcePage; pages: number }> {
  const report = actionstep.sources[source];
  if (report === undefined) throw new Error(`No source ${source}`);
  const context = harness.context(report.parseOptions(options), ...window);
  const rows: SourceRow[] = [];
  let cursor: JsonValue | undefined;
  for (let pages = 1; pages < 200; pages += 1) {
    const page = await report.readPage(harness.api.call, context, cursor);
    rows.push(...page.rows);
    if (page.next === undefined) return { rows, last: page, pages };
    cursor = JSON.parse(JSON.stringify(page.next)) as JsonValue;
    between(pages);
  }
  throw new Error('The source does not end');
}
