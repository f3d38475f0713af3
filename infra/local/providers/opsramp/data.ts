import type { AlertRecord, CurrentState, SimulatedResource } from './alert-records.ts';
import type { OpsrampModelOptions } from './options.ts';
import { createDice, type Dice } from './random.ts';
import { stamp } from './wire.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const SITES = ['ams', 'fra', 'lon', 'nyc', 'syd'] as const;
const ROLES = ['db', 'web', 'app', 'mail', 'dc', 'fw', 'sw', 'nas', 'hv'] as const;
const SYSTEMS = [
  { resourceType: 'Linux', osName: 'Ubuntu 24.04 LTS' },
  { resourceType: 'Linux', osName: 'Red Hat Enterprise Linux 9.4' },
  { resourceType: 'Windows', osName: 'Microsoft Windows Server 2022 Standard' },
  { resourceType: 'Windows', osName: 'Microsoft Windows Server 2019 Datacenter' },
  { resourceType: 'Switch', osName: 'Cisco IOS XE 17.9' },
] as const;

/** What goes wrong: metric, component, text. Numbers are filled in. */
const TROUBLES = [
  { metric: 'system.disk.usage.utilization', component: '/var', text: 'Disk usage of /var is # %', app: 'OPSRAMP' },
  { metric: 'system.cpu.usage.utilization', component: 'cpu', text: 'CPU usage is # %', app: 'OPSRAMP' },
  { metric: 'system.memory.usage.utilization', component: 'memory', text: 'Memory usage is # %', app: 'OPSRAMP' },
  { metric: 'system.ping.pl', component: 'ping', text: 'Packet loss is # %', app: 'OPSRAMP' },
  { metric: 'Windows Event Log', component: 'System', text: 'Service ended unexpectedly (# times)', app: 'OPSRAMP' },
  { metric: 'network.interface.status', component: 'Gi1/0/24', text: 'Interface changed # times', app: 'Nagios' },
] as const;

