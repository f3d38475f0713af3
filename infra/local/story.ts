import type { Doubles } from './doubles.ts';

/** One thing that happens at a provider, and what Steward should make of it before the next one. */
export interface StoryStep {
  readonly what: string;
  happen(): void;
  /** Job whose next whole pass has to see it. */
  readonly seenBy: string;
  /** Alert events that it makes. */
  readonly events: number;
}

/**
 * What goes on at the doubles while `npm start -- --once` watches.
 *
 * @param mayEndToken false soon after OpsRamp's token was refused before its time: a second refusal would mean that
 *   access is denied, and is no story of a token (DESIGN 3)
 */
export function alertStory({ opsramp, action1 }: Doubles, mayEndToken: boolean): readonly StoryStep[] {
  const { control } = opsramp;
  let id = '';
  return [
    {
      what: 'OpsRamp: a critical alert opens',
      happen: () => {
        id = control.openAlert({ currentState: 'Critical', subject: 'Replication lag on db-07 above 300 s' });
      },
      seenBy: 'operations-alerts',
      events: 1,
    },
    {
      what: 'Action1: a critical vulnerability appears',
      happen: () => void action1.control.addCriticalVulnerability({ score: 9.8, endpoints: 3 }),
      seenBy: 'new-vulnerabilities',
      events: 1,
    },
    {
      what: 'OpsRamp: it is acknowledged',
      happen: () => control.acknowledge(id),
      seenBy: 'operations-alerts',
      events: 1,
    },
    {
      what: mayEndToken
        ? 'OpsRamp: its token ends before its time (407), and the alert becomes a warning'
        : 'OpsRamp: the alert becomes a warning',
      happen: () => {
        if (mayEndToken) control.expireTokens();
        control.changeAlert(id, { currentState: 'Warning' });
      },
      seenBy: 'operations-alerts',
      events: 1,
    },
    { what: 'OpsRamp: it heals', happen: () => control.heal(id), seenBy: 'operations-alerts', events: 1 },
  ];
}
