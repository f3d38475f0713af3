import {
  type AlertRecord,
  actionOf,
  type CurrentState,
  searchItem,
  type SimulatedResource,
  singleItem,
} from './alert-records.ts';
import { makeAlerts, newAlert } from './data.ts';
import type { OpsrampModelOptions, OpsrampSwitches } from './options.ts';
import { type Filter, filterDate, matches, parameters, parseFilters, valuesOf } from './query.ts';
import { pageOf } from './paging.ts';
import { json, RefusedRequest, refusal, type SimulatedResponse, stamp } from './wire.ts';

/** The documented variables of `queryString` in `alerts/search`. */
const FILTERS = [
  'states',
  'startDate',
  'endDate',
  'alertTimeBase',
  'duration',
  'priority',
  'uniqueId',
  'deviceStatus',
  'resourceType',
  'resourceIds',
  'actions',
  'alertTypes',
  'metrics',
  'clientIds',
  'ticketId',
  'apps',
] as const;

const HISTORY_FILTERS = ['acknowledged', 'suppressed', 'ticketed', 'closed'].flatMap((action) => [
  `${action}By`,
  `start${action[0]?.toUpperCase()}${action.slice(1)}Time`,
  `end${action[0]?.toUpperCase()}${action.slice(1)}Time`,
]);

export interface AlertInput {
  readonly subject?: string;
  readonly currentState?: CurrentState;
  readonly priority?: string;
  readonly metric?: string;
  readonly component?: string;
  readonly description?: string;
  /** Name of a resource of the simulated tenant; the first one otherwise. */
  readonly resource?: string;
  /** For alerts that come late: when OpsRamp says it was created. */
  readonly createdAt?: Date;
}

export type AlertAction = 'acknowledge' | 'suppress' | 'ticket' | 'close' | 'unAcknowledge' | 'unSuppress' | 'heal';

export interface AlertBook {
  open(input: AlertInput, now: number): string;
  /** An event of the alert's source: a change of state or a mere repetition. Moves `updatedTime`. */
  event(id: string, change: Pick<AlertInput, 'currentState' | 'subject' | 'priority'>, now: number): void;
  act(id: string, action: AlertAction, now: number, text?: string): void;
  /** As if retention had taken it. */
  remove(id: string): void;
  ids(): readonly string[];
  search(url: string, now: number): SimulatedResponse;
  single(id: string, now: number): SimulatedResponse;
  comments(id: string, url: string, now: number): SimulatedResponse;
  statusHistory(id: string): SimulatedResponse;
}

export interface AlertBookOptions {
  readonly model: OpsrampModelOptions;
  readonly tenantId: string;
  readonly resources: readonly SimulatedResource[];
  readonly switches: () => OpsrampSwitches;
}

