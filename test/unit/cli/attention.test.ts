import { describe, expect, it } from 'vitest';
import { attentionOf } from '../../../infra/cli/attention.ts';
import type { ConnectionView, ExportView, JobView, Overview } from '../../../infra/cli/overview.ts';

const at = new Date('2026-01-31T02:00:00Z');
const after = (ms: number) => new Date(at.getTime() + ms);
const MINUTE = 60_000;
const DAY = 86_400_000;

const connection: ConnectionView = {
  name: 'acme',
  provider: 'vendor',
  title: 'Vendor',
  needsConsent: true,
  secret: 'clients#acme',
  status: 'connected',
  generation: 3,
  accessExpiresAt: after(30 * MINUTE),
  nextRefreshAt: after(20 * MINUTE),
};
const window: ExportView = {
  job: 'rows',
  connection: 'acme',
  provider: 'vendor',
  source: 'rows',
  from: after(-DAY),
  to: at,
  state: 'exported',
  record: 'verified',
  manifest: 'acme/rows/w/manifest.json',
};
const job: JobView = {
  name: 'alerts',
  kind: 'alert',
  connection: 'acme',
  provider: 'vendor',
  source: 'alerts',
  paused: false,
  schedule: 'every 1 min',
  failures: 3,
  lastError: 'Vendor answered 502',
};
const overview = (parts: Partial<Overview> = {}): Overview => ({
  stage: 'local',
  at,
  connections: [connection],
  exports: [window],
  jobs: [],
  events: [],
  budgets: [],
  outbox: { pending: 0 },
  ...parts,
});
const ofConnection = (change: Partial<ConnectionView>) =>
  attentionOf(overview({ connections: [{ ...connection, ...change }] }));