export function makeResources({ now, seed = 1, resources = 80 }: OpsrampModelOptions): readonly SimulatedResource[] {
  const dice = createDice(seed * 7919);
  return Array.from({ length: resources }, (_, at): SimulatedResource => {
    const system = dice.pick(SYSTEMS);
    const createdAt = now.getTime() - 60 * DAY_MS - dice.below(900 * 24) * HOUR_MS;
    return {
      id: dice.uuid(),
      name: `${dice.pick(SITES)}-${dice.pick(ROLES)}-${String(at + 1).padStart(3, '0')}`,
      ipAddress: `10.${20 + (at >> 8)}.${at & 255}.${10 + dice.below(200)}`,
      ...system,
      serialNumber: `SN${String(100_000 + dice.below(899_999))}`,
      createdAt,
      updatedAt: now.getTime() - dice.below(30 * 24) * HOUR_MS,
    };
  }).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Alerts of the last 30 days, oldest first: most of them healed or closed, the newest ones open. */
export function makeAlerts(options: OpsrampModelOptions, all: readonly SimulatedResource[]): readonly AlertRecord[] {
  const { now, seed = 1, alerts = 120 } = options;
  const dice = createDice(seed * 104_729);
  const ages = Array.from({ length: alerts }, () => dice.below(30 * 24 * 3600) * 1000).toSorted((a, b) => b - a);
  return ages.map((age, at) => pastAlert(dice, 389_000 + at, now.getTime() - age - HOUR_MS, now.getTime(), all));
}

function pastAlert(
  dice: Dice,
  id: number,
  createdAt: number,
  now: number,
  all: readonly SimulatedResource[],
): AlertRecord {
  const trouble = dice.pick(TROUBLES);
  const raised: CurrentState = dice.pick(['Critical', 'Warning', 'Warning', 'Info']);
  const over = now - createdAt > 3 * DAY_MS ? dice.next() < 0.9 : dice.next() < 0.4;
  const overAt = over ? Math.min(now - 60_000, createdAt + (10 + dice.below(600)) * 60_000) : undefined;
  const closed = over && dice.next() < 0.5;
  const acknowledged = dice.next() < 0.4;
  const created = Math.floor(createdAt / 1000) * 1000;
  const subject = trouble.text.replace('#', String(80 + dice.below(20)));
  return {
    ...newAlert({ id, at: created, subject, currentState: raised, resource: dice.pick(all), ...trouble }),
    at: Math.floor((overAt ?? createdAt) / 1000) * 1000,
    currentState: over && !closed ? 'Ok' : raised,
    ...(over ? { oldState: raised } : {}),
    acknowledged,
    closed,
    priority: dice.pick(['P0', 'P1', 'P2', 'P3', 'N/A', 'N/A']),
    repeatCount: 1 + dice.below(6),
    updatedAt: Math.floor((over && !closed ? (overAt ?? createdAt) : createdAt) / 1000) * 1000,
    ...(overAt === undefined || closed ? {} : { healedAt: overAt }),
    actedAt: closed && overAt !== undefined ? overAt : 0,
    history: {
      createdBy: 'system',
      createdTime: stamp(created),
      ...(acknowledged ? { acknowledgedBy: 'noc.operator', acknowledgedTime: stamp(created + 300_000) } : {}),
      ...(closed && overAt !== undefined ? { closedBy: 'noc.operator', closedTime: stamp(overAt) } : {}),
    },
  };
}

export interface NewAlert {
  readonly id: number;
  readonly at: number;
  readonly subject: string;
  readonly currentState: CurrentState;
  readonly resource: SimulatedResource;
  readonly metric: string;
  readonly component: string;
  readonly app: string;
  readonly description?: string;
  readonly priority?: string;
}

/** An alert as it is when it is opened. It was raised by its source a few minutes before OpsRamp knew of it. */
export function newAlert({ at, ...given }: NewAlert): AlertRecord {
  return {
    ...given,
    at,
    description: given.description ?? `${given.subject} on ${given.resource.name} (${given.metric}/${given.component})`,
    acknowledged: false,
    suppressed: false,
    closed: false,
    ticketed: false,
    priority: given.priority ?? 'N/A',
    alertType: 'Monitoring',
    repeatCount: 1,
    alertTime: at - 5 * 60_000,
    createdAt: at,
    updatedAt: at,
    actedAt: 0,
    history: { createdBy: 'system', createdTime: stamp(at) },
    comments: [],
  };
}

export interface SimulatedIncident {
  readonly number: number;
  readonly subject: string;
  readonly status: string;
  readonly oldStatus: string;
  readonly priority: string;
  readonly source: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly resource: SimulatedResource;
}

export function makeIncidents(
  { now, seed = 1, incidents = 60 }: OpsrampModelOptions,
  all: readonly SimulatedResource[],
): readonly SimulatedIncident[] {
  const dice = createDice(seed * 15_485_863);
  const ages = Array.from({ length: incidents }, () => dice.below(60 * 24 * 3600) * 1000).toSorted((a, b) => b - a);
  return ages.map((age, at) => {
    const createdAt = Math.floor((now.getTime() - age) / 1000) * 1000;
    const trouble = dice.pick(TROUBLES);
    return {
      number: 104 + at,
      subject: trouble.text.replace('#', String(80 + dice.below(20))),
      status: dice.pick(['New', 'Open', 'Pending', 'Resolved', 'Closed']),
      oldStatus: 'Open',
      priority: dice.pick(['Very Low', 'Low', 'Normal', 'High', 'Urgent']),
      source: dice.pick(['PORTAL', 'INTEGRATION', 'EMAIL']),
      createdAt,
      updatedAt: createdAt + dice.below(Math.max(1, Math.floor(age / 1000))) * 1000,
      resource: dice.pick(all),
    };
  });
}

export interface SimulatedCompliance {
  readonly id: string;
  readonly name: string;
  readonly osType: 'WINDOWS' | 'LINUX';
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly devices: readonly SimulatedResource[];
}

export function makeCompliances(
  { now, seed = 1, compliances = 4 }: OpsrampModelOptions,
  all: readonly SimulatedResource[],
): readonly SimulatedCompliance[] {
  const dice = createDice(seed * 32_452_843);
  return Array.from({ length: compliances }, (_, at): SimulatedCompliance => {
    const osType = at % 2 === 0 ? 'WINDOWS' : 'LINUX';
    const createdAt = now.getTime() - (90 + dice.below(300)) * DAY_MS;
    return {
      id: `PCMP-${dice.uuid()}`,
      name: `${osType === 'WINDOWS' ? 'Windows' : 'Linux'} servers ${dice.pick(SITES)} ${at + 1}`,
      osType,
      createdAt,
      updatedAt: createdAt + dice.below(80) * DAY_MS,
      devices: all.filter((resource) => resource.resourceType.toUpperCase() === osType && dice.next() < 0.7),
    };
  }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

export interface SimulatedPatch {
  readonly patchId: string;
  readonly name: string;
  readonly missing: boolean;
  readonly approved: boolean;
  readonly category: string;
  readonly scannedAt: number;
  readonly resource: SimulatedResource;
}

/** Three patches for each server, of a dozen there are. */
export function makePatches(
  { now, seed = 1 }: OpsrampModelOptions,
  all: readonly SimulatedResource[],
): readonly SimulatedPatch[] {
  const dice = createDice(seed * 49_979_687);
  const catalog = Array.from({ length: 12 }, (_, at) => ({
    patchId: `PATCH-${dice.uuid()}`,
    name: `KB50${31_000 + at * 37}`,
  }));
  return all
    .filter(({ resourceType }) => resourceType !== 'Switch')
    .flatMap((resource) => {
      const first = dice.below(catalog.length);
      return [0, 1, 2].map((offset): SimulatedPatch => {
        const patch = catalog[(first + offset) % catalog.length] as { patchId: string; name: string };
        return {
          ...patch,
          missing: dice.next() < 0.3,
          approved: dice.next() < 0.8,
          category: dice.pick(['Critical Updates', 'Security Updates', 'Updates']),
          scannedAt: now.getTime() - dice.below(48) * HOUR_MS,
          resource,
        };
      });
    });
}
