/**
 * Behaviours of the real service that are not documented, or seen only now and then. Each default is what is documented
 * or was seen more often; tests turn the others on one by one.
 */
export interface Action1Switches {
  /** `next_page` is left out in mid-collection. Default false. */
  readonly nextPageMissing: boolean;
  /** `total_items` and `limit` of the first envelope are numbers; documented as strings. Default false. */
  readonly totalsAsNumbers: boolean;
  /** Lists that were seen without `total_items` (installed software, automation runs) have none. Default true. */
  readonly totalsMissing: boolean;
  /** The largest page that is served, whatever `limit` asks for; 0 is no bound. Default 0. */
  readonly largestPage: number;
  /** An unknown path is answered by the gateway or by the service's own error. Default gateway. */
  readonly unknownRouteBody: 'gateway' | 'error';
  /** The first list of endpoints is empty although there are some. Default false. */
  readonly emptyEndpointsOnce: boolean;
  /** The next call that is not a token call gets a web page with 200. Default false. */
  readonly htmlOnce: boolean;
  /** The next call that is not a token call gets 500. Default false. */
  readonly failOnce: boolean;
  /** The next call that is not a token call gets 200 and nothing. Default false. */
  readonly emptyBodyOnce: boolean;
  /** The next token call gets 500. Default false. */
  readonly failTokenOnce: boolean;
  /** A refused token call has the error envelope, or no body. Default error. */
  readonly tokenErrorBody: 'error' | 'empty';
  /** A 429 says how long in `details.retry_after`. Default true. */
  readonly retryAfterInBody: boolean;
  /** A 429 says how long in `Retry-After`: never seen, not excluded. Default true. */
  readonly retryAfterInHeader: boolean;
  /** What `subtree=Yes` answers: one flat list, categories with their reports inside, or the top categories alone. Default flat. */
  readonly subtree: 'flat' | 'nested' | 'categories';
  /** Pages of summary reports carry the counters of a requery. Default true. */
  readonly summaryCounters: boolean;
  /** Scores of vulnerabilities are numbers; documented as strings. Default false. */
  readonly scoresAsNumbers: boolean;
  /** Byte order mark before a CSV. Default false. */
  readonly csvMark: boolean;
  /** Rows of an export that has no `limit`; 0 is all. Default 0. */
  readonly exportRowsWithoutLimit: number;
  /** A row of a list leaves it between the first page and the second. Default false. */
  readonly shiftVulnerabilitiesOnce: boolean;
}

export const DEFAULT_SWITCHES: Action1Switches = {
  nextPageMissing: false,
  totalsAsNumbers: false,
  totalsMissing: true,
  largestPage: 0,
  unknownRouteBody: 'gateway',
  emptyEndpointsOnce: false,
  htmlOnce: false,
  failOnce: false,
  emptyBodyOnce: false,
  failTokenOnce: false,
  tokenErrorBody: 'error',
  retryAfterInBody: true,
  retryAfterInHeader: true,
  subtree: 'flat',
  summaryCounters: true,
  scoresAsNumbers: false,
  csvMark: false,
  exportRowsWithoutLimit: 0,
  shiftVulnerabilitiesOnce: false,
};

export interface Action1Options {
  /** The same seed gives the same data. */
  readonly seed?: number;
  /** What the data is dated from. Default 2026-06-01. */
  readonly startedAt?: Date;
  /** Base of the addresses in answers, without a slash at the end. */
  readonly baseUrl?: string;
  readonly credentials?: readonly { readonly clientId: string; readonly clientSecret: string }[];
  readonly tokenLifetimeSeconds?: number;
  /** Requests in any 60 seconds, token calls too; `false` is no limit. Default 30. */
  readonly requestsPerMinute?: number | false;
  readonly organizations?: number;
  readonly endpointsPerOrganization?: number;
  readonly vulnerabilitiesPerOrganization?: number;
  readonly updatesPerOrganization?: number;
  readonly productsPerOrganization?: number;
  /** Rows per organisation of the saved report `Compliance overview`; made as they are asked for, a million is no matter. */
  readonly reportRows?: number;
  readonly automationsPerOrganization?: number;
  /** Seconds between two entries of the audit trail. */
  readonly auditEverySeconds?: number;
  /** Every how-many-th endpoint is switched off. 0: none. */
  readonly offlineEvery?: number;
  /** The slowest endpoint answers a requery after this many seconds. */
  readonly requerySeconds?: number;
  readonly switches?: Partial<Action1Switches>;
}

export type Action1Settings = Required<Omit<Action1Options, 'switches'>> & { readonly switches: Action1Switches };

/** A client id as the real ones are made: the enterprise's UUID, then the credential's own. */
export const ENTERPRISE_ID = '9844e782-2506-4488-8599-a5693ce52107';
export const DEFAULT_CREDENTIALS = {
  clientId: `api-key-${ENTERPRISE_ID}37efced4-30ff-4476-839e-044805c3725b@action1.com`,
  clientSecret: '00000000000000000000000000000000',
} as const;

export function settle(options: Action1Options): Action1Settings {
  const { switches, ...given } = options;
  return {
    seed: 1,
    startedAt: new Date('2026-06-01T00:00:00Z'),
    baseUrl: 'https://app.action1.com/api/3.0',
    credentials: [DEFAULT_CREDENTIALS],
    tokenLifetimeSeconds: 3600,
    requestsPerMinute: 30,
    organizations: 3,
    endpointsPerOrganization: 40,
    vulnerabilitiesPerOrganization: 120,
    updatesPerOrganization: 60,
    productsPerOrganization: 80,
    reportRows: 500,
    automationsPerOrganization: 12,
    auditEverySeconds: 900,
    offlineEvery: 10,
    requerySeconds: 120,
    ...given,
    switches: { ...DEFAULT_SWITCHES, ...switches },
  };
}
