import type { AlertSource } from './alerts/source.ts';
import type { ServiceError } from './errors.ts';
import type { HttpRequest, HttpResponse } from './http.ts';
import type { JsonObject } from './json.ts';
import type { WriteNote } from './notes/note.ts';
import type { ReportSource } from './reports/source.ts';

/** Our own identity at a provider, from Secrets Manager. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What a token endpoint is asked for. */
export type TokenGrant =
  | {
      readonly type: 'authorization-code';
      readonly code: string;
      readonly redirectUri: string;
      readonly codeVerifier?: string;
    }
  | { readonly type: 'refresh-token'; readonly refreshToken: string; readonly redirectUri: string }
  | { readonly type: 'client-credentials' };

/** A token endpoint's answer, checked and in our words. */
export interface TokenReply {
  readonly accessToken: string;
  /** Absent where the provider has none (client credentials) or kept the old one (R32). */
  readonly refreshToken?: string;
  /** Seconds that the access token lives from when the request was sent. */
  readonly expiresInSeconds: number;
  /** Scopes granted, where the provider says so. */
  readonly scopes?: readonly string[];
  /** Base URL that this connection's API calls go to, already checked against the provider's hosts. */
  readonly apiEndpoint?: string;
  /** The provider's own identity of the account that was authorised (Actionstep `orgkey`). */
  readonly account?: string;
  /**
   * What else the reply named that may not be used, and is therefore left out of it: an API address that is not one of
   * the provider's, another account than the settings name. A consent that brings it is refused. A refresh stores its
   * tokens all the same, because the old ones are spent, keeps what it has, and says so (S75).
   */
  readonly refused?: readonly RefusedMember[];
}

/** `form`: the reply as a whole is not what the provider documents; its refresh token was taken all the same. */
export type RefusedMember = 'api-endpoint' | 'account' | 'form';

/**
 * What the folder of a provider knows about a connection's configuration: region, host, tenant, scopes.
 * Plain JSON, stored with the connection. `endpoint` overrides every host of it: a proxy, or a double on loopback;
 * `requestsPerMinute` the default budget, where an account is shared with somebody else.
 */
export type ProviderSettings = JsonObject & { readonly endpoint?: string; readonly requestsPerMinute?: number };

/** Everything that a provider's folder is given about the connection it works for. */
export interface ProviderContext {
  readonly connection: string;
  readonly settings: ProviderSettings;
  /** From the last token reply, where the provider has one per connection. */
  readonly apiEndpoint?: string;
}

/** How the authorization code grant is run at a provider. */
export interface AuthorizationProfile {
  authorizationEndpoint(settings: ProviderSettings): URL;
  scopes(settings: ProviderSettings): readonly string[];
  /** S256 where the provider is known to take it. */
  pkce(settings: ProviderSettings): boolean;
  /**
   * Which authorization server answers, where a folder serves several: it becomes part of the redirect URI, so that an
   * answer of one can not pass for another's. Small letters, digits, dots, hyphens.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.4.2.2
   */
  server?(settings: ProviderSettings): string;
  /** The issuer, where the provider sends `iss` (RFC 9207): compared as a string, required once configured. */
  issuer?(settings: ProviderSettings): string | undefined;
}

/** Token calls, for the callback and the refresher. */
export interface TokenProfile {
  tokenEndpoint(settings: ProviderSettings): URL;
  request(grant: TokenGrant, settings: ProviderSettings, credentials: ClientCredentials): HttpRequest;
  /**
   * Judges a token response. Pure.
   *
   * @throws GrantRejectedError `invalid_grant`
   * @throws ClientRejectedError `invalid_client` and its vendor's variants
   * @throws ProviderRateLimitedError 429
   * @throws ProviderUnavailableError 5xx and what the vendor answers in passing (sent: true)
   * @throws ProviderResponseInvalidError anything else
   */
  reply(response: HttpResponse, settings: ProviderSettings): TokenReply;
  /** How long a refresh token lives, where no response says so; shown as *assumed*. Absent: there is none. */
  assumedRefreshTokenLifetimeMs?(settings: ProviderSettings): number | undefined;
}

/** Requests per minute that one account at the provider takes, per category. One category unless the vendor counts several. */
export interface BudgetRule {
  readonly perMinute: number;
}

/** What a look after the provider's webhooks came to. Changes of what is not `active` may have been missed meanwhile. */
export interface HookKeeping {
  readonly active: readonly string[];
  readonly reenabled: readonly string[];
  readonly registered: readonly string[];
  /** Hooks of other targets, which are not ours to touch. */
  readonly foreign: number;
}

