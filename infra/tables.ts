/** The two tables, as data: the state stack makes them in AWS, local mode makes the same on loopback. */

export interface IndexShape {
  readonly name: string;
  readonly partitionKey: string;
  readonly sortKey: { readonly name: string; readonly type: 'S' | 'N' };
  readonly projection: 'ALL' | 'KEYS_ONLY';
}

export interface TableShape {
  readonly id: 'connections' | 'state';
  readonly partitionKey: string;
  readonly sortKey?: string;
  readonly timeToLive?: string;
  readonly indexes: readonly IndexShape[];
}

/**
 * `connections`: one item per connection. `due` finds what has to be refreshed by time, `rejected` what a provider
 * refused: a poller writes `rejectedGeneration` and nothing else, and the item appears there.
 */
export const CONNECTIONS_TABLE: TableShape = {
  id: 'connections',
  partitionKey: 'connection',
  indexes: [
    { name: 'due', partitionKey: 'shard', sortKey: { name: 'nextRefreshAt', type: 'N' }, projection: 'KEYS_ONLY' },
    {
      name: 'rejected',
      partitionKey: 'shard',
      sortKey: { name: 'rejectedGeneration', type: 'N' },
      projection: 'KEYS_ONLY',
    },
  ],
};

/** `state`: everything else. `due` finds jobs, `open` the alerts that a job holds open. */
export const STATE_TABLE: TableShape = {
  id: 'state',
  partitionKey: 'pk',
  sortKey: 'sk',
  timeToLive: 'ttl',
  indexes: [
    { name: 'due', partitionKey: 'dueShard', sortKey: { name: 'dueAt', type: 'N' }, projection: 'KEYS_ONLY' },
    { name: 'open', partitionKey: 'openJob', sortKey: { name: 'openedAt', type: 'N' }, projection: 'ALL' },
  ],
};

export const TABLES: readonly TableShape[] = [CONNECTIONS_TABLE, STATE_TABLE];
