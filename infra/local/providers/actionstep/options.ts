/** What becomes of a refresh token that is presented a second time. Actionstep does not document it. */
type Rotation = 'strict' | 'grace' | 'reuse-revokes';

/**
 * Every behaviour of Actionstep that is uncertain, as a switch. The defaults are what the evidence speaks for
 * (`providers/actionstep.md` 7); a test that depends on one of them turns it both ways.
 */
export interface ActionstepSimulatorOptions {
  /** Where it is reached: `api_endpoint` and `nextPage` name it. The listener sets it. */
  readonly origin: string;
  /** What the first records are dated before. */
  readonly anchor: Date;
  /** Matters; everything else grows with them. */
  readonly size: number;
  /** Days before the anchor that records are spread over. */
  readonly historyDays: number;
  /** Tokens and names come from it: the same seed, the same bytes. */
  readonly seed: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Exact redirect URIs, or any https or loopback one. */
  readonly redirectUris: readonly string[] | 'lenient';
  /** Systems that the person may choose from; the first is preselected. */
  readonly systems: readonly string[];
  readonly person: { readonly email: string; readonly password: string; readonly name: string };
  readonly accessLifeSeconds: number;
  readonly refreshLifeSeconds: number;
  readonly codeLifeSeconds: number;
  readonly rotation: Rotation;
  /** For `grace`: how long the old token still gets the answer that replaced it. */
  readonly graceSeconds: number;
  /** Whether a refresh ends the life of the access token before it. */
  readonly refreshKillsAccessToken: boolean;
  /** Whether a second consent of the same person and system ends the first one's tokens. */
  readonly consentKillsEarlier: boolean;
  readonly echoState: boolean;
  /** What a `code_challenge` meets. */
  readonly pkce: 'ignored' | 'refused' | 'checked';
  /** Whether the token endpoint compares `redirect_uri` with the one that was authorized. */
  readonly redirectUriChecked: boolean;
  readonly refreshReturnsToken: boolean;
  /** Status of errors at the token endpoint; 200 is known to happen. */
  readonly tokenErrorStatus: number;
  readonly expiresInAsText: boolean;
  /** Named in token replies instead of our own address. */
  readonly apiEndpoint?: string;
  readonly timeModule: 'timeentries' | 'timerecords';
  readonly wrongModuleAnswer: 204 | 403 | 404;
  readonly oneRow: 'object' | 'array';
  readonly empty: 204 | 200;
  readonly createStatus: 200 | 201;
  readonly maxPageSize: number;
  /** What a larger page size gets. */
  readonly oversizedPage: 'capped' | 'default';
  readonly nextPageHost: 'own' | 'foreign';
  /** In which zone a filter without an offset is read. */
  readonly filterZone: 'utc' | 'organisation';
  readonly timeZone: string;
  readonly deletedMattersListed: boolean;
  /** Ids of matters that the person may not see: they are missing without a word. */
  readonly restrictedMatters: readonly number[];
  readonly unauthorizedBody: 'oauth' | 'empty';
  readonly errorEnvelope: 'object' | 'array';
  /** Requests per minute after which 429 is answered; none by default. */
  readonly requestsPerMinute?: number;
  readonly retryAfter: 'none' | 'seconds' | 'date';
  readonly hookPayload: 'json-api' | 'rest';
  /** What PUT `status: Active` does to a disabled hook. */
  readonly hookReenable: 'works' | 'ignored' | 'refused';
}

export const DEFAULT_OPTIONS: ActionstepSimulatorOptions = {
  origin: 'http://127.0.0.1',
  anchor: new Date('2026-03-02T00:00:00Z'),
  size: 24,
  historyDays: 45,
  seed: 'actionstep',
  clientId: 'steward-demo',
  clientSecret: 'demo-client-secret',
  redirectUris: 'lenient',
  systems: ['harbourlegal', 'harbourlegal-archive'],
  person: { email: 'pat.example@harbour.example', password: 'demo-password', name: 'Example, Pat' },
  accessLifeSeconds: 3600,
  refreshLifeSeconds: 21 * 86_400,
  codeLifeSeconds: 30,
  rotation: 'strict',
  graceSeconds: 30,
  refreshKillsAccessToken: false,
  consentKillsEarlier: false,
  echoState: true,
  pkce: 'ignored',
  redirectUriChecked: true,
  refreshReturnsToken: true,
  tokenErrorStatus: 400,
  expiresInAsText: false,
  timeModule: 'timeentries',
  wrongModuleAnswer: 404,
  oneRow: 'object',
  empty: 204,
  createStatus: 200,
  maxPageSize: 200,
  oversizedPage: 'capped',
  nextPageHost: 'own',
  filterZone: 'organisation',
  timeZone: 'Australia/Sydney',
  deletedMattersListed: true,
  restrictedMatters: [],
  unauthorizedBody: 'oauth',
  errorEnvelope: 'object',
  retryAfter: 'none',
  hookPayload: 'json-api',
  hookReenable: 'works',
};
