import type { SimulatedResource } from './alert-records.ts';
import { makeCompliances, makeIncidents, makePatches, type SimulatedIncident } from './data.ts';
import type { OpsrampModelOptions, OpsrampSwitches } from './options.ts';
import { pageOf } from './paging.ts';
import { filterDate, matches, parameters, parseFilters, valuesOf } from './query.ts';
import { json, RefusedRequest, refusal, type SimulatedResponse, stamp } from './wire.ts';

const MONTH_MS = 30 * 24 * 3_600_000;

export interface Lists {
  resources(url: string): SimulatedResponse;
  resource(id: string): SimulatedResponse;
  incidents(url: string, now: number): SimulatedResponse;
  incident(id: string): SimulatedResponse;
  compliances(url: string): SimulatedResponse;
  complianceDevices(id: string, url: string): SimulatedResponse;
  patches(url: string): SimulatedResponse;
  /** A resource appears in the inventory, at a place of its id's. */
  addResource(resource: SimulatedResource): void;
  removeResource(id: string): void;
}

export interface ListsOptions {
  readonly model: OpsrampModelOptions;
  readonly tenantId: string;
  /** Shared with the alerts, in order of their ids. */
  readonly resources: SimulatedResource[];
  readonly switches: () => OpsrampSwitches;
}

export function createLists({ model, tenantId, resources, switches }: ListsOptions): Lists {
  const incidents = makeIncidents(model, resources);
  const compliances = makeCompliances(model, resources);
  const patches = makePatches(model, resources);
  const rules = (maxPageSize: number, orderBy: string, sortNames: readonly string[]) => ({
    maxPageSize,
    orderBy,
    sortNames,
    pageSizeStatus: switches().pageSizeStatus,
  });
  const filtersOf = (url: string, known: readonly string[]) =>
    parseFilters(parameters(url).get('queryString'), { known, unknownFilter: switches().unknownFilter });

  return {
    resources(url) {
      const known = ['state', 'type', 'deviceType', 'resourceType', 'hostName', 'name', 'id', 'tags', 'agentInstalled'];
      const filters = filtersOf(url, known);
      const state = valuesOf(filters, 'state')?.[0] ?? 'active';
      const found = resources.filter(
        (resource) =>
          ['active', 'all'].includes(state.toLowerCase()) &&
          matches(filters, 'resourceType', resource.resourceType) &&
          matches(filters, 'hostName', resource.name) &&
          matches(filters, 'id', resource.id) &&
          matches(filters, 'type', 'DEVICE'),
      );
      return pageOf(found, parameters(url), rules(500, 'id', ['id', 'name', 'hostName']), resourceItem);
    },

    resource(id) {
      const resource = resources.find((one) => one.id === id);
      return resource === undefined
        ? refusal(500, `No Resource found with id ${id}`)
        : json(200, resourceItem(resource));
    },

    incidents(url, now) {
      const dates = ['CreationDate', 'UpdationDate'].flatMap((name) => [`start${name}`, `end${name}`]);
      const filters = filtersOf(url, [
        ...dates,
        'uniqueId',
        'status',
        'priority',
        'subject',
        'source',
        'assigneeGroupIds',
      ]);
      const at = (name: string) => filterDate(valuesOf(filters, name)?.[0], switches().badDate);
      const undated = at('startCreationDate') === undefined && at('endCreationDate') === undefined;
      const from = undated ? now - MONTH_MS : (at('startCreationDate') ?? 0);
      const found = incidents.filter(
        (one) =>
          one.createdAt >= from &&
          one.createdAt <= (at('endCreationDate') ?? Infinity) &&
          one.updatedAt >= (at('startUpdationDate') ?? 0) &&
          one.updatedAt <= (at('endUpdationDate') ?? Infinity) &&
          matches(filters, 'status', one.status) &&
          matches(filters, 'priority', one.priority) &&
          matches(filters, 'source', one.source),
      );
      const sorts = ['ticket.id', 'id', 'subject', 'status', 'priority'];
      return pageOf(found, parameters(url), rules(500, 'ticket.id', sorts), (one) => incidentItem(one, tenantId));
    },

    incident(id) {
      const found = incidents.find((one) => incidentId(one) === id);
      return found === undefined
        ? refusal(500, `No Incident found with id ${id}`)
        : json(200, incidentItem(found, tenantId));
    },

    compliances: (url) =>
      pageOf(compliances, parameters(url), rules(1000, 'name', ['name', 'id']), (one) => ({
        id: one.id,
        name: one.name,
        description: `Compliance check for ${one.name}`,
        createdUser: { loginName: 'patch.admin', firstName: 'Patch', lastName: 'Admin' },
        updatedUser: { loginName: 'patch.admin', firstName: 'Patch', lastName: 'Admin' },
        createdTime: stamp(one.createdAt),
        updatedTime: stamp(one.updatedAt),
        osType: one.osType,
      })),

    complianceDevices(id, url) {
      const compliance = compliances.find((one) => one.id === id);
      if (compliance === undefined) throw new RefusedRequest(refusal(500, `No Compliance found with id ${id}`));
      return pageOf(compliance.devices, parameters(url), rules(1000, 'name', ['name', 'id']), (resource) => ({
        id: resource.id,
        generalInfo: {
          osName: resource.osName,
          ipAddresses: resource.ipAddress,
          hostName: resource.name,
          resourceType: resource.resourceType,
          resourceName: resource.name,
          aliasName: '',
        },
        clientUniqueId: tenantId,
        type: 'DEVICE',
      }));
    },

    patches(url) {
      const known = [
        'patchStatus',
        'installedStatus',
        'approvalStatus',
        'severity',
        'category',
        'resourceUUID',
        'patchName',
      ];
      const filters = filtersOf(url, known);
      const found = patches.filter(
        (one) =>
          matches(filters, 'patchStatus', one.missing ? 'MISSING' : 'INSTALLED') &&
          matches(filters, 'approvalStatus', one.approved ? 'APPROVED' : 'NOT_APPROVED') &&
          matches(filters, 'category', one.category) &&
          matches(filters, 'resourceUUID', one.resource.id),
      );
      return pageOf(found, parameters(url), rules(1000, 'id', ['id', 'name']), (one) => ({
        approvalStatus: one.approved ? 'APPROVED' : 'NOT_APPROVED',
        patchStatus: one.missing ? 'MISSING' : 'INSTALLED',
        ...(one.missing ? {} : { installedStatus: 'COMPLETED', installedResult: '0x0' }),
        scanTime: stamp(one.scannedAt),
        installedApplicationId: 'OpsRamp Agent',
        patch: { id: one.patchId, name: one.name, category: one.category, type: 'WINDOWS', rebootRequired: false },
        resource: { ...resourceItem(one.resource), frequency: 0, ts: 0, clientId: 0 },
      }));
    },

    addResource(resource) {
      resources.push(resource);
      resources.sort((a, b) => (a.id < b.id ? -1 : 1));
    },

    removeResource(id) {
      const at = resources.findIndex((one) => one.id === id);
      if (at >= 0) resources.splice(at, 1);
    },
  };
}

