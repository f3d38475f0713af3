import { stamp } from './wire.ts';

export type CurrentState = 'Critical' | 'Warning' | 'Info' | 'Ok';

/** A monitored thing of the simulated tenant. */
export interface SimulatedResource {
  readonly id: string;
  readonly name: string;
  readonly ipAddress: string;
  readonly resourceType: string;
  readonly osName: string;
  readonly serialNumber: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** One state of an alert. A change makes a new one, so that a search can show what its index still has. */
export interface AlertRecord {
  readonly id: number;
  /** When this state came to be. */
  readonly at: number;
  readonly subject: string;
  readonly description: string;
  readonly currentState: CurrentState;
  readonly oldState?: CurrentState;
  readonly acknowledged: boolean;
  readonly suppressed: boolean;
  readonly closed: boolean;
  readonly ticketed: boolean;
  readonly incidentId?: string;
  readonly priority: string;
  readonly alertType: string;
  readonly metric: string;
  readonly component: string;
  readonly app: string;
  readonly resource: SimulatedResource;
  readonly repeatCount: number;
  readonly alertTime: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly healedAt?: number;
  readonly actedAt: number;
  readonly history: Readonly<Record<string, string>>;
  readonly comments: readonly { readonly at: number; readonly text: string }[];
}

export function statusOf(alert: AlertRecord): string {
  if (alert.closed) return 'Closed';
  if (alert.suppressed) return 'Suppressed';
  if (alert.ticketed) return 'Ticketed';
  return alert.acknowledged ? 'Acknowledged' : 'New';
}

/** The words that `actions:` filters by. */
export function actionOf(alert: AlertRecord): string {
  const status = statusOf(alert);
  return status === 'New' ? 'OPEN' : status.toUpperCase();
}

/** Noise that the vendor sends with every resource. */
const RESOURCE_ZEROS = {
  consoles: [],
  frequency: 0,
  paused: false,
  deleted: false,
  validateSSL: false,
  port: 0,
  encrypted: false,
  timeout: 0,
  days: 0,
  ts: 0,
  clientId: 0,
  locationOffset: 0,
  totalLocations: 0,
  receiverHostPort: 0,
} as const;

function ago(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor((minutes % 1440) / 60);
  return `${days > 0 ? `${days}d ` : ''}${hours > 0 ? `${hours}h ` : ''}${minutes % 60}m `;
}

/** An alert as a search shows it: no description, no incident. */
export function searchItem(alert: AlertRecord, tenantId: string, now: number): Record<string, unknown> {
  const { resource } = alert;
  const shared = {
    id: resource.id,
    name: resource.name,
    hostName: resource.name,
    ipAddress: resource.ipAddress,
    aliasName: '',
    resourceName: resource.name,
    resourceType: resource.resourceType,
  };
  return {
    uniqueId: String(alert.id),
    subject: alert.subject,
    currentState: alert.currentState,
    serviceName: alert.metric,
    acknowledged: alert.acknowledged,
    suppressed: alert.suppressed,
    permanentlySuppressed: false,
    closed: alert.closed,
    ticketed: alert.ticketed,
    clientUniqueId: tenantId,
    alertType: alert.alertType,
    app: alert.app,
    component: alert.component,
    alertTime: stamp(alert.alertTime),
    device: { ...shared, type: 'DEVICE' },
    resource: { ...shared, type: resource.resourceType, ...RESOURCE_ZEROS },
    repeatCount: String(alert.repeatCount),
    tenantId: Number(tenantId.replace(/\D/gu, '')) || 1,
    status: statusOf(alert),
    priority: alert.priority,
    elapsedTimeString: ago(now - alert.createdAt),
    ...(alert.healedAt === undefined ? {} : { healedTimeString: ago(alert.healedAt - alert.createdAt) }),
    createdDate: stamp(alert.createdAt),
    updatedTime: stamp(alert.updatedAt),
    rba: false,
    tenantName: 'Simulated tenant',
    managedByOpsRamp: false,
    actedTs: alert.actedAt,
    eventType: 'ALERT',
    metric: alert.metric,
    inferenceId: 0,
    statusHistory: alert.history,
  };
}

/** The single alert: with its description, the state before and the incident. */
export function singleItem(alert: AlertRecord, tenantId: string, now: number): Record<string, unknown> {
  return {
    ...searchItem(alert, tenantId, now),
    description: alert.description,
    ...(alert.oldState === undefined ? {} : { oldState: alert.oldState }),
    ...(alert.incidentId === undefined ? {} : { incidentId: alert.incidentId }),
  };
}
