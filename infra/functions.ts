import { ENVIRONMENT as alertPoller } from '../functions/alert-poller/config.ts';
import { ENVIRONMENT as eventPublisher } from '../functions/event-publisher/config.ts';
import { ENVIRONMENT as eventReceiver } from '../functions/event-receiver/config.ts';
import { ENVIRONMENT as oauthCallback } from '../functions/oauth-callback/config.ts';
import { ENVIRONMENT as reportExport } from '../functions/report-export/config.ts';
import { ENVIRONMENT as reportPoller } from '../functions/report-poller/config.ts';
import { ENVIRONMENT as tokenRefresher } from '../functions/token-refresher/config.ts';

export type FunctionName =
  | 'oauth-callback'
  | 'token-refresher'
  | 'report-poller'
  | 'report-export'
  | 'alert-poller'
  | 'event-receiver'
  | 'event-publisher';

/** One function, as data: the service stack and the local host read the same row. */
export interface FunctionShape {
  readonly name: FunctionName;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly environment: readonly string[];
  /** One schedule per shard; the event is `{ shard, slot }`, the slot being the scheduled time. */
  readonly everySeconds?: number;
  /** Routes of the HTTP API, all with method `ANY`: the function answers 405 itself. */
  readonly routes?: readonly string[];
  /** A Lambda durable function (`durableConfig`). */
  readonly durable?: { readonly executionTimeoutDays: number; readonly retentionDays: number };
  /** What somebody loses while it fails or does not run. Printed in every alarm. */
  readonly errorImpact: string;
}

export const FUNCTIONS: readonly FunctionShape[] = [
  {
    name: 'oauth-callback',
    timeoutSeconds: 29,
    memoryMb: 512,
    environment: oauthCallback,
    routes: ['/connect/{ticket}', '/callback/{provider}', '/outcome/{outcome}'],
    errorImpact: 'Nobody can connect an account or consent again.',
  },
  {
    name: 'event-receiver',
    timeoutSeconds: 10,
    memoryMb: 512,
    environment: eventReceiver,
    routes: ['/hooks/{connection}/{secret}'],
    errorImpact: 'Providers switch their webhooks off, and changes are found by polling only.',
  },
  {
    name: 'token-refresher',
    timeoutSeconds: 55,
    memoryMb: 512,
    environment: tokenRefresher,
    everySeconds: 60,
    errorImpact: 'Access tokens run out within the hour, and refresh tokens within their weeks.',
  },
  {
    name: 'alert-poller',
    timeoutSeconds: 55,
    memoryMb: 512,
    environment: alertPoller,
    everySeconds: 60,
    errorImpact: 'New and changed alerts are not seen.',
  },
  {
    name: 'report-poller',
    timeoutSeconds: 55,
    memoryMb: 512,
    environment: reportPoller,
    everySeconds: 60,
    errorImpact: 'Exports that are due do not start.',
  },
  {
    name: 'report-export',
    timeoutSeconds: 900,
    memoryMb: 1024,
    environment: reportExport,
    durable: { executionTimeoutDays: 7, retentionDays: 14 },
    errorImpact: 'Compliance exports stop half way and leave gaps.',
  },
  {
    name: 'event-publisher',
    timeoutSeconds: 55,
    memoryMb: 512,
    environment: eventPublisher,
    everySeconds: 60,
    errorImpact: 'Alerts and events wait in the outbox and reach nobody.',
  },
];

/** A row by name. */
export function functionShape(name: FunctionName): FunctionShape {
  const shape = FUNCTIONS.find((candidate) => candidate.name === name);
  if (shape === undefined) throw new RangeError(`No function ${name}`);
  return shape;
}
