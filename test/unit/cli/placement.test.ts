import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../functions/core/connections/connection.ts';
import { regionWarnings, twiceWarnings } from '../../../infra/cli/placement.ts';

const at = new Date('2026-03-01T12:00:00Z');
const connection = (change: Partial<Connection> = {}): Connection => ({
  schema: 1,
  name: 'harbour-law',
  provider: 'actionstep',
  settings: {},
  secret: { name: 'actionstep' },
  shard: '0',
  budgetAccount: 'production:client-1',
  providerAccount: 'harbourlegal',
  health: 'connected',
  paused: false,
  generation: 1,
  failures: 0,
  warnedDays: [],
  attempts: [],
  access: { sealed: new Uint8Array(), issuedAt: at, expiresAt: at },
  apiEndpoint: 'https://ap-southeast-2.actionstep.com/api/',
  ...change,
});

describe('regionWarnings', () => {
  it('warns when the data is in another region than the stack', () => {
    expect(regionWarnings([connection()], 'eu-central-1')).toEqual([
      {
        about: 'harbour-law',
        what: expect.stringMatching(/^its data is in ap-southeast-2 and this stack in eu-central-1/) as string,
      },
    ]);
  });

  it.each([
    ['the same region', connection(), 'ap-southeast-2'],
    ['a host that names none', connection({ apiEndpoint: 'https://app.eu.action1.com/api' }), 'us-east-1'],
    ['no address', { ...connection(), apiEndpoint: undefined } as never, 'us-east-1'],
    ['no address that is one', connection({ apiEndpoint: 'nonsense' }), 'us-east-1'],
  ])('says nothing of %s', (_what, one: Connection, region) => {
    expect(regionWarnings([one], region)).toEqual([]);
  });
});

describe('twiceWarnings', () => {
  it('warns when one account is connected in two places', () => {
    expect(twiceWarnings([connection()], [connection({ name: 'trial' })], '.steward')).toEqual([
      {
        about: 'harbour-law',
        what: expect.stringMatching(/runs in \.steward as trial: .*Disconnect one\.$/) as string,
      },
    ]);
  });

  it.each([
    ['another account', connection({ providerAccount: 'other' })],
    ['another client', connection({ budgetAccount: 'production:client-2' })],
    ['another provider', connection({ provider: 'opsramp' })],
    ['one that was disconnected', connection({ health: 'disconnected' })],
    ['one that never had a token', { ...connection(), access: undefined } as never],
  ])('says nothing of %s', (_what, other: Connection) => {
    expect(twiceWarnings([connection()], [other], '.steward')).toEqual([]);
  });
});
