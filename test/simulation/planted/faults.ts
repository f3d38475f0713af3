import { CONSENT_FAULTS } from './consent.ts';
import { EVENT_FAULTS } from './events.ts';
import { EXPORT_FAULTS } from './exports.ts';
import type { PlantedFault } from './fault.ts';
import { REFRESH_FAULTS } from './refresh.ts';

export const PLANTED: readonly PlantedFault[] = [
  ...REFRESH_FAULTS,
  ...CONSENT_FAULTS,
  ...EVENT_FAULTS,
  ...EXPORT_FAULTS,
];
