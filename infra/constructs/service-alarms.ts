import { Duration } from 'aws-cdk-lib';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { AlarmSet, AlarmShape } from './alarm-set.ts';
import { measureAll } from './measures.ts';

const FIVE_MINUTES = Duration.minutes(5);
const HOUR = Duration.hours(1);

/** Alarms on what the service does, whichever function does it. */
export function addServiceAlarms(alarms: AlarmSet, deadLetters: IQueue): void {
  for (const shape of [...deliveryAlarms(deadLetters), ...connectionAlarms(), ...exportAlarms()]) alarms.add(shape);
}

function deliveryAlarms(deadLetters: IQueue): AlarmShape[] {
  return [
    {
      id: 'OutboxBacklog',
      section: 'outbox-backlog',
      metric: measureAll('OutboxOldestSeconds', { period: FIVE_MINUTES }),
      when: 'at least',
      threshold: 300,
      periods: 2,
      silence: 'fine',
      errorImpact: 'Alerts and events reach their subscribers more than five minutes late.',
      pages: true,
    },
    {
      id: 'PublishFailed',
      section: 'publish-failed',
      metric: measureAll('PublishFailed', { period: FIVE_MINUTES }),
      when: 'at least',
      threshold: 1,
      periods: 3,
      silence: 'fine',
      errorImpact: 'SNS refuses events; those of the same subject wait behind them.',
      pages: true,
    },
    {
      id: 'DeadLettersNotEmpty',
      section: 'dead-letters-not-empty',
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({ period: FIVE_MINUTES, statistic: 'Maximum' }),
      when: 'at least',
      threshold: 1,
      periods: 1,
      silence: 'fine',
      errorImpact: 'An invocation failed in a way that nobody handled; what it was to do may be undone.',
      pages: true,
    },
    {
      id: 'PollersBlind',
      section: 'pollers-blind',
      metric: measureAll('BlindSeconds', { period: FIVE_MINUTES }),
      when: 'at least',
      threshold: 900,
      periods: 2,
      silence: 'fine',
      errorImpact: 'For more than a quarter of an hour alerts of a connection could not be seen.',
      pages: true,
    },
  ];
}

function connectionAlarms(): AlarmShape[] {
  return [
    {
      id: 'ReauthorizationRequired',
      section: 'reauthorization-required',
      metric: measureAll('ReauthorizationRequired', { period: FIVE_MINUTES }),
      when: 'at least',
      threshold: 1,
      periods: 1,
      silence: 'fine',
      errorImpact: 'A connection is dead until a person consents again; its exports and alerts stand still.',
      pages: false,
    },
    {
      id: 'RefreshTokenExpiring',
      section: 'refresh-token-expiring',
      metric: measureAll('SoonestRefreshTokenExpiryHours', { period: HOUR }),
      when: 'less than',
      threshold: 72,
      periods: 1,
      silence: 'fine',
      errorImpact: 'A refresh token dies within three days, and its connection with it.',
      pages: false,
    },
    {
      id: 'CredentialsRejected',
      section: 'credentials-rejected',
      metric: measureAll('ClientRejected', { period: FIVE_MINUTES }),
      when: 'at least',
      threshold: 1,
      periods: 2,
      silence: 'fine',
      errorImpact: 'A provider refuses our own credentials: all connections that use them are running out.',
      pages: true,
    },
    {
      id: 'TokensSpilled',
      section: 'tokens-spilled',
      metric: measureAll('TokenSpilled', { period: FIVE_MINUTES }),
      when: 'at least',
      threshold: 1,
      periods: 1,
      silence: 'fine',
      errorImpact: 'A new token set could not be stored and lies in the rescue bucket: the grant hangs on one copy.',
      pages: true,
    },
    {
      id: 'RefreshFailing',
      section: 'refresh-failing',
      metric: measureAll('RefreshFailed', { period: FIVE_MINUTES }),
      when: 'at least',
      threshold: 1,
      periods: 6,
      silence: 'fine',
      errorImpact: 'Refreshes have failed for half an hour; access tokens are running out.',
      pages: true,
    },
  ];
}

function exportAlarms(): AlarmShape[] {
  return [
    {
      id: 'ExportsLate',
      section: 'exports-late',
      metric: measureAll('ExportsLate', { period: FIVE_MINUTES }),
      when: 'at least',
      threshold: 1,
      periods: 12,
      silence: 'fine',
      errorImpact: 'A compliance export has been due for an hour and is not in the archive.',
      pages: false,
    },
    {
      id: 'ExportsFailing',
      section: 'exports-failing',
      metric: measureAll('WindowsFailed', { period: HOUR }),
      when: 'at least',
      threshold: 3,
      periods: 1,
      silence: 'fine',
      errorImpact: 'Attempts at exports fail; a window that is given up becomes a gap in the evidence.',
      pages: false,
    },
    {
      id: 'ExportsGivenUp',
      section: 'exports-given-up',
      metric: measureAll('WindowsGivenUp', { period: HOUR }),
      when: 'at least',
      threshold: 1,
      periods: 1,
      silence: 'fine',
      errorImpact: 'A window ended as a signed gap record: there is no evidence for its time until somebody fills it.',
      pages: false,
    },
  ];
}
