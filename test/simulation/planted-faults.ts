/** A fault as somebody might make it: a piece of code and what stands in its place. */
export interface PlantedFault {
  readonly name: string;
  readonly file: string;
  readonly search: string;
  readonly replace: string;
  /** Test files that are run where the simulation does not catch it. */
  readonly tests?: readonly string[];
}

const TOKENS = 'functions/core/tokens';
const CONSENT = 'functions/core/authorization';
const DYNAMODB = 'functions/adapters/dynamodb';
const CONNECTION_STORE = ['test/contract/connection-store.test.ts'];

export const PLANTED: readonly PlantedFault[] = [
  {
    name: 'refresh: a fence instead of the compare-and-swap',
    file: `${DYNAMODB}/connection-writes.ts`,
    search: "    update.require(`${update.name('fingerprint')} = ${update.value(commit.spent)}`);",
    replace: "    update.require(`${update.name('leaseAttempt')} = ${update.value(commit.attempt)}`);",
    tests: CONNECTION_STORE,
  },
  {
    name: "refresh: the lease without the fingerprint's condition, in the table",
    file: `${DYNAMODB}/connection-writes.ts`,
    search: "    update.require(`${update.name('fingerprint')} = ${update.value(request.stored)}`);",
    replace: '    update.name("health");',
    tests: CONNECTION_STORE,
  },
  {
    name: "refresh: the lease without the fingerprint's condition, in the core",
    file: `${TOKENS}/refresh.ts`,
    search: '    stored: connection.fingerprint ?? null,\n',
    replace: '',
    tests: ['test/simulation/races.test.ts'],
  },
  {
    name: 'refresh: the lease whether it is due or not',
    file: `${TOKENS}/refresh.ts`,
    search: '    whenDue: true,\n',
    replace: '',
    tests: ['test/simulation/races.test.ts'],
  },
  {
    name: 'refresh: the rescue bucket is not looked at',
    file: `${TOKENS}/spend-token.ts`,
    search: 'if (deadAttempts(leased).length > 0 && (await mergeRescued(dependencies, leased, deadline))) {',
    replace: 'if (deadAttempts(leased).length > 99 && (await mergeRescued(dependencies, leased, deadline))) {',
    tests: ['test/unit/core/tokens'],
  },
  {
    name: 'refresh: a lease that is shorter than an invocation',
    file: `${TOKENS}/timing.ts`,
    search: 'export const LEASE_MS = 90 * SECOND_MS;',
    replace: 'export const LEASE_MS = 10 * SECOND_MS;',
    tests: ['test/unit/core/tokens'],
  },
  {
    name: 'refresh: the lease is given back although nobody knows what became of the request',
    file: `${TOKENS}/settle.ts`,
    search: '{ ...change, nextRefreshAt: new Date(later), resolves: deadAttempts(leased).map(({ id }) => id) },',
    replace: '{ ...change, nextRefreshAt: new Date(later), releasesLease: true, resolves: [attempt] },',
    tests: ['test/unit/core/tokens'],
  },
  {
    name: 'refresh: a token set that cannot be stored is not spilled',
    file: `${TOKENS}/store-tokens.ts`,
    search: '    await rescue.put(commit.name, commit.spent, body);\n',
    replace: '    void rescue;\n',
    tests: ['test/unit/core/tokens'],
  },
  {
    name: 'refresh: a spill that nobody waits for',
    file: `${TOKENS}/store-tokens.ts`,
    search: '  await spill(dependencies, commit);\n  return',
    replace: '  void spill(dependencies, commit);\n  return',
    tests: ['test/unit/core/tokens'],
  },
  {
    name: 'refresh: a refused token is taken for dead without a second look',
    file: `${TOKENS}/verdict.ts`,
    search: 'if (current === undefined || current.fingerprint !== leased.spends) {',
    replace: 'if (current === undefined) {',
    tests: ['test/unit/core/tokens'],
  },
  {
    name: 'refresh: a 5xx says that the grant is gone',
    file: `${TOKENS}/spend-token.ts`,
    search: "if (result.kind === 'grant-rejected' && rotates && error instanceof GrantRejectedError) {",
    replace: "if ((result.kind === 'grant-rejected' || result.kind === 'unavailable') && rotates) {",
    tests: ['test/unit/core/tokens'],
  },
  {
    name: 'refresh: a token is spent without the time to store its successor',
    file: `${TOKENS}/spend-token.ts`,
    search: "if (deadline.remainingMs() >= SPEND_BUDGET_MS) return { kind: 'call', grant };",
    replace: "return { kind: 'call', grant };",
    tests: ['test/unit/core/tokens'],
  },
  {
    name: 'refresh: one failure leaves its neighbours running',
    file: 'functions/core/connections/connection-access.ts',
    search: 'await allEnded([',
    replace: 'await Promise.all([',
    tests: ['test/unit/core/connections'],
  },
  {
    name: 'callback: no lease',
    file: `${CONSENT}/complete.ts`,
    search: 'if (held !== undefined) return { before, held, attempt, until };',
    replace: 'return { before, held: held ?? before, attempt, until };',
    tests: ['test/unit/core/authorization'],
  },
  {
    name: 'callback: a lease that a dead holder leaves makes nobody look',
    file: `${CONSENT}/complete.ts`,
    search: '      dueAt: until,\n',
    replace: '',
    tests: ['test/unit/core/authorization'],
  },
  {
    name: 'callback: tokens are thrown away when the table cannot be read',
    file: `${CONSENT}/complete.ts`,
    search: 'if (error instanceof StoreUnavailableError) return last;',
    replace: '',
    tests: ['test/unit/core/authorization'],
  },
  {
    name: 'callback: the state is not burnt',
    file: `${CONSENT}/callback.ts`,
    search: 'if (!(await authorizations.burn(pending, clock.now()))) return',
    replace: 'if (pending.stateHash === undefined) return',
    tests: ['test/unit/core/authorization'],
  },
  {
    name: "callback: another browser's cookie will do",
    file: `${CONSENT}/callback.ts`,
    search: 'if (browser === undefined || !isSameHash(secretHash(browser), pending.browserHash)) {',
    replace: 'if (browser === undefined) {',
    tests: ['test/unit/core/authorization'],
  },
  {
    name: 'outbox: all versions of an alert in one wave',
    file: 'functions/core/publishing/drain.ts',
    search: '      if (wave.has(subject)) later.push(row);\n      else wave.set(subject, row);',
    replace: '      wave.set(`${subject} ${row.key}`, row);',
    tests: ['test/unit/core/publishing'],
  },
  {
    name: 'outbox: a failed row holds nothing back',
    file: 'functions/core/publishing/drain.ts',
    search: '  drain.blocked.add(row.event.subject);\n',
    replace: '',
    tests: ['test/unit/core/publishing'],
  },
  {
    name: 'outbox: marked although it was not published',
    file: 'functions/core/publishing/drain.ts',
    search: "    if (result.outcome === 'published') published.push(row);\n    else await putBack(drain, row, result);",
    replace: "    published.push(row);\n    if (result.outcome !== 'published') await putBack(drain, row, result);",
    tests: ['test/unit/core/publishing'],
  },
  {
    name: 'outbox: no lease on the shard',
    file: 'functions/core/publishing/publish-shard.ts',
    search: 'if (!(await outbox.acquire(shard, owner, now, until))) return undefined;',
    replace: 'await outbox.acquire(shard, owner, now, until);',
    tests: ['test/unit/core/publishing'],
  },
  {
    name: 'alerts: the version is replaced by the fingerprint',
    file: 'functions/core/alerts/transition.ts',
    search: '    version: (previous?.version ?? 0) + 1,',
    replace: '    version: parseInt(fingerprint.slice(0, 8), 16),',
    tests: ['test/unit/core/alerts'],
  },
  {
    name: 'alerts: an off-by-one at the checkpoint, a source’s lag forgotten',
    file: 'functions/core/alerts/pass.ts',
    search: 'const reach = seen.startedAt.getTime() - source.lagMs;',
    replace: 'const reach = seen.startedAt.getTime() + 1;',
    tests: ['test/unit/core/alerts'],
  },
  {
    name: "export: the chain's head is moved without the swap",
    file: `${DYNAMODB}/window-store.ts`,
    search: '`${CURRENT} AND #sequence = :before`',
    replace: '`(attribute_exists(#sequence) OR #sequence = :before) OR (${CURRENT})`',
    tests: ['test/contract/window-store.test.ts'],
  },
  {
    name: 'export: an attempt that is over goes on writing',
    file: 'functions/core/reports/seal.ts',
    search: '    if (error instanceof ConflictError) return false;\n    throw error;',
    replace: '    return error instanceof ConflictError;',
    tests: ['test/unit/core/reports'],
  },
  {
    name: 'export: parts without retention',
    file: 'functions/core/reports/seal.ts',
    search: '.map((object) => deps.archive.lock(object, lock))',
    replace: '.map(async () => lock)',
    tests: ['test/unit/core/reports'],
  },
  {
    name: 'export: the cursor is one page ahead',
    file: 'functions/core/reports/read-part.ts',
    search: '      rows: position.rows + builder.rows(),',
    replace: '      rows: builder.rows(),',
    tests: ['test/unit/core/reports'],
  },
  {
    name: 'export: a missed snapshot is filed under its past date',
    file: 'functions/core/schedules/decide.ts',
    search: "if (input.source.kind === 'snapshot' && timeAfter(input.timetable, window.to) <= now)",
    replace: "if (input.source.kind === 'incremental' && timeAfter(input.timetable, window.to) < new Date(0))",
    tests: ['test/unit/core/schedules'],
  },
];