function resourceItem(resource: SimulatedResource): Record<string, unknown> {
  return {
    id: resource.id,
    hostName: resource.name,
    ipAddress: resource.ipAddress,
    dnsName: `${resource.name}.example.net`,
    createdDate: stamp(resource.createdAt),
    updatedDate: stamp(resource.updatedAt),
    deviceType: resource.resourceType,
    type: 'DEVICE',
    state: 'active',
    osName: resource.osName,
    serialNumber: resource.serialNumber,
    agentInstalled: resource.resourceType !== 'Switch',
    aliasName: '',
    name: resource.name,
    resourceName: resource.name,
    resourceType: resource.resourceType,
  };
}

function incidentId({ number }: SimulatedIncident): string {
  return `INC${String(number).padStart(10, '0')}`;
}

function incidentItem(incident: SimulatedIncident, tenantId: string): Record<string, unknown> {
  const { resource } = incident;
  return {
    id: incidentId(incident),
    subject: incident.subject,
    description: `${incident.subject} on ${resource.name}`,
    status: incident.status,
    oldStatus: incident.oldStatus,
    priority: incident.priority,
    oldPriority: incident.priority,
    source: incident.source,
    resources: [{ id: resource.id, name: resource.name, type: 'DEVICE', resourceType: resource.resourceType }],
    alertIds: [],
    ticketArisedTime: '',
    createdDate: stamp(incident.createdAt),
    updatedDate: stamp(incident.updatedAt),
    client: { uniqueId: tenantId, name: 'Simulated tenant', activated: true },
  };
}
