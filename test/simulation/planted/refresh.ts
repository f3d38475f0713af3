import type { PlantedFault } from './fault.ts';

const TOKENS = 'functions/core/tokens';
const DYNAMODB = 'functions/adapters/dynamodb';
const CONNECTION_STORE = ['test/contract/connection-store.test.ts'];
const TOKEN_TESTS = ['refresh', 'refresh-crash', 'overlap'].map((name) => `test/unit/core/tokens/${name}.test.ts`);

export const REFRESH_FAULTS: readonly PlantedFault[] = [
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
    search: 'if (await mergeRescued(dependencies, leased, deadline)) {',
    replace: 'if (connection.attempts.length > 99 && (await mergeRescued(dependencies, leased, deadline))) {',
    tests: TOKEN_TESTS,
  },
  {
    name: 'refresh: a lease that is shorter than an invocation',
    file: `${TOKENS}/timing.ts`,
    search: 'export const LEASE_MS = 90 * SECOND_MS;',
    replace: 'export const LEASE_MS = 10 * SECOND_MS;',
    tests: TOKEN_TESTS,
  },
  {
    name: 'refresh: the lease is given back although nobody knows what became of the request',
    file: `${TOKENS}/settle.ts`,
    search: '{ ...change, nextRefreshAt: new Date(later), resolves: deadAttempts(leased).map(({ id }) => id) },',
    replace: '{ ...change, nextRefreshAt: new Date(later), releasesLease: true, resolves: [attempt] },',
    tests: TOKEN_TESTS,
  },
  {
    name: 'refresh: a token set that cannot be stored is not spilled',
    file: `${TOKENS}/store-tokens.ts`,
    search: '    await rescue.put(commit.name, commit.spent, body);\n',
    replace: '    void rescue;\n',
    tests: TOKEN_TESTS,
  },
  {
    name: 'refresh: a spill that nobody waits for',
    file: `${TOKENS}/store-tokens.ts`,
    search: '  await spill(dependencies, commit);\n  return',
    replace: '  void spill(dependencies, commit);\n  return',
    tests: TOKEN_TESTS,
  },
  {
    name: 'refresh: a refused token is taken for dead without a second look',
    file: `${TOKENS}/verdict.ts`,
    search: 'if (current === undefined || current.fingerprint !== leased.spends) {',
    replace: 'if (current === undefined) {',
    tests: TOKEN_TESTS,
  },
  {
    name: 'refresh: a person is asked before the rescue bucket is',
    file: `${TOKENS}/verdict.ts`,
    search: 'const found = await lookForSuccessor(dependencies, leased, deadline);',
    replace: "const found = await lookForSuccessor(dependencies, { ...leased, spends: '' }, deadline);",
    tests: TOKEN_TESTS,
  },
  {
    name: 'refresh: any answer of an endpoint that refuses everybody is taken for a grant',
    file: `${TOKENS}/sweep-gate.ts`,
    search: "if (word.kind === 'granted') record.granted += 1;",
    replace: "if (word.kind !== 'refused') record.granted += 1;",
    tests: ['test/unit/core/tokens/breaker.test.ts'],
  },
  {
    name: 'refresh: a token that was refused before is condemned in the middle of an incident',
    file: `${TOKENS}/spend-token.ts`,
    search: "return { kind: 'done', result: judgeAgain(dependencies, leased, deadline) };",
    replace:
      "const verdict = judgeAgain(dependencies, leased, deadline);\n        return { kind: 'done', result: { outcome: 'decide' in verdict ? await verdict.decide(false) : verdict.outcome } };",
    tests: TOKEN_TESTS,
  },
  {
    name: 'refresh: a 5xx says that the grant is gone',
    file: `${TOKENS}/spend-token.ts`,
    search: 'if (rotates && error instanceof GrantRejectedError) {',
    replace: "if ((result.kind === 'grant-rejected' || result.kind === 'unavailable') && rotates) {",
    tests: TOKEN_TESTS,
  },
  {
    name: 'refresh: a token is spent without the time to store its successor',
    file: `${TOKENS}/spend-token.ts`,
    search: "if (deadline.remainingMs() >= SPEND_BUDGET_MS) return { kind: 'call', grant };",
    replace: "return { kind: 'call', grant };",
    tests: TOKEN_TESTS,
  },
  {
    name: 'refresh: one failure leaves its neighbours running',
    file: 'functions/core/connections/connection-access.ts',
    search: 'await allEnded([',
    replace: 'await Promise.all([',
    tests: ['test/unit/core/connections/connection-access.test.ts'],
  },
  {
    name: 'refresh: a rescue read after the replay',
    file: `${TOKENS}/spend-token.ts`,
    search: '  const before = await beforeCall(dependencies, leased, deadline);\n',
    replace:
      '  const first = { ...leased, connection: { ...connection, attempts: [] } };\n  const before = await beforeCall(dependencies, first, deadline);\n',
    tests: TOKEN_TESTS,
  },
  {
    name: 'refresh: the high water is raised before the commit',
    file: `${TOKENS}/store-tokens.ts`,
    search:
      "  const outcome = await commitOrSpill(dependencies, commit, events, deadline);\n  if (outcome.kind === 'committed') await raiseHighWater(dependencies, commit, deadline);\n",
    replace:
      '  await raiseHighWater(dependencies, commit, deadline);\n  const outcome = await commitOrSpill(dependencies, commit, events, deadline);\n',
    tests: TOKEN_TESTS,
  },
  {
    name: 'refresh: its own commit is taken for somebody else’s',
    file: `${DYNAMODB}/connection-store.ts`,
    search: "        if (current?.committedAttempt === commit.attempt) return { kind: 'committed' };\n",
    replace: '',
    tests: CONNECTION_STORE,
  },
  {
    name: 'refresh: the commit whatever generation is stored',
    file: `${DYNAMODB}/connection-writes.ts`,
    search: "    update.require(`${update.name('generation')} < ${update.value(commit.generation)}`);\n",
    replace: '',
    tests: CONNECTION_STORE,
  },
  {
    name: 'refresh: what two sweeps find at once is told twice',
    file: `${TOKENS}/settle.ts`,
    search: '  return { generation, unleasedAt: now, nextRefreshAt: nextRefreshAt ?? null };',
    replace: '  return { generation, ...(nextRefreshAt === null ? {} : { unleasedAt: now }) };',
    tests: TOKEN_TESTS,
  },
  {
    name: 'refresh: a verdict while another attempt is open',
    file: `${TOKENS}/verdict.ts`,
    search: '  if (younger.length > 0) {',
    replace: '  if (younger.length > 1) {',
    tests: TOKEN_TESTS,
  },
  {
    name: 'refresh: a token out of a backup is presented',
    file: `${TOKENS}/refresh.ts`,
    search: 'connection.generation < ready.highWater;',
    replace: 'connection.generation + 1 < ready.highWater;',
    tests: TOKEN_TESTS,
  },
  {
    name: 'refresh: a sealed token opens for any generation',
    file: 'functions/core/sealing/sealed-format.ts',
    search: '${measured(String(generation))}`;',
    replace: '${measured(String(generation > 0))}`;',
    tests: ['test/unit/core/sealing'],
  },
  {
    name: 'refresh: the events of a commit are not written',
    file: `${DYNAMODB}/connection-store.ts`,
    search: '...outboxPuts(stateTable, shardOf(commit.name, shardCount), events, now),',
    replace: '...outboxPuts(stateTable, shardOf(commit.name, shardCount), [], now),',
    tests: CONNECTION_STORE,
  },
  {
    name: 'refresh: what became due last comes first',
    file: `${DYNAMODB}/connection-queries.ts`,
    search: '          Limit: PAGE_SIZE,\n',
    replace: '          Limit: PAGE_SIZE,\n          ScanIndexForward: false,\n',
    tests: CONNECTION_STORE,
  },
  {
    name: 'refresh: the first page of what is due is all of it',
    file: `${DYNAMODB}/connection-queries.ts`,
    search: 'return last === undefined ? { names }',
    replace: 'return last === undefined || names.length <= PAGE_SIZE ? { names }',
    tests: CONNECTION_STORE,
  },
  {
    name: 'refresh: a read that may lag is trusted',
    file: `${DYNAMODB}/connection-store.ts`,
    search: 'TableName: connectionsTable, Key: key(name), ConsistentRead: true',
    replace: 'TableName: connectionsTable, Key: key(name)',
    tests: CONNECTION_STORE,
  },
  {
    name: 'refresh: a token is believed to live from when its answer came',
    file: `${TOKENS}/token-call.ts`,
    search: "    return { kind: 'granted', reply, sentAt };\n",
    replace: "    return { kind: 'granted', reply, sentAt: clock.now() };\n",
    tests: ['test/unit/core/tokens/token-call.test.ts'],
  },
  {
    name: 'refresh: a rescued set is removed before it is stored',
    file: `${TOKENS}/merge-rescued.ts`,
    search: '  const outcome = await storeTokens(dependencies, commit, [row], deadline);\n',
    replace:
      '  await forget(dependencies, connection.name, rescued.spent);\n  const outcome = await storeTokens(dependencies, commit, [row], deadline);\n',
    tests: ['test/unit/core/tokens/merge-rescued.test.ts'],
  },
  {
    name: 'refresh: a rescue bucket that nobody may read is an empty one',
    file: 'functions/adapters/s3/rescue-store.ts',
    search: "error.name === 'NoSuchKey')",
    replace: "['NoSuchKey', 'AccessDenied'].includes(error.name))",
    tests: ['test/contract/rescue-store.test.ts'],
  },
  {
    name: 'refresh: one nonce for all that a preparation seals',
    file: 'functions/core/sealing/sealer.ts',
    search:
      '      return (text, context) => {\n        const key = held.get(context.purpose);\n        if (key === undefined) throw new RangeError(`No data key was prepared for ${context.purpose}`);\n        return writeSealed(text, { key, nonce: random.bytes(NONCE_BYTES), allocate }, context);\n',
    replace:
      '      const nonce = random.bytes(NONCE_BYTES);\n      return (text, context) => {\n        const key = held.get(context.purpose);\n        if (key === undefined) throw new RangeError(`No data key was prepared for ${context.purpose}`);\n        return writeSealed(text, { key, nonce, allocate }, context);\n',
    tests: ['test/unit/core/sealing'],
  },
  {
    name: 'refresh: KMS opens under whichever key it lies',
    file: 'functions/adapters/kms/data-keys.ts',
    search: 'new DecryptCommand({ KeyId: keyArn, CiphertextBlob',
    replace: 'new DecryptCommand({ CiphertextBlob',
    tests: ['test/contract/data-keys.test.ts'],
  },
  {
    name: 'refresh: the time that is left stands still',
    file: 'functions/adapters/powertools/entry.ts',
    search: 'remainingMs: () => context.getRemainingTimeInMillis()',
    replace: 'remainingMs: ((left) => () => left)(context.getRemainingTimeInMillis())',
    tests: ['test/unit/adapters/powertools/entry.test.ts'],
  },
  {
    name: 'refresh: nobody is woken for what a sweep wrote that failed',
    file: 'functions/token-refresher/handler.ts',
    search:
      '    try {\n      return await sweep(tick, deadline);\n    } finally {\n      await announce(tick.shard);\n    }\n',
    replace: '    const report = await sweep(tick, deadline);\n    await announce(tick.shard);\n    return report;\n',
    tests: ['test/unit/token-refresher/handler.test.ts'],
  },
];
