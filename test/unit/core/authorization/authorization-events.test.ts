import { describe, expect, it } from 'vitest';
import { authorizationEvents, missingScopes } from '../../../../functions/core/authorization/authorization-events.ts';
import type { PendingAuthorization } from '../../../../functions/core/authorization/store.ts';
import type { Connection } from '../../../../functions/core/connections/connection.ts';
import type { TokenCommit } from '../../../../functions/core/connections/store.ts';
import { createConnectionEvents } from '../../../../functions/core/tokens/connection-events.ts';

const NOW = new Date('2026-03-01T00:00:00Z');
const EXPIRES = new Date('2026-03-01T01:00:00Z');

function told(
  connection: Partial<Connection> = {},
  commit: Partial<TokenCommit> = {},
  pending: Partial<PendingAuthorization> = {},
) {
  const rows = authorizationEvents(
    { events: createConnectionEvents('test'), clock: { now: () => NOW } },
    { stateHash: 'hash', scopes: ['read'], ...pending } as PendingAuthorization,
    { name: 'c1', provider: 'acme', shard: '0', health: 'connected', generation: 3, ...connection } as Connection,
    {
      generation: 4,
      health: 'connected',
      scopes: ['read'],
      access: { sealed: '', issuedAt: NOW, expiresAt: EXPIRES },
      refresh: { sealed: '', issuedAt: NOW },
      ...commit,
    } as unknown as TokenCommit,
  );
  return rows.map(({ event }) => ({ ...event, type: event.type.replace('steward.connection.', '') }));
}

describe('what a consent says', () => {
  it('S38: misses the scopes that were not granted, but for offline_access, and none where nothing is said', () => {
    expect(missingScopes(['read', 'write', 'offline_access'], ['read'])).toEqual(['write']);
    expect(missingScopes(['read'], undefined)).toEqual([]);
  });

  it('is who consented to what, for which account, and whether once more', () => {
    const [first] = told({ generation: 0 }, { providerAccount: 'one' }, { authorizedBy: 'ops@acme.example' });
    expect(first).toMatchObject({ type: 'authorized', summary: 'c1 was authorized by ops@acme.example' });
    expect(first?.data).toMatchObject({
      again: false,
      scopes: ['read'],
      missingScopes: [],
      authorizedBy: 'ops@acme.example',
      account: 'one',
    });
    expect(first?.data).not.toHaveProperty('replacedAccount');
    const [again] = told({}, { scopes: undefined as never });
    expect(again).toMatchObject({ summary: 'c1 was authorized', data: { again: true, scopes: [], missingScopes: [] } });
    for (const name of ['authorizedBy', 'account', 'replacedAccount']) expect(again?.data).not.toHaveProperty(name);
  });

  it('S38: is graver where scopes are missing', () => {
    const [whole] = told();
    const [less] = told({}, { scopes: [] }, { scopes: ['read', 'write'] });
    expect(less).toMatchObject({ severity: 'medium', summary: 'c1 was authorized, without read write' });
    expect(whole?.severity).not.toBe('medium');
  });

  it('is that one account took another’s place', () => {
    expect(told({ providerAccount: 'one' }, { providerAccount: 'two' })[0]?.data).toMatchObject({
      account: 'two',
      replacedAccount: 'one',
    });
    expect(told({ providerAccount: 'one' }, { providerAccount: 'one' })[0]?.data).not.toHaveProperty('replacedAccount');
  });

  it.each<[Connection['health'], boolean]>([
    ['suspect', true],
    ['reauthorization-required', true],
    ['access-denied', true],
    ['connected', false],
    ['pending', false],
  ])('is that a connection works again which was %s: %s', (health, isTold) => {
    const rows = told({ health });
    expect(rows.map(({ type }) => type)).toEqual(isTold ? ['authorized', 'restored'] : ['authorized']);
    expect(rows[1]?.data.was).toBe(isTold ? health : undefined);
    expect(told({ health }, { health: 'suspect' }).map(({ type }) => type)).toEqual(['authorized']);
  });

  it('S36: is that no refresh token came, and which one stands', () => {
    const none = told({}, { refresh: undefined as never, health: 'suspect' });
    expect(none[1]).toMatchObject({
      type: 'suspect',
      severity: 'high',
      summary: `c1 came without a refresh token: it works until ${EXPIRES.toISOString()}`,
      data: { cause: 'refresh-token-missing', keptTheOneBefore: false },
    });
    const kept = told({}, { refresh: { sealed: '', issuedAt: NOW, generation: 3 } as never });
    expect(kept[1]).toMatchObject({
      summary: 'c1 came without a refresh token: the one from before is being tried',
      data: { cause: 'refresh-token-missing', keptTheOneBefore: true },
    });
  });
});