/** One of the provider's present webhooks, ours or another's, whatever its state. */
export interface StandingHook {
  readonly event: string;
  readonly targetUrl: string;
  readonly active: boolean;
  /** When the provider last called it. One that is off was on until then. */
  readonly lastDeliveryAt?: Date;
}

/** What becomes of the changes that a webhook which was off did not tell of. */
export interface HookRecovery {
  /** Kinds of event whose records carry a stamp that the poll goes by. */
  readonly polled: readonly string[];
  /** The others, each with what no poll can find. */
  readonly lost: readonly { readonly event: string; readonly why: string }[];
}

/** Webhooks, for the receiver and the keeper. */
export interface HookProfile {
  /** Key of `alertSources` whose `readOne` takes the ids of hints. */
  readonly alertSource: string;
  /** What a person enters there as the body of a delivery, where we cannot register any. */
  readonly payload?: string;
  /** Ids that a delivery's JSON body speaks of. Pure; empty where it names none. */
  hints(body: unknown): readonly string[];
  /** The provider's present hooks. Absent: nobody keeps them. */
  standing?(call: CallApi): Promise<readonly StandingHook[]>;
  /** What the poll of a job with these options finds of events that went untold. Pure. */
  recovery(options: JsonObject, events: readonly string[]): HookRecovery;
  /** Sees to it that every event has one active hook at `targetUrl`. */
  keep(call: CallApi, events: readonly string[], targetUrl: string): Promise<HookKeeping>;
}

/** The fourth provider is a folder too: nothing outside `providers/` knows one by name. */
export interface Provider {
  /** Folder name, path segment of the callback, `provider` in configuration. */
  readonly id: string;
  readonly title: string;
  readonly grant: 'authorization-code' | 'client-credentials';
  /** Checks a connection's settings. @throws ConfigInvalidError naming the field and what it may be. */
  parseSettings(input: unknown): ProviderSettings;
  /** Whether a request of this connection may go to `url`. The `endpoint` override is judged by the caller. */
  allows(url: URL, context: ProviderContext): boolean;
  /** Base of the API, with a trailing slash. @throws ConfigInvalidError where it is not known yet. */
  apiBase(context: ProviderContext): URL;
  /** Whose budget the connection draws on: two connections of one enterprise or tenant share it. */
  budgetAccount(settings: ProviderSettings, clientId: string | undefined): string;
  /** Budgets by category; `default` must be there. Token calls of Action1 count, so `token` may name a category. */
  readonly budgets: Readonly<Record<string, BudgetRule>> & { readonly default: BudgetRule };
  /** The category that a token call is counted in, where it counts at all. */
  readonly tokenBudget?: string;
  readonly authorization?: AuthorizationProfile;
  readonly token: TokenProfile;
  /**
   * Judges an API response: `undefined` when it can be used. Pure; the wait of a 429 is in the error. `path` is that of
   * the request, below the API's base: which permission is missing often hangs on it.
   */
  judge(response: HttpResponse, now: Date, path?: string): ServiceError | undefined;
  /** What an answer that can be used says of its budget: nothing is left before this. Pure; absent where none says so. */
  pausedUntil?(response: HttpResponse, now: Date): Date | undefined;
  /** Sources of report jobs by name. */
  readonly sources: Readonly<Record<string, ReportSource>>;
  /** Sources of alert jobs by name. */
  readonly alertSources: Readonly<Record<string, AlertSource>>;
  /** Absent where the provider sends none. */
  readonly hooks?: HookProfile;
  /** Writes a note into one of the connection's records, once per marker. Absent where there is nothing like it. */
  readonly writeNote?: WriteNote;
}

/** Who is served first when a budget is short. */
export type Lane = 'token' | 'alerts' | 'exports';

/** One call to a provider's API, relative to `Provider.apiBase`. */
export interface ApiRequest {
  readonly method: HttpRequest['method'];
  /** Relative to the API base, no leading slash, already percent-encoded; or an absolute URL that the provider's hosts allow. */
  readonly path: string;
  /** Appended in order, form-encoded: `+` becomes `%2B`, a space becomes `+`. */
  readonly query?: readonly (readonly [string, string])[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Budget category. Default `default`. */
  readonly budget?: string;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
}

/**
 * An authorised, budgeted, judged call. What comes back has passed `Provider.judge`.
 *
 * @throws AccessTokenRejectedError after *refresh now* was asked for; take the work up again later.
 * @throws BudgetExhaustedError before anything was sent.
 * @throws ServiceError whatever `judge` said.
 */
export type CallApi = (request: ApiRequest) => Promise<HttpResponse>;
