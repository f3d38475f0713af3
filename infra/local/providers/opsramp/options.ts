/**
 * Behaviours of the real service that are documented badly, contradictorily or not at all. Each has a name, so that a
 * test can run under both hypotheses; the defaults are what the vendor's samples and its clients point to.
 */
export interface OpsrampSwitches {
  /** The token endpoint hands out the same token with less life until it ends. Default on. */
  readonly sameToken: boolean;
  /** `expires_in` is a string, as in the vendor's OpenAPI document. Default off. */
  readonly expiresInAsString: boolean;
  /** Status for a token that is unknown or has ended. Default 407. */
  readonly rejectedTokenStatus: 407 | 401;
  /** Acknowledging, suppressing, ticketing and closing leave `updatedTime` alone. Default on. */
  readonly actionsKeepUpdatedTime: boolean;
  /** Seconds until a search shows what happened. Seven minutes were seen; default 0. */
  readonly indexLagSeconds: number;
  /** What an unknown variable in `queryString` does. Default refuse. */
  readonly unknownFilter: 'refuse' | 'ignore';
  /** What a date that cannot be read does. Default refuse; ignored, the search answers with everything. */
  readonly badDate: 'refuse' | 'ignore';
  /** Whether `startDate` and `endDate` themselves belong to the span. Default on. */
  readonly inclusiveBounds: boolean;
  /** What `startDate` and `endDate` mean without `alertTimeBase`. Default created. */
  readonly defaultTimeBase: 'created' | 'updated';
  /** Status for a page size above the list's limit. Default 500. */
  readonly pageSizeStatus: 500 | 400;
  /** The largest page of `alerts/search`. Default 500. */
  readonly alertsPageSize: number;
  /** What `alerts/search` sorts by; it is documented for `ts` in one place and `id` in another. Default both. */
  readonly alertSortNames: readonly ('ts' | 'id')[];
  /** Rate headers come in quotes. Default off. */
  readonly quotedRateHeaders: boolean;
  /** Rate limits are counted. Default on. */
  readonly rateLimits: boolean;
  /** Pages per minute and category. Default 50. */
  readonly pagesPerMinute: number;
  /** Other reads per minute and category. Default 500. */
  readonly readsPerMinute: number;
}

export const DEFAULT_SWITCHES: OpsrampSwitches = {
  sameToken: true,
  expiresInAsString: false,
  rejectedTokenStatus: 407,
  actionsKeepUpdatedTime: true,
  indexLagSeconds: 0,
  unknownFilter: 'refuse',
  badDate: 'refuse',
  inclusiveBounds: true,
  defaultTimeBase: 'created',
  pageSizeStatus: 500,
  alertsPageSize: 500,
  alertSortNames: ['ts', 'id'],
  quotedRateHeaders: false,
  rateLimits: true,
  pagesPerMinute: 50,
  readsPerMinute: 500,
};

export interface OpsrampModelOptions {
  /** When the simulated tenant's past ends: its alerts and incidents lie in the 30 days before. */
  readonly now: Date;
  readonly tenantId?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** Same seed, same data. Default 1. */
  readonly seed?: number;
  /** How much there is. Default 120 alerts, 80 resources, 60 incidents, 4 compliances. */
  readonly alerts?: number;
  readonly resources?: number;
  readonly incidents?: number;
  readonly compliances?: number;
  /** Seconds that a token lives. Default 7199. */
  readonly tokenLifeSeconds?: number;
  readonly switches?: Partial<OpsrampSwitches>;
}

/** What a connection to the simulated tenant is configured with. Nobody's real credentials. */
export const SIMULATED_TENANT = {
  tenantId: 'client_1001',
  clientId: 'simulated-api-key',
  clientSecret: 'simulated-api-secret',
} as const;