describe('attentionOf', () => {
  it('is empty when nothing needs anybody', () => {
    expect(attentionOf(overview())).toEqual([]);
  });

  it.each(['CLIENT_REJECTED', 'CREDENTIALS_MISSING'])(
    '%s is ours to mend at once, however long the token runs yet',
    (code) => {
      expect(ofConnection({ lastError: { code, message: 'Vendor refused our client credentials', at } })).toEqual([
        {
          tone: 'bad',
          about: 'acme',
          what: 'Vendor refused our client credentials.',
          next: 'steward credentials set clients#acme',
        },
      ]);
      expect(ofConnection({ lastError: { code: 'PROVIDER_UNAVAILABLE', message: 'x', at } })).toEqual([]);
    },
  );

  it.each([
    ['pending', {}, 'bad', 'steward connect acme'],
    ['pending', { needsConsent: false }, 'warn', undefined],
    [
      'pending',
      { needsConsent: false, lastError: { code: 'CREDENTIALS_MISSING', message: 'No secret', at } },
      'bad',
      'steward credentials set clients#acme',
    ],
    ['reauthorization-required', {}, 'bad', 'steward connect acme'],
    ['access-denied', {}, 'bad', 'steward doctor'],
    ['suspect', { refreshExpiresAt: after(9 * DAY) }, 'warn', undefined],
    ['suspect', {}, 'warn', 'steward connect acme'],
    ['paused', {}, 'warn', 'steward resume acme'],
    ['paused', { healthWhilePaused: 'connected' }, 'warn', 'steward resume acme'],
    ['paused', { healthWhilePaused: 'reauthorization-required' }, 'bad', 'steward connect acme'],
  ] as const)('%s %o is %s, and says what comes next', (status, change, tone, next) => {
    const [item, ...others] = ofConnection({ status, ...change });
    expect(others).toEqual([]);
    expect(item).toMatchObject({ tone, about: 'acme' });
    expect(item?.next).toBe(next);
  });

  it('says of what is suspect why', () => {
    const { nextRefreshAt: _, ...held } = connection;
    const lastError = { code: 'SEAL_BROKEN', message: 'Came out of a backup', at };
    const what = (view: ConnectionView) => attentionOf(overview({ connections: [{ ...view, status: 'suspect' }] }));
    const next = 'steward connect acme';
    expect(what({ ...held, refreshExpiresAt: after(DAY), lastError })).toEqual([
      { tone: 'bad', about: 'acme', what: 'Held until somebody decides: Came out of a backup.', next },
    ]);
    expect(what(connection)).toEqual([
      { tone: 'warn', about: 'acme', what: 'Vendor sent no refresh token; its access token ends in 30 min.', next },
    ]);
    expect(what({ ...connection, refreshExpiresAt: after(DAY) })).toEqual([
      { tone: 'warn', about: 'acme', what: 'Steward is finding out whether its refresh token still works.' },
    ]);
  });

  it('S38: says which scopes nobody consented to, unless there is worse to say', () => {
    const missingScopes = ['write', 'delete'];
    expect(ofConnection({ missingScopes })).toEqual([
      {
        tone: 'warn',
        about: 'acme',
        what: 'Nobody consented to its scopes write delete.',
        next: 'steward connect acme',
      },
    ]);
    const late = { accessExpiresAt: after(-2 * MINUTE), nextRefreshAt: after(-3 * MINUTE) };
    expect(ofConnection({ missingScopes, ...late }).map(({ tone }) => tone)).toEqual(['bad']);
  });

  it('says nothing of a connection that was disconnected on purpose', () => {
    expect(ofConnection({ status: 'disconnected' })).toEqual([]);
  });

  it.each([
    [3 * DAY, 0],
    [3 * DAY - 1, 1],
  ])('says that the refresh token ends, %d ms before: %d', (left, count) => {
    expect(ofConnection({ refreshExpiresAt: after(left) })).toHaveLength(count);
  });

  it.each([
    ['just run out', { accessExpiresAt: after(-2 * MINUTE + 1), nextRefreshAt: after(-3 * MINUTE) }, 0],
    ['late', { accessExpiresAt: after(-2 * MINUTE), nextRefreshAt: after(-3 * MINUTE) }, 1],
    ['idle, and not due', { accessExpiresAt: after(-2 * MINUTE), nextRefreshAt: after(1) }, 0],
  ])('of an access token that is %s it says %o', (_what, change, count) => {
    expect(ofConnection(change)).toHaveLength(count);
  });

  it('says that the newest export of a job failed, and not that an older one did', () => {
    const failed: ExportView = { ...window, state: 'failed', reason: 'Vendor answered 502' };
    expect(attentionOf(overview({ exports: [{ ...failed, to: after(-1) }, window] }))).toEqual([]);
    expect(attentionOf(overview({ exports: [failed, { ...window, to: after(-1) }] }))).toEqual([
      {
        tone: 'bad',
        about: 'rows',
        what: 'Its newest export failed: Vendor answered 502',
        next: 'steward export rows',
      },
    ]);
  });

  it.each(['altered', 'missing'] as const)('says that a record is %s, whichever it is', (record) => {
    const [item] = attentionOf(overview({ exports: [{ ...window, record, to: after(-DAY) }, window] }));
    expect(item).toMatchObject({ tone: 'bad', about: 'rows', next: 'steward verify' });
    expect(item?.what).toContain('acme/rows/w/manifest.json');
  });

  it('says that alerts are not polled, and not of a poll that is a tick late, paused, or another kind of job', () => {
    const polled = { ...job, failures: 0, nextAt: after(-4 * MINUTE) };
    const of = (change: Partial<JobView>) => attentionOf(overview({ jobs: [{ ...polled, ...change }] }));
    expect(of({})).toEqual([
      { tone: 'bad', about: 'alerts', what: 'Sees nothing: its poll is 4 min late.', next: 'steward doctor' },
    ]);
    expect(of({ failures: 9 })).toHaveLength(1);
    for (const change of [{ nextAt: after(-2 * MINUTE) }, { paused: true }, { kind: 'report' }] as const) {
      expect(of(change)).toEqual([]);
    }
    const paused = { ...connection, status: 'paused' } as const;
    expect(attentionOf(overview({ jobs: [polled], connections: [paused] })).map(({ about }) => about)).toEqual([
      'acme',
    ]);
  });

  it('says that a job fails from the third time on, unless its connection says why', () => {
    expect(attentionOf(overview({ jobs: [{ ...job, failures: 2 }] }))).toEqual([]);
    expect(attentionOf(overview({ jobs: [job] }))).toMatchObject([{ tone: 'warn', about: 'alerts' }]);
    const denied = attentionOf(overview({ jobs: [job], connections: [{ ...connection, status: 'access-denied' }] }));
    expect(denied.map(({ about }) => about)).toEqual(['acme']);
    const before = { jobs: [{ ...job, lastAt: at }], connections: [{ ...connection, authorizedAt: after(1) }] };
    expect(attentionOf(overview(before))).toEqual([]);
    const since = { ...before, connections: [{ ...connection, authorizedAt: at }] };
    expect(attentionOf(overview(since))).toHaveLength(1);
  });

  it('says that events wait, from two minutes on', () => {
    const waiting = (ms: number) => attentionOf(overview({ outbox: { pending: 4, oldestAt: after(-ms) } }));
    expect(waiting(2 * MINUTE - 1)).toEqual([]);
    expect(waiting(2 * MINUTE)).toMatchObject([
      { tone: 'bad', what: expect.stringContaining('4 events wait') as string },
    ]);
  });

  it('puts what stands still before what mends itself, and names the stage in its commands', () => {
    const items = attentionOf(
      overview({
        stage: 'production',
        connections: [
          { ...connection, name: 'a', status: 'suspect' },
          { ...connection, name: 'b', status: 'reauthorization-required' },
        ],
      }),
    );
    expect(items.map(({ about }) => about)).toEqual(['b', 'a']);
    expect(items[0]?.next).toBe('steward --stage production connect b');
    const [elsewhere] = attentionOf(
      overview({ directory: '/srv/steward', connections: [{ ...connection, status: 'paused' }] }),
    );
    expect(elsewhere?.next).toBe('steward --directory /srv/steward resume acme');
  });
});
