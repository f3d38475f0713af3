import type { PlantedFault } from './fault.ts';

const CONSENT = 'functions/core/authorization';
const DYNAMODB = 'functions/adapters/dynamodb';
const AUTHORIZATION_STORE = ['test/contract/authorization-store.test.ts'];
const CONNECTION_STORE = ['test/contract/connection-store.test.ts'];

export const CONSENT_FAULTS: readonly PlantedFault[] = [
  {
    name: 'callback: no lease',
    file: `${CONSENT}/complete.ts`,
    search: 'if (held !== undefined) return { before, held, attempt, until };',
    replace: 'return { before, held: held ?? before, attempt, until };',
    tests: ['test/unit/core/authorization/callback.test.ts'],
  },
  {
    name: 'callback: a lease that a dead holder leaves makes nobody look',
    file: `${CONSENT}/complete.ts`,
    search: '      dueAt: until,\n',
    replace: '',
    tests: ['test/unit/core/authorization/callback.test.ts'],
  },
  {
    name: 'callback: tokens are thrown away when the table cannot be read',
    file: `${CONSENT}/complete.ts`,
    search: 'if (error instanceof StoreUnavailableError) return last;',
    replace: '',
    tests: ['test/unit/core/authorization/callback.test.ts'],
  },
  {
    name: 'callback: the state is not burnt',
    file: `${CONSENT}/callback.ts`,
    search: 'if (!(await authorizations.burn(pending, clock.now()))) return',
    replace: 'if (pending.stateHash === undefined) return',
    tests: ['test/unit/core/authorization/callback.test.ts'],
  },
  {
    name: "callback: another browser's cookie will do",
    file: `${CONSENT}/callback.ts`,
    search: 'if (browser === undefined || !isSameHash(secretHash(browser), pending.browserHash)) {',
    replace: 'if (browser === undefined) {',
    tests: ['test/unit/core/authorization/callback.test.ts'],
  },
  {
    name: 'callback: the state is burnt after the exchange',
    file: `${CONSENT}/callback.ts`,
    search:
      "  if (!(await authorizations.burn(pending, clock.now()))) return page('invalid', 400);\n  const cleared = [cookies.clear(pending.stateHash)];\n  const completion = await complete(dependencies, pending, query, deadline);\n",
    replace:
      "  const cleared = [cookies.clear(pending.stateHash)];\n  const completion = await complete(dependencies, pending, query, deadline);\n  if (!(await authorizations.burn(pending, clock.now()))) return page('invalid', 400);\n",
    tests: ['test/unit/core/authorization/callback.test.ts'],
  },
  {
    name: 'callback: a link lives an instant too long',
    file: `${CONSENT}/begin.ts`,
    search: 'ticket.expiresAt <= clock.now()',
    replace: 'ticket.expiresAt < clock.now()',
    tests: ['test/unit/core/authorization/connect.test.ts'],
  },
  {
    name: 'callback: the answer of another issuer',
    file: `${CONSENT}/callback.ts`,
    search: "  if (query.iss !== pending.issuer) return { page: 'invalid', status: 400, reason: 'issuer' };\n",
    replace: '',
    tests: ['test/unit/core/authorization/callback.test.ts'],
  },
  {
    name: 'callback: a consent that replaces what it has not seen',
    file: `${DYNAMODB}/connection-writes.ts`,
    search:
      "    update.require(`${update.name('generation')} = ${update.value(commit.authorization.replacesGeneration)}`);\n",
    replace: '',
    tests: CONNECTION_STORE,
  },
  {
    name: 'callback: a consent after a disconnect',
    file: `${DYNAMODB}/connection-writes.ts`,
    search: "    update.require(`attribute_exists(${update.name('attempts', commit.attempt)})`);\n",
    replace: '',
    tests: CONNECTION_STORE,
  },
  {
    name: 'callback: the issuer that may answer is forgotten',
    file: `${DYNAMODB}/authorization-fields.ts`,
    search: "['sealedVerifier', 'issuer', 'authorizedBy', 'outcome']",
    replace: "['sealedVerifier', 'authorizedBy', 'outcome']",
    tests: AUTHORIZATION_STORE,
  },
  {
    name: 'callback: no other account may ever take the place',
    file: `${DYNAMODB}/authorization-fields.ts`,
    search: 'scopes: item.scopes as string[],\n    replaceAccount: item.replaceAccount === true,\n',
    replace: 'scopes: item.scopes as string[],\n    replaceAccount: false,\n',
    tests: AUTHORIZATION_STORE,
  },
  {
    name: 'callback: how it ended is told to nobody',
    file: `${DYNAMODB}/authorization-store.ts`,
    search: 'shardOf(pending.connection, shardCount), events, now);',
    replace: 'shardOf(pending.connection, shardCount), [], now);',
    tests: AUTHORIZATION_STORE,
  },
];
