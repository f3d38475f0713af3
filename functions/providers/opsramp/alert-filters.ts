import { values, valuesOf } from './options.ts';

/** Our option names and the documented variables of `alerts/search`. */
export const ALERT_FILTERS = {
  states: 'states',
  priorities: 'priority',
  resourceTypes: 'resourceType',
  resources: 'resourceIds',
  metrics: 'metrics',
  alertTypes: 'alertTypes',
  apps: 'apps',
  clients: 'clientIds',
} as const;

export const ALERT_STATES = ['Critical', 'Warning', 'Info', 'Ok'] as const;

/** Options of everything that reads alerts. Several values of one filter: any of them; several filters: all of them. */
export const alertFilters = {
  states: valuesOf(ALERT_STATES),
  priorities: valuesOf(['P0', 'P1', 'P2', 'P3', 'P4', 'P5']),
  resourceTypes: values,
  resources: values,
  metrics: values,
  alertTypes: values,
  apps: values,
  clients: values,
} as const;
