import { settle, type Action1Options, type Action1Settings, type Action1Switches } from './options.ts';
import { populate, type SimulatedOrganization } from './population.ts';
import { automationsOf } from './inventory.ts';
import { vulnerabilitiesOf, type SimulatedVulnerability } from './vulnerabilities.ts';

/** Everything that changes while the simulator runs. */
export interface Action1State {
  settings: Action1Settings;
  readonly organizations: readonly SimulatedOrganization[];
  readonly vulnerabilities: ReadonlyMap<string, SimulatedVulnerability[]>;
  readonly automations: ReadonlyMap<string, Record<string, unknown>[]>;
  /** Epoch milliseconds of the last requery, by organisation and report. */
  readonly requeries: Map<string, number>;
  /** Access and refresh tokens that are good until then. */
  readonly tokens: Map<string, number>;
  readonly refreshTokens: Set<string>;
  /** Times of the requests of the last minute. */
  sentAt: number[];
  /** Requests by method and route. */
  readonly counters: Map<string, number>;
  issued: number;
  added: number;
}

export function createState(options: Action1Options): Action1State {
  const settings = settle(options);
  const organizations = populate(settings);
  return {
    settings,
    organizations,
    vulnerabilities: new Map(organizations.map(({ id }, index) => [id, vulnerabilitiesOf(settings, index)])),
    automations: new Map(organizations.map((one) => [one.id, automationsOf(settings, one)])),
    requeries: new Map(),
    tokens: new Map(),
    refreshTokens: new Set(),
    sentAt: [],
    counters: new Map(),
    issued: 0,
    added: 0,
  };
}

/** Takes a switch that holds for one request; true when it was on. */
export function takeOnce(state: Action1State, name: keyof Action1Switches): boolean {
  if (state.settings.switches[name] !== true) return false;
  setSwitches(state, { [name]: false });
  return true;
}

/** Whether any switch is on that holds for one request. */
export function isArmed({ settings: { switches } }: Action1State): boolean {
  return Object.entries(switches).some(([name, value]) => name.endsWith('Once') && value === true);
}

export function setSwitches(state: Action1State, switches: Partial<Action1Switches>): void {
  state.settings = { ...state.settings, switches: { ...state.settings.switches, ...switches } };
}
