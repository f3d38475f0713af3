import { between, fraction, pick, stamp, uuid } from './deterministic.ts';
import type { Action1Settings } from './options.ts';

const HOUR_MS = 3_600_000;
const SECOND_MS = 1000;

export interface SimulatedEndpoint {
  readonly id: string;
  readonly name: string;
  readonly index: number;
  readonly os: string;
  readonly platform: string;
  readonly user: string;
  /** How long it takes to answer a requery. */
  readonly answersAfterMs: number;
  /** Epoch milliseconds it was last seen at; `undefined` while it is connected. */
  offlineSince: number | undefined;
}

export interface SimulatedOrganization {
  readonly id: string;
  readonly name: string;
  readonly endpoints: readonly SimulatedEndpoint[];
}

const ORGANIZATION_NAMES = ['Head Office', 'Branch North', 'Branch South', 'Warehouse', 'Laboratory', 'Field Service'];
const SYSTEMS = [
  { os: 'Windows 11 (23H2)', platform: 'Windows_64', prefix: 'WKS' },
  { os: 'Windows 11 (24H2)', platform: 'Windows_64', prefix: 'WKS' },
  { os: 'Windows 10 (22H2)', platform: 'Windows_64', prefix: 'WKS' },
  { os: 'Windows Server 2022', platform: 'Windows_64', prefix: 'SRV' },
  { os: 'macOS Sequoia', platform: 'macOS_ARM', prefix: 'MAC' },
] as const;

export function populate(settings: Action1Settings): readonly SimulatedOrganization[] {
  return Array.from({ length: settings.organizations }, (_, index) => {
    const id = uuid(settings.seed, 'organization', index);
    const base = ORGANIZATION_NAMES[index % ORGANIZATION_NAMES.length] ?? 'Office';
    const round = Math.floor(index / ORGANIZATION_NAMES.length);
    return {
      id,
      name: round === 0 ? base : `${base} ${round + 1}`,
      endpoints: Array.from({ length: settings.endpointsPerOrganization }, (_each, place) =>
        createEndpoint(settings, index, place),
      ),
    };
  });
}

function createEndpoint(settings: Action1Settings, organization: number, index: number): SimulatedEndpoint {
  const { seed } = settings;
  const system = pick(SYSTEMS, seed, 'system', organization, index);
  const offline = settings.offlineEvery > 0 && index % settings.offlineEvery === settings.offlineEvery - 1;
  const hours = between(2, 900, seed, 'offline', organization, index);
  return {
    id: uuid(seed, 'endpoint', organization, index),
    name: `${system.prefix}-${organization + 1}-${String(index + 1).padStart(4, '0')}`,
    index,
    os: system.os,
    platform: system.platform,
    user: `CORP\\user${between(1, 500, seed, 'user', organization, index)}`,
    answersAfterMs: Math.ceil(fraction(seed, 'answer', organization, index) * settings.requerySeconds * SECOND_MS),
    offlineSince: offline ? settings.startedAt.getTime() - hours * HOUR_MS : undefined,
  };
}

/** Seen within 7 days, within 30, or longer ago. */
function onlineStatus(endpoint: SimulatedEndpoint, now: number): string {
  const days = endpoint.offlineSince === undefined ? 0 : (now - endpoint.offlineSince) / (24 * HOUR_MS);
  return days <= 7 ? 'SUCCESS' : days <= 30 ? 'WARNING' : 'ERROR';
}

/** An endpoint as the API shows it. Counts and statuses only where `fields` asks for them. */
export function showEndpoint(
  settings: Action1Settings,
  organization: SimulatedOrganization,
  endpoint: SimulatedEndpoint,
  extended: boolean,
  now: number,
): Record<string, unknown> {
  const { seed, baseUrl, startedAt } = settings;
  const critical = between(0, 6, seed, 'critical', endpoint.id);
  const status = (count: number) => (extended ? (count > 0 ? 'ERROR' : 'SUCCESS') : 'UNDEFINED');
  return {
    id: endpoint.id,
    type: 'Endpoint',
    self: `${baseUrl}/endpoints/managed/${organization.id}/${endpoint.id}/general`,
    status: endpoint.offlineSince === undefined ? 'Connected' : 'Disconnected',
    last_seen: endpoint.offlineSince === undefined ? 'Now' : stamp(endpoint.offlineSince),
    name: endpoint.name,
    device_name: '',
    address: `10.${between(0, 9, seed, 'a', endpoint.id)}.${between(0, 255, seed, 'b', endpoint.id)}.${between(1, 254, seed, 'c', endpoint.id)}`,
    OS: endpoint.os,
    platform: endpoint.platform,
    agent_version: '5.230.634.1',
    agent_install_date: stamp(startedAt.getTime() - between(1000, 9000, seed, 'installed', endpoint.id) * HOUR_MS),
    subscription_status: 'Active',
    user: endpoint.user,
    comment: 'None',
    MAC: uuid(seed, 'mac', endpoint.id).replaceAll('-', '').slice(0, 12).toUpperCase().match(/../g)?.join(':'),
    serial: between(100_000, 999_999, seed, 'serial', endpoint.id).toString(),
    manufacturer: 'Example Computers',
    reboot_required: fraction(seed, 'reboot', endpoint.id) < 0.2 ? 'Yes' : 'No',
    online_status: onlineStatus(endpoint, now),
    last_boot_time: stamp(startedAt.getTime() - between(1, 400, seed, 'boot', endpoint.id) * HOUR_MS),
    update_status: status(critical),
    vulnerability_status: status(critical),
    AD_organization_unit: '',
    AD_security_groups: [],
    custom: [{ name: 'Custom Attribute 1', value: '' }],
    organization_id: organization.id,
    ...(extended
      ? {
          missing_updates: { critical, other: between(0, 40, seed, 'other', endpoint.id) },
          vulnerabilities: { critical, other: between(0, 90, seed, 'flaws', endpoint.id) },
        }
      : {}),
  };
}
