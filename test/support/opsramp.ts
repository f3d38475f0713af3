import { createOpenApi, type OpenApi } from '../../functions/core/api.ts';
import type { AlertSource, AlertSourceContext } from '../../functions/core/alerts/source.ts';
import type { Alert } from '../../functions/core/alerts/source.ts';
import type { Budgets } from '../../functions/core/budgets/budget.ts';
import type { Connection } from '../../functions/core/connections/connection.ts';
import type { HttpResponse, SendHttp } from '../../functions/core/http.ts';
import type { JsonObject, JsonValue } from '../../functions/core/json.ts';
import type { ReportSource, SourceContext, SourcePage, SourceRow } from '../../functions/core/reports/source.ts';
import { opsramp } from '../../functions/providers/opsramp/provider.ts';
import {
  createOpsrampModel,
  type OpsrampControl,
  type OpsrampModel,
} from '../../infra/local/providers/opsramp/model.ts';
import { type OpsrampModelOptions, SIMULATED_TENANT } from '../../infra/local/providers/opsramp/options.ts';
import { endlessBudgets } from './memory-budgets.ts';

export const NOW = new Date('2026-03-10T12:00:00Z');

/** A response as `functions/http` would hand it over. */
export function response(status: number, body: unknown, headers: Record<string, string> = {}): HttpResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers, body: new TextEncoder().encode(text) };
}

/** The simulated tenant as the far end of `SendHttp`, without a socket. */
export function sendTo(model: OpsrampModel, clock: () => Date): SendHttp {
  return async ({ method, url, headers, body }) => {
    const reply = model.handle(
      { method, url: `${url.pathname}${url.search}`, headers: headers ?? {}, body: body ?? '' },
      clock(),
    );
    return { ...response(reply.status, reply.body), headers: { ...reply.headers, date: clock().toUTCString() } };
  };
}

export interface OpsrampBench {
  readonly model: OpsrampModel;
  readonly control: OpsrampControl;
  readonly clock: () => Date;
  advance(ms: number): void;
  readonly settings: ReturnType<typeof opsramp.parseSettings>;
  /** With a token of now. */
  open(budgets?: Budgets): Promise<OpenApi>;
  readonly rejected: number[];
}

/** A simulated tenant and the production path to it: budget, call, judgement. */
export function opsrampBench(options: Partial<OpsrampModelOptions> = {}): OpsrampBench {
  let now = options.now ?? NOW;
  const clock = () => now;
  const model = createOpsrampModel({ now, ...options, switches: { rateLimits: false, ...options.switches } });
  const settings = opsramp.parseSettings({ host: 'acme.api.opsramp.com', tenantId: SIMULATED_TENANT.tenantId });
  const send = sendTo(model, clock);
  const rejected: number[] = [];

  return {
    model,
    control: model.control(clock),
    clock,
    advance: (ms) => void (now = new Date(now.getTime() + ms)),
    settings,
    rejected,
    async open(budgets = endlessBudgets()) {
      const request = opsramp.token.request({ type: 'client-credentials' }, settings, SIMULATED_TENANT);
      const { accessToken } = opsramp.token.reply(await send(request, () => true), settings);
      const connection = {
        provider: 'opsramp',
        name: 'acme',
        settings,
        generation: 1,
        budgetAccount: 'acme',
      } as Connection;
      const access = {
        open: async () => ({ connection, accessToken }),
        reject: async (_name: string, generation: number) => void rejected.push(generation),
        find: async () => connection,
      };
      return createOpenApi({ access, budgets, send, clock: { now: clock }, providers: { opsramp } })('acme', 'exports');
    },
  };
}

/** Reads a report to its end, each cursor once through JSON as a durable step would keep it. */
export async function readReport(
  { call, context }: OpenApi,
  source: ReportSource,
  given: {
    readonly options?: unknown;
    readonly from?: Date;
    readonly to?: Date;
    readonly betweenPages?: () => void;
  } = {},
): Promise<{ readonly rows: readonly SourceRow[]; readonly pages: readonly SourcePage[]; readonly last: SourcePage }> {
  const sourceContext: SourceContext = {
    ...context,
    options: source.parseOptions(given.options),
    window: { from: given.from ?? new Date('2026-01-01T00:00:00Z'), to: given.to ?? NOW },
    observedAt: NOW,
    now: NOW,
  };
  const pages: SourcePage[] = [];
  let cursor: JsonValue | undefined;
  for (;;) {
    const page = await source.readPage(call, sourceContext, cursor);
    pages.push(page);
    if (page.next === undefined) return { rows: pages.flatMap(({ rows }) => rows), pages, last: page };
    cursor = JSON.parse(JSON.stringify(page.next)) as JsonValue;
    given.betweenPages?.();
  }
}

export function alertContext(
  { context }: OpenApi,
  source: AlertSource,
  now: Date,
  options?: JsonObject,
): AlertSourceContext {
  return { ...context, options: source.parseOptions(options), now };
}

/** All alerts of a pass. */
export async function readAlerts(
  api: OpenApi,
  source: AlertSource,
  span: { readonly from: Date; readonly to: Date },
  options?: JsonObject,
): Promise<readonly Alert[]> {
  const alerts: Alert[] = [];
  let cursor: JsonValue | undefined;
  do {
    const page = await source.readPage(api.call, alertContext(api, source, span.to, options), span, cursor);
    alerts.push(...page.alerts);
    cursor = page.next;
  } while (cursor !== undefined);
  return alerts;
}