export function createAlertBook({ model, tenantId, resources, switches }: AlertBookOptions): AlertBook {
  /** All states of each alert, oldest first. */
  const states = new Map<number, AlertRecord[]>(makeAlerts(model, resources).map((alert) => [alert.id, [alert]]));
  let nextId = 389_000 + states.size;

  const newest = (id: string): AlertRecord => {
    const record = states.get(Number(id))?.at(-1);
    if (record === undefined) throw new RefusedRequest(refusal(500, `No alert found with alert id ${id}`));
    return record;
  };
  const put = (record: AlertRecord) => void states.get(record.id)?.push(record);

  const visible = (now: number): readonly AlertRecord[] => {
    const upTo = now - switches().indexLagSeconds * 1000;
    return [...states.values()].flatMap((versions) => versions.findLast(({ at }) => at <= upTo) ?? []);
  };

  const event: AlertBook['event'] = (id, change, now) => {
    const before = newest(id);
    const updatedAt = Math.floor(now / 1000) * 1000;
    const healed = change.currentState === 'Ok';
    put({
      ...before,
      ...change,
      at: now,
      oldState: before.currentState,
      repeatCount: before.repeatCount + 1,
      updatedAt,
      alertTime: updatedAt,
      ...(healed ? { healedAt: updatedAt } : {}),
    });
  };

  return {
    open(input, now) {
      nextId += 1;
      const id = nextId;
      const at = input.createdAt?.getTime() ?? now;
      const resource = resources.find(({ name }) => name === input.resource) ?? resources[0];
      if (resource === undefined) throw new RangeError('The simulated tenant has no resource');
      const record = newAlert({
        id,
        at: Math.floor(at / 1000) * 1000,
        subject: input.subject ?? 'Disk usage of /var is 95 %',
        currentState: input.currentState ?? 'Critical',
        metric: input.metric ?? 'system.disk.usage.utilization',
        component: input.component ?? '/var',
        app: 'OPSRAMP',
        resource,
        ...(input.description === undefined ? {} : { description: input.description }),
        ...(input.priority === undefined ? {} : { priority: input.priority }),
      });
      states.set(id, [{ ...record, at: now }]);
      return String(id);
    },

    event,

    act(id, action, now, text) {
      const before = newest(id);
      if (action === 'heal') return event(id, { currentState: 'Ok' }, now);
      const { flags, entry } = EFFECTS[action];
      const { actionsKeepUpdatedTime } = switches();
      put({
        ...before,
        ...flags,
        at: now,
        actedAt: now,
        ...(action === 'ticket' ? { incidentId: `INC${String(before.id).padStart(10, '0')}` } : {}),
        ...(actionsKeepUpdatedTime ? {} : { updatedAt: Math.floor(now / 1000) * 1000 }),
        history:
          entry === undefined
            ? before.history
            : { ...before.history, [`${entry}By`]: 'noc.operator', [`${entry}Time`]: stamp(now) },
        comments: text === undefined ? before.comments : [...before.comments, { at: now, text }],
      });
    },

    remove: (id) => void states.delete(Number(id)),
    ids: () => [...states.keys()].map(String),

    search(url, now) {
      const query = parameters(url);
      const {
        unknownFilter,
        badDate,
        alertsPageSize,
        pageSizeStatus,
        inclusiveBounds,
        defaultTimeBase,
        alertSortNames,
      } = switches();
      const filters = parseFilters(query.get('queryString'), { known: FILTERS, unknownFilter });
      parseFilters(query.get('statusHistory'), { known: ['createdBy', ...HISTORY_FILTERS], unknownFilter });
      const base =
        (valuesOf(filters, 'alertTimeBase')?.[0] ?? defaultTimeBase) === 'updated' ? 'updatedAt' : 'createdAt';
      const from = filterDate(valuesOf(filters, 'startDate')?.[0], badDate);
      const to = filterDate(valuesOf(filters, 'endDate')?.[0], badDate);
      const isWithin = (at: number) =>
        inclusiveBounds ? at >= (from ?? 0) && at <= (to ?? Infinity) : at > (from ?? 0) && at < (to ?? Infinity);
      const found = visible(now)
        .filter((alert) => isWithin(alert[base]) && isWanted(alert, filters, tenantId))
        .toSorted((a, b) => (query.get('sortName') === 'id' ? a.id - b.id : a[base] - b[base] || a.id - b.id));
      const rules = { maxPageSize: alertsPageSize, pageSizeStatus, orderBy: 'ts', sortNames: alertSortNames };
      return pageOf(found, query, rules, (alert) => searchItem(alert, tenantId, now));
    },

    single: (id, now) => json(200, singleItem(newest(id), tenantId, now)),

    comments(id, url, now) {
      const alert = newest(id);
      const rules = {
        maxPageSize: 100,
        pageSizeStatus: 500 as const,
        orderBy: 'created_date',
        sortNames: ['created_date'],
      };
      return pageOf(
        alert.comments.filter(({ at }) => at <= now),
        parameters(url),
        rules,
        ({ at, text }) => ({
          cumulativeAlertId: alert.id,
          commentType: 5,
          description: text,
          createdBy: { loginName: 'noc.operator', firstName: 'Noc', lastName: 'Operator' },
          createdDate: stamp(at),
        }),
      );
    },

    statusHistory: (id) => json(200, { alertId: Number(id), ...newest(id).history }),
  };
}

function isWanted(alert: AlertRecord, filters: readonly Filter[], tenantId: string): boolean {
  return (
    matches(filters, 'states', alert.currentState) &&
    matches(filters, 'priority', alert.priority) &&
    matches(filters, 'uniqueId', String(alert.id)) &&
    matches(filters, 'resourceType', alert.resource.resourceType) &&
    matches(filters, 'resourceIds', alert.resource.id) &&
    matches(filters, 'actions', actionOf(alert)) &&
    matches(filters, 'alertTypes', alert.alertType) &&
    matches(filters, 'metrics', alert.metric) &&
    matches(filters, 'clientIds', tenantId) &&
    matches(filters, 'apps', alert.app) &&
    matches(filters, 'ticketId', alert.incidentId ?? '')
  );
}

interface ActionEffect {
  readonly flags: Partial<Pick<AlertRecord, 'acknowledged' | 'suppressed' | 'ticketed' | 'closed'>>;
  /** Which members of `statusHistory` it writes. */
  readonly entry?: string;
}

const EFFECTS: Readonly<Record<Exclude<AlertAction, 'heal'>, ActionEffect>> = {
  acknowledge: { flags: { acknowledged: true }, entry: 'acknowledged' },
  suppress: { flags: { suppressed: true }, entry: 'suppressed' },
  ticket: { flags: { ticketed: true }, entry: 'ticketed' },
  close: { flags: { closed: true }, entry: 'closed' },
  unAcknowledge: { flags: { acknowledged: false } },
  unSuppress: { flags: { suppressed: false } },
};
