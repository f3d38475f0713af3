import { createOpenApi, type OpenApi } from '../../../../functions/core/api.ts';
import type { AlertPage } from '../../../../functions/core/alerts/source.ts';
import type { Connection } from '../../../../functions/core/connections/connection.ts';
import type { HttpRequest, HttpResponse } from '../../../../functions/core/http.ts';
import type { JsonObject, JsonValue } from '../../../../functions/core/json.ts';
import type { SourceContext, SourcePage, SourceRow } from '../../../../functions/core/reports/source.ts';
import { oauth2Client } from '../../../../functions/providers/oauth2/provider.ts';
import { listAlerts } from '../../../../functions/providers/oauth2/list-alerts.ts';
import { list } from '../../../../functions/providers/oauth2/list-source.ts';
import {
  createOauth2Model,
  type Oauth2Actions,
  type Oauth2Model,
} from '../../../../infra/local/providers/oauth2/model.ts';
import type { Oauth2ModelOptions } from '../../../../infra/local/providers/oauth2/options.ts';

export const NOW = new Date('2026-03-02T00:00:00Z');
export const ORIGIN = 'http://127.0.0.1:4200';

export const SETTINGS = {
  tokenUrl: 'https://login.vendor.example/oauth2/token',
  apiBaseUrl: 'https://api.vendor.example/api',
} as const;

/** A response as the HTTP room hands it over. */
export function response(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers, body: new TextEncoder().encode(text) };
}

export interface Harness {
  readonly model: Oauth2Model;
  readonly control: Oauth2Actions;
  readonly api: OpenApi;
  readonly sent: HttpRequest[];
  readonly rejected: number[];
  readonly blocked: Date[];
}

/** The production call (budget, judge, allow-list of the override) in front of the model. */
export async function open(
  given: Partial<Oauth2ModelOptions> = {},
  settings: Readonly<Record<string, unknown>> = {},
): Promise<Harness> {
  const model = createOauth2Model({ origin: ORIGIN, ...given });
  const stored = oauth2Client.parseSettings({ ...SETTINGS, endpoint: ORIGIN, ...settings });
  const credentials = { clientId: 'generic-client', clientSecret: 'generic-client-secret' };
  const asked = oauth2Client.token.request({ type: 'client-credentials' }, stored, credentials);
  const { accessToken } = oauth2Client.token.reply(answered(model, asked), stored);
  const sent: HttpRequest[] = [];
  const rejected: number[] = [];
  const blocked: Date[] = [];
  const connection = {
    name: 'ledger',
    provider: 'oauth2-client',
    settings: stored,
    budgetAccount: 'one',
    generation: 1,
  } as unknown as Connection;
  const openApi = createOpenApi({
    access: {
      open: async () => ({ connection, accessToken }),
      reject: async (_name, generation) => void rejected.push(generation),
      find: async () => connection,
    },
    budgets: { draw: async () => ({ granted: true }), block: async (_draw, until) => void blocked.push(until) },
    send: async (request, allowed) => {
      if (!allowed(request.url)) throw new Error(`refused by the allow-list: ${request.url.origin}`);
      sent.push(request);
      return answered(model, request);
    },
    clock: { now: () => NOW },
    providers: { 'oauth2-client': oauth2Client },
  });
  const api = await openApi('ledger', 'exports');
  return { model, control: model.actions(() => NOW), api, sent, rejected, blocked };
}

function answered(model: Oauth2Model, { method, url, headers = {}, body = '' }: HttpRequest): HttpResponse {
  const answer = model.answer({ method, url: `${url.pathname}${url.search}`, headers, body }, NOW);
  return response(answer.status, answer.body, answer.headers);
}

/** Reads a recipe to its end, every cursor through JSON as a durable step keeps it. */
export async function readList(
  { api }: Harness,
  recipe: Readonly<Record<string, unknown>>,
  window: readonly [string, string] = ['2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z'],
): Promise<{ rows: SourceRow[]; last: SourcePage; pages: number }> {
  const context: SourceContext = {
    ...api.context,
    options: list.parseOptions(recipe),
    window: { from: new Date(window[0]), to: new Date(window[1]) },
    observedAt: NOW,
    now: NOW,
  };
  const rows: SourceRow[] = [];
  let cursor: JsonValue | undefined;
  for (let pages = 1; pages < 500; pages += 1) {
    const page = await list.readPage(api.call, context, cursor);
    rows.push(...page.rows);
    if (page.next === undefined) return { rows, last: page, pages };
    cursor = JSON.parse(JSON.stringify(page.next)) as JsonValue;
  }
  throw new Error('The list does not end');
}

/** One pass over a list of alerts. */
export async function readAlerts(
  { api }: Harness,
  filter: Readonly<Record<string, unknown>>,
): Promise<readonly AlertPage[]> {
  const options: JsonObject = listAlerts.parseOptions(filter);
  const pages: AlertPage[] = [];
  let cursor: JsonValue | undefined;
  do {
    const span = { from: new Date(0), to: NOW };
    const page = await listAlerts.readPage(api.call, { ...api.context, options, now: NOW }, span, cursor);
    pages.push(page);
    cursor = page.next;
  } while (cursor !== undefined);
  return pages;
}
