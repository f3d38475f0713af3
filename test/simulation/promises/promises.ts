/** When a promise is looked at. `effect`: as an effect takes place. `record`: when a manifest or gap record appears. */
export type Moment = 'effect' | 'step' | 'return' | 'record' | 'end';

export interface PromiseRow {
  readonly says: string;
  readonly looked: readonly Moment[];
  /** What a look is, and what of the promise is another test's to show. */
  readonly how: string;
}

/** The invariants of RELIABILITY 6, and where in a history each is looked at. `npm test` fails when one never was. */
export const PROMISES = {
  I1: {
    says: 'no grant is lost without a crash or a lost reply',
    looked: ['step', 'end'],
    how: 'a connection that asks for a person had a disturbed request; in the end a connected one has a live token',
  },
  I2: {
    says: 'at most one refresh of a connection in flight',
    looked: ['effect'],
    how: 'token requests under way, as each is sent',
  },
  I3: {
    says: 'a refresh token is presented again only after an outcome that nobody knows, once for each',
    looked: ['step'],
    how: 'every presentation against those before it; after a restore none of what was spent',
  },
  I4: {
    says: 'generations rise, and a commit replaces what it was bought with',
    looked: ['step'],
    how: 'each changed item against the one before it and the high water; the model is asked about each commit',
  },
  I5: {
    says: 'a person is asked for only when no stored token can be refreshed',
    looked: ['step'],
    how: 'the provider is asked about the stored and the rescued tokens; told in the same write',
  },
  I6: {
    says: 'what passes by asks for nobody',
    looked: ['step'],
    how: 'the provider refused this very token with invalid_grant',
  },
  I7: {
    says: 'access tokens are fresh while the provider is up, and again soon after an outage',
    looked: ['end'],
    how: 'minutes after the last fault, a quarter of an hour after an outage of up to 20 days',
  },
  I8: {
    says: 'calls keep to the provider’s rate',
    looked: ['effect'],
    how: 'requests that arrived in any minute, at the provider; the peak at a steady state is the sweep’s test',
  },
  I9: {
    says: 'what was bought is durable before its handler returns',
    looked: ['return'],
    how: 'table, rescue bucket or sealed log line, for each token that an invocation was handed; nothing is left running',
  },
  I10: {
    says: 'expiry warnings come once for each threshold',
    looked: ['step', 'end'],
    how: 'each warning against those before; after an outage of weeks one for each threshold that was passed',
  },
  I11: { says: 'no secret is written down', looked: ['end'], how: 'logs, messages, outbox, rescue bucket, items' },
  I12: {
    says: 'every alert state that was visible for two polls is published',
    looked: ['end'],
    how: 'each state that OpsRamp showed through two finished passes has its event; nothing waits in the outbox',
  },
  I13: {
    says: 'a version is published once, and once more for each crash between publish and mark',
    looked: ['step'],
    how: 'each message against those before it',
  },
  I14: { says: 'versions of an alert come in order', looked: ['step'], how: 'each message against the last version' },
  I15: {
    says: 'no checkpoint passes what is not in the outbox',
    looked: ['effect'],
    how: 'alerts that changed before the new position have a head that says so',
  },
  I16: {
    says: 'what is poisoned delays others by no more than an interval',
    looked: ['return', 'end'],
    how: 'every connection that was due had its turn in each undisturbed sweep; poisoned rows are set aside',
  },
  I17: { says: 'every message is within SNS’s limit and UTF-8', looked: ['effect'], how: 'as it is published' },
  I18: { says: 'every manifest verifies', looked: ['record', 'end'], how: 'steward verify, on the whole archive' },
  I19: {
    says: 'one record for each window, and windows tile time',
    looked: ['record', 'end'],
    how: 'steward verify, and no record has two versions',
  },
  I20: {
    says: 'a re-run writes nothing',
    looked: ['end'],
    how: 'an export that is done is started again from its begin: no version more',
  },
  I21: {
    says: 'a resumed export is an uninterrupted one, byte for byte',
    looked: ['record', 'end'],
    how: 'parts of closed windows have one version, whoever wrote them; pages are read again for what was cut off only',
  },
  I22: { says: 'rows are the source’s total', looked: ['record', 'end'], how: 'each manifest’s own figures' },
  I23: {
    says: 'no multipart upload is left over',
    looked: ['step'],
    how: 'the archive’s port has whole objects only; unit/adapters/s3/archive.test.ts says that its client has no other',
  },
  I24: {
    says: 'nothing is begun that cannot end in time',
    looked: ['effect'],
    how: 'what is left of the invocation as tokens are spent and messages published',
  },
  I25: {
    says: 'a refresh is one call, two writes, and reads of the item and its high water',
    looked: ['return'],
    how: 'each refresh of an undisturbed sweep; bench/refresh-costs.ts has the capacity units',
  },
  I26: {
    says: 'a sweep reads what is due, not what there is',
    looked: ['return'],
    how: 'connections that it read against names that its indexes gave',
  },
  I27: {
    says: 'no tenant’s call uses another’s token, key or path',
    looked: ['effect', 'record'],
    how: 'bearer tokens and refresh tokens at the provider; the prefix of each object',
  },
} as const satisfies Readonly<Record<string, PromiseRow>>;

export type PromiseId = keyof typeof PROMISES;

/** A promise that did not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

export function fail(text: string): never {
  throw new Violation(text);
}

/** How often each promise was really looked at: a check that has nothing to look at proves nothing. */
export class Looks {
  readonly counts = new Map<PromiseId, number>();

  at(id: PromiseId, times = 1): void {
    this.counts.set(id, (this.counts.get(id) ?? 0) + times);
  }
}
