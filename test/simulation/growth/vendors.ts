import type { ConnectionDemand } from '../../../functions/core/connections/connection.ts';
import { ProviderUnavailableError } from '../../../functions/core/errors.ts';
import type { HttpRequest, SendHttp } from '../../../functions/core/http.ts';
import type { Provider, ProviderSettings } from '../../../functions/core/provider.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../functions/core/time.ts';
import { PROVIDERS } from '../../../functions/providers/registry.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Connections of one Action1 enterprise: they share its requests. */
const PER_ENTERPRISE = 50;
const REGIONS = ['NorthAmerica', 'NorthAmerica-2', 'Europe', 'Australia', 'UnitedKingdom'];
/** The host that an outage takes away: a fifth of Action1's connections. */
export const WEAK_HOST = 'app.eu.action1.com';
const PODS = 8;

/** One connection out of many: what it is at its provider, and what runs on it. */
export interface Account {
  readonly name: string;
  readonly provider: Provider;
  readonly settings: ProviderSettings;
  readonly lifeMs: number;
  readonly refreshLifeMs?: number;
  readonly demand: readonly ConnectionDemand[];
}

const KINDS = [
  { id: 'actionstep', lifeMs: HOUR_MS, refreshLifeMs: 21 * DAY_MS, cron: '0 4 * * 1' },
  { id: 'action1', lifeMs: HOUR_MS, cron: '30 3 * * 4' },
  { id: 'opsramp', lifeMs: 2 * HOUR_MS, cron: '15 6 * * 2' },
] as const;

/**
 * A third of each provider, half of them polled each five minutes and half exported weekly: `typicalUsage` of
 * infra/usage.ts, with the refreshes that this makes.
 */
export function accountOf(index: number): Account {
  const kind = KINDS[index % KINDS.length] as (typeof KINDS)[number];
  const nth = Math.floor(index / KINDS.length);
  const provider = PROVIDERS[kind.id] as Provider;
  const name = `${kind.id}-${index}`;
  const settings = {
    actionstep: { orgkey: name },
    action1: { region: REGIONS[Math.floor(nth / PER_ENTERPRISE) % REGIONS.length], enterprise: enterpriseOf(nth) },
    opsramp: { host: `pod${nth % PODS}.api.opsramp.com`, tenantId: `client_${index}` },
  }[kind.id];
  return {
    name,
    provider,
    settings: provider.parseSettings(settings),
    lifeMs: kind.lifeMs,
    ...('refreshLifeMs' in kind ? { refreshLifeMs: kind.refreshLifeMs } : {}),
    demand: [nth % 2 === 0 ? { everySeconds: 300 } : { cron: kind.cron, zone: 'Europe/Berlin' }],
  };
}

const enterpriseOf = (nth: number) => `enterprise-${Math.floor(nth / PER_ENTERPRISE)}`;

/** The token endpoints of all three: they rotate refresh tokens and take none twice, and count what arrives. */
export class Endpoints {
  readonly #time: VirtualTime;
  readonly #latencyMs: number;
  /** What each Actionstep system would take. */
  readonly #live = new Map<string, string>();
  /** Arrivals of the last minute, by Action1's enterprise. */
  readonly #recent = new Map<string, number[]>();
  #count = 0;
  #flying = 0;
  calls = 0;
  refused = 0;
  mostInFlight = 0;
  /** The most calls of one Action1 enterprise in any 60 seconds. */
  busiestMinute = 0;
  downUntil = 0;

  constructor(time: VirtualTime, latencyMs: number) {
    this.#time = time;
    this.#latencyMs = latencyMs;
  }

  issue(name: string): string {
    this.#count += 1;
    const token = `${name}.${this.#count}`;
    this.#live.set(name, token);
    return token;
  }

  send: SendHttp = async (request) => {
    const at = this.#time.now().getTime();
    if (request.url.host === WEAK_HOST && at < this.downUntil) {
      await this.#time.sleep(this.#latencyMs);
      throw new ProviderUnavailableError('connection refused', { sent: false });
    }
    const client = clientOf(request);
    this.#note(client, at);
    // Half to one and a half times the mean, always the same for a connection.
    const [, index = '0'] = /(\d+)$/.exec(client) ?? [];
    await this.#time.sleep(this.#latencyMs * (0.5 + (Number(index) % 5) / 4));
    this.#flying -= 1;
    return this.#answer(client, request);
  };

  #note(client: string, at: number): void {
    this.calls += 1;
    this.#flying += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.#flying);
    const [vendor, index = '0'] = client.split('-');
    if (vendor !== 'action1') return;
    const enterprise = enterpriseOf(Math.floor(Number(index) / KINDS.length));
    const recent = (this.#recent.get(enterprise) ?? []).filter((before) => before > at - MINUTE_MS);
    recent.push(at);
    this.#recent.set(enterprise, recent);
    this.busiestMinute = Math.max(this.busiestMinute, recent.length);
  }

  #answer(client: string, { body = '' }: HttpRequest) {
    this.#count += 1;
    const access = { access_token: `access.${this.#count}`, token_type: 'bearer' };
    if (client.startsWith('action1-')) return answer(200, { ...access, expires_in: HOUR_MS / SECOND_MS });
    if (client.startsWith('opsramp-')) return answer(200, { ...access, expires_in: '7200', scope: 'global:manage' });
    if (this.#live.get(client) !== new URLSearchParams(body).get('refresh_token')) {
      this.refused += 1;
      return answer(400, { error: 'invalid_grant' });
    }
    return answer(200, {
      ...access,
      expires_in: HOUR_MS / SECOND_MS,
      refresh_token: this.issue(client),
      api_endpoint: 'https://ap-southeast-2.actionstep.com/api/',
      orgkey: client,
    });
  }
}

/** Every connection's client is called as the connection is. */
function clientOf({ body = '' }: HttpRequest): string {
  if (body.startsWith('{')) return (JSON.parse(body) as { readonly client_id: string }).client_id;
  return new URLSearchParams(body).get('client_id') ?? '';
}

function answer(status: number, body: unknown) {
  return { status, headers: {}, body: new TextEncoder().encode(JSON.stringify(body)) };
}
