import { describe, expect, it } from 'vitest';
import { CHAIN_RULES, chainModel, type ChainOptions, type ChainRules } from './chain-model.ts';
import { explore } from './explore.ts';
import { OUTBOX_RULES, outboxModel, type OutboxRules } from './outbox-model.ts';
import { type Mode, refreshModel, type RefreshModelOptions } from './refresh-model.ts';
import { type Rules, RULES } from './rules.ts';

const MODES: readonly Mode[] = ['strict', 'grace', 'revokes'];

/** Everything at once is too much; each bound here is a world of its own. */
const WORLDS: readonly (readonly [string, Omit<RefreshModelOptions, 'mode' | 'rules'>])[] = [
  ['nothing goes wrong, three workers', { workers: 3, refreshes: 4 }],
  ['three workers and a loss', { workers: 3, refreshes: 4, losses: 1 }],
  ['three workers and a crash', { workers: 3, refreshes: 4, crashes: 1 }],
  ['three workers, a consent and a crash', { workers: 3, consents: 1, crashes: 1 }],
  ['three workers while the table is down, and a loss', { workers: 3, outages: 1, losses: 1 }],
  ['three workers and a lagging index', { workers: 3, refreshes: 4, lags: 2, losses: 1 }],
  ['a lagging index, a consent and a crash', { lags: 2, consents: 1, crashes: 1 }],
  ['a crash and a loss', { crashes: 1, losses: 1 }],
  ['two losses', { losses: 2 }],
  ['two crashes', { crashes: 2 }],
  ['the table is down, and a crash', { outages: 2, crashes: 1 }],
  ['a consent, a crash and a loss', { consents: 1, crashes: 1, losses: 1 }],
  ['two consents while the table is down', { consents: 2, outages: 1 }],
  ['a disconnect, a consent and a loss', { disconnects: 1, consents: 1, losses: 1 }],
  ['a disconnect, an outage and a crash', { disconnects: 1, outages: 1, crashes: 1 }],
];

describe('the refresh protocol, every order of everything', () => {
  for (const mode of MODES) {
    it.each(WORLDS)(`I1–I6: holds with a ${mode} provider: %s`, (_, bounds) => {
      const { states, ...found } = explore(refreshModel({ ...bounds, mode, rules: RULES }));
      expect(found).toEqual({});
      expect(states).toBeGreaterThan(50);
    });
  }

  const fence = { mayCommit: (item, attempt) => item.lease === attempt } satisfies Partial<Rules>;
  const blindLease = { mayLease: (item) => item.lease === 0 && item.health === 'connected' } satisfies Partial<Rules>;
  const noSecondLook = { judge: () => 'required' } satisfies Partial<Rules>;
  const mistakes: readonly (readonly [string, Partial<Rules>, Omit<RefreshModelOptions, 'rules'>])[] = [
    ['a fence on a lease that can run out', { ...fence, expiresEarly: true }, { mode: 'strict' }],
    ['a fence while a person disconnects', { ...fence, expiresEarly: true }, { mode: 'grace' }],
    ["a lease without the fingerprint's condition", blindLease, { mode: 'strict' }],
    ['a lease that is shorter than an invocation', { expiresEarly: true }, { mode: 'revokes' }],
    ['no second look at what was refused', { ...noSecondLook, expiresEarly: true }, { mode: 'strict' }],
    ['a replay before the rescue bucket is looked at', { looksIntoRescue: false }, { mode: 'strict', outages: 1 }],
    ['a high water that is raised before the commit', { raisesFirst: true }, { mode: 'grace', crashes: 1 }],
    [
      'a callback without the lease',
      { leasesConsent: false, mayConsent: () => true },
      { mode: 'strict', consents: 1, disconnects: 1 },
    ],
  ];
  it.each(mistakes)('finds %s', (_, change, bounds) => {
    const { violation, path } = explore(refreshModel({ ...bounds, rules: { ...RULES, ...change } }));
    expect(violation).toBeDefined();
    expect(path?.length).toBeGreaterThan(3);
  });
});

describe('the outbox, every order of everything', () => {
  it('I12–I14: publishes each version once and in order, with crashes and lost replies', () => {
    const { states, ...found } = explore(outboxModel({ crashes: 2, losses: 2 }));
    expect(found).toEqual({});
    expect(states).toBeGreaterThan(1000);
  });

  const mistakes: readonly (readonly [string, Partial<OutboxRules>])[] = [
    ['a shard without a lease', { mayTake: () => true }],
    ['marking before publishing', { mayMark: () => true }],
    ['all versions of an alert in one wave', { mayPublish: () => true }],
  ];
  it.each(mistakes)('finds %s', (_, change) => {
    expect(explore(outboxModel({ rules: { ...OUTBOX_RULES, ...change } })).violation).toBeDefined();
  });
});

describe('the chain of manifests, every order of everything', () => {
  const worlds: readonly (readonly [string, ChainOptions])[] = [
    ['three windows, crashes and stalls', { windows: 3, crashes: 2, stalls: 2 }],
    ['windows that are given up', { windows: 2, crashes: 1, stalls: 1, failures: 2 }],
    ['gaps that are filled', { windows: 2, crashes: 1, stalls: 1, failures: 1, asks: 1 }],
    ['gaps that are filled, and stalls', { windows: 2, crashes: 0, stalls: 3, asks: 2 }],
  ];
  it.each(worlds)('I18, I19: one whole record for each window, in a chain that tiles time: %s', (_, bounds) => {
    const { states, ...found } = explore(chainModel(bounds));
    expect(found).toEqual({});
    expect(states).toBeGreaterThan(1000);
  });

  const busy: ChainOptions = { stalls: 2, failures: 1, asks: 1 };
  const mistakes: readonly (readonly [string, Partial<ChainRules>])[] = [
    ["a chain's head that is moved without the swap", { maySeal: () => true }],
    ['a manifest before its parts', { mayWrite: ({ runs, isTaken }) => runs && !isTaken }],
    ['a record that is overwritten', { mayWrite: ({ runs, hasAll }) => runs && hasAll }],
    ['a run that was given up and writes', { mayWrite: ({ isTaken, hasAll }) => !isTaken && hasAll }],
    [
      'a window that goes before a fill whose record may stand',
      { mayBegin: (conditions) => CHAIN_RULES.mayBegin({ ...conditions, standsElsewhere: false }) },
    ],
    [
      'a fill of what was filled',
      { mayBegin: ({ isBusy, action, state }) => !isBusy && (action === 'fill' || ['new', 'failed'].includes(state)) },
    ],
    [
      'two windows at a time',
      { mayBegin: ({ isBusy: _busy, ...other }) => CHAIN_RULES.mayBegin({ ...other, isBusy: false }) },
    ],
  ];
  it.each(mistakes)('finds %s', (_, change) => {
    expect(explore(chainModel({ ...busy, rules: { ...CHAIN_RULES, ...change } })).violation).toBeDefined();
  });
});
