import { automationRun } from './inventory.ts';
import type { Action1Switches } from './options.ts';
import type { SimulatedEndpoint, SimulatedOrganization } from './population.ts';
import { setSwitches, type Action1State } from './state.ts';
import type { SimulatedVulnerability } from './vulnerabilities.ts';

export interface AddedVulnerability {
  readonly organizationId: string;
  readonly cve: string;
}

/** What tests and the demo do to the simulated world. Places name organisations and endpoints by their index. */
export interface Action1Control {
  organizations(): readonly { readonly id: string; readonly name: string; readonly endpoints: number }[];
  /** A vulnerability that was not there before: critical unless said otherwise, in the first organisation. */
  addCriticalVulnerability(given?: {
    readonly organization?: number;
    readonly cve?: string;
    readonly score?: number;
    readonly knownExploited?: boolean;
    readonly endpoints?: number;
  }): AddedVulnerability;
  changeVulnerability(
    one: AddedVulnerability,
    change: { readonly knownExploited?: boolean; readonly remediationStatus?: string },
  ): void;
  /** It is patched everywhere, so it leaves the list. */
  removeVulnerability(one: AddedVulnerability): void;
  /** Silent since then, or reporting again when `since` is absent. */
  setEndpoint(place: { readonly organization?: number; readonly endpoint: number }, since?: Date): string;
  failAutomation(given: { readonly organization?: number; readonly name?: string; readonly at: Date }): string;
  /** Every access token given so far is no longer taken. */
  expireTokens(): void;
  setSwitches(switches: Partial<Action1Switches>): void;
  setCredentials(credentials: readonly { readonly clientId: string; readonly clientSecret: string }[]): void;
  /** Requests by method and route, `GET reportdata/:org/:report/data`; refused ones too. */
  counters(): Readonly<Record<string, number>>;
  requests(): number;
}

export function createControl(state: Action1State): Action1Control {
  const owner = (index = 0): SimulatedOrganization => {
    const organization = state.organizations[index];
    if (organization === undefined) throw new RangeError(`There is no organization ${index}`);
    return organization;
  };
  return {
    organizations: () =>
      state.organizations.map(({ id, name, endpoints }) => ({ id, name, endpoints: endpoints.length })),
    addCriticalVulnerability: (given = {}) => {
      const organization = owner(given.organization);
      state.added += 1;
      const cve = given.cve ?? `CVE-2026-${90_000 + state.added}`;
      state.vulnerabilities.get(organization.id)?.push({
        cve,
        score: given.score ?? 9.8,
        publishedAt: state.settings.startedAt.getTime(),
        product: 'Google Chrome',
        vendor: 'Google LLC',
        endpoints: Math.min(given.endpoints ?? 3, organization.endpoints.length),
        remediationStatus: 'Due_soon',
        knownExploited: given.knownExploited ?? false,
      });
      return { organizationId: organization.id, cve };
    },
    changeVulnerability: (one, change) => void Object.assign(find(state, one).vulnerability, change),
    removeVulnerability: (one) => {
      const { all, vulnerability } = find(state, one);
      all.splice(all.indexOf(vulnerability), 1);
    },
    setEndpoint: (place, since) => {
      const endpoint: SimulatedEndpoint | undefined = owner(place.organization).endpoints[place.endpoint];
      if (endpoint === undefined) throw new RangeError(`There is no endpoint ${place.endpoint}`);
      endpoint.offlineSince = since?.getTime();
      return endpoint.id;
    },
    failAutomation: ({ organization, name = 'Deploy all updates', at }) => {
      const { id: organizationId } = owner(organization);
      state.added += 1;
      const id = `${name.replaceAll(/[^A-Za-z0-9]+/g, '_')}_${1_790_000_000_000 + state.added}`;
      const run = automationRun(state.settings.baseUrl, organizationId, id, name, 'Error', at.getTime());
      state.automations.get(organizationId)?.unshift(run);
      return id;
    },
    expireTokens: () => state.tokens.clear(),
    setSwitches: (switches) => setSwitches(state, switches),
    setCredentials: (credentials) => {
      state.settings = { ...state.settings, credentials };
    },
    counters: () => Object.fromEntries(state.counters),
    requests: () => [...state.counters.values()].reduce((sum, count) => sum + count, 0),
  };
}

function find(state: Action1State, { organizationId, cve }: AddedVulnerability) {
  const all: SimulatedVulnerability[] = state.vulnerabilities.get(organizationId) ?? [];
  const vulnerability = all.find((one) => one.cve === cve);
  if (vulnerability === undefined) throw new RangeError(`There is no ${cve} in ${organizationId}`);
  return { all, vulnerability };
}
