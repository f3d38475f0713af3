import { describe, expect, it } from 'vitest';
import { generationFingerprint, tokenFingerprint } from '../../../../functions/core/connections/fingerprint.ts';
import type { TokenCommit } from '../../../../functions/core/connections/store.ts';
import { ConfigInvalidError } from '../../../../functions/core/errors.ts';
import { buildCommit, type CommitParts } from '../../../../functions/core/tokens/build-commit.ts';
import { rescueFromText, rescueText } from '../../../../functions/core/tokens/rescue.ts';
import { tokenProvider } from '../../../support/token-provider.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const inMs = (ms: number) => new Date(NOW.getTime() + ms);
const SECOND = 1000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

const rotating = tokenProvider('acme');
const client = tokenProvider('ops', { grant: 'client-credentials' });
const sealedText = (text: string, purpose: string) => new TextEncoder().encode(`${purpose}:${text}`);

function commitOf(change: object = {}, connection: object = {}, reply: object = {}): TokenCommit {
  return buildCommit({
    connection: { name: 'c1', settings: {}, paused: false, failures: 0, warnedDays: [], generation: 3, ...connection },
    provider: rotating,
    reply: { accessToken: 'a', expiresInSeconds: 3600, refreshToken: 'r', ...reply },
    sentAt: NOW,
    seal: (text: string, { purpose, generation }: { purpose: string; generation: number }) =>
      sealedText(`${text}@${generation}`, purpose),
    generation: 4,
    attempt: 'attempt',
    spent: 'spent',
    resolves: ['attempt'],
    releasesLease: true,
    rejections: 0,
    ...change,
  } as unknown as CommitParts);
}
const without = { refreshToken: undefined };

describe('buildCommit()', () => {
  it('is the token set, sealed for its generation, and nothing that nobody said', () => {
    const commit = commitOf();
    expect(commit).toMatchObject({
      name: 'c1',
      provider: 'acme',
      attempt: 'attempt',
      spent: 'spent',
      generation: 4,
      fingerprint: tokenFingerprint('r'),
      access: { sealed: sealedText('a@4', 'access'), issuedAt: NOW, expiresAt: inMs(HOUR) },
      refresh: { sealed: sealedText('r@4', 'refresh'), issuedAt: NOW },
      health: 'connected',
      rejections: 0,
      resolves: ['attempt'],
      releasesLease: true,
    });
    for (const name of [
      'scopes',
      'providerAccount',
      'apiEndpoint',
      'authorization',
      'lastError',
      'failures',
      'warnedDays',
    ]) {
      expect(commit).not.toHaveProperty(name);
    }
    const said = { scopes: ['read'], account: 'one', apiEndpoint: 'https://acme.example/' };
    const authorization = { stateHash: 's', ticketHash: 't', authorizedAt: NOW, replacesGeneration: 3 };
    expect(commitOf({ authorization }, {}, said)).toMatchObject({
      scopes: ['read'],
      providerAccount: 'one',
      apiEndpoint: 'https://acme.example/',
      authorization,
    });
  });

  it('R27: cuts a life to whole milliseconds', () => {
    expect(commitOf({}, {}, { expiresInSeconds: 0.0019 }).access.expiresAt).toEqual(inMs(1));
  });

  it('R31, R32: keeps the life of a token that stays, and begins a new one’s', () => {
    const refresh = { sealed: new Uint8Array(), issuedAt: inMs(-DAY), expiresAt: inMs(DAY) };
    for (const reply of [without, { refreshToken: 'old' }]) {
      const kept = commitOf({ spentToken: 'old' }, { refresh }, reply);
      expect(kept.refresh).toMatchObject({ issuedAt: inMs(-DAY), expiresAt: inMs(DAY) });
      expect(kept).toMatchObject({ fingerprint: tokenFingerprint('old'), health: 'connected' });
    }
    const life = rotating.token.assumedRefreshTokenLifetimeMs?.({}) ?? 0;
    expect(commitOf({ spentToken: 'old' }, { refresh }).refresh).toMatchObject({
      issuedAt: NOW,
      expiresAt: inMs(life),
    });
    const { assumedRefreshTokenLifetimeMs: _, ...token } = rotating.token;
    const unlimited = commitOf({ provider: { ...rotating, token } });
    expect(unlimited.refresh?.expiresAt).toEqual(inMs(3650 * DAY));
    expect(commitOf({ spentToken: 'old' }, {}, without).refresh).toMatchObject({ issuedAt: NOW });
  });

  it('keeps a refresh token alive that lives shorter than a week', () => {
    const token = { ...rotating.token, assumedRefreshTokenLifetimeMs: () => DAY };
    const next = commitOf({ provider: { ...rotating, token } }, { paused: true }).nextRefreshAt;
    expect(next?.getTime()).toBeLessThanOrEqual(NOW.getTime() + DAY / 3);
  });

  it('S36: is suspect without a refresh token, until its access ends', () => {
    const commit = commitOf({}, {}, without);
    expect(commit).toMatchObject({
      health: 'suspect',
      fingerprint: generationFingerprint('c1', 4),
      nextRefreshAt: inMs(HOUR),
      lastError: { code: 'REFRESH_TOKEN_MISSING', message: `${rotating.title} sent no refresh token`, at: NOW },
    });
    expect(commit).not.toHaveProperty('refresh');
  });

  it('S36: is suspect, and due at once, with the refresh token of before', () => {
    const token = { sealed: new Uint8Array(), issuedAt: inMs(-DAY), expiresAt: inMs(DAY), generation: 3 };
    const kept = { fingerprint: 'f-kept', token };
    const message = `${rotating.title} sent no refresh token; the one from before is tried`;
    expect(commitOf({ kept }, {}, without)).toMatchObject({
      health: 'suspect',
      fingerprint: 'f-kept',
      refresh: token,
      nextRefreshAt: NOW,
      lastError: { code: 'REFRESH_TOKEN_MISSING', message },
    });
    const lapsed = commitOf({ kept }, {}, { ...without, expiresInSeconds: 0 });
    expect(lapsed.nextRefreshAt?.getTime()).toBeGreaterThan(NOW.getTime());
  });

  it('is suspect, and a failure, when its access has run out as it comes', () => {
    const commit = commitOf({}, { failures: 2 }, { accessToken: '', expiresInSeconds: 0, refused: ['form'] });
    expect(commit).toMatchObject({ health: 'suspect', failures: 3, lastError: { code: 'REPLY_REFUSED', at: NOW } });
    expect(commit.lastError?.message).toContain('cannot be used');
    expect(commit.nextRefreshAt?.getTime()).toBeGreaterThan(NOW.getTime() + 4 * 60 * SECOND);
  });

  it('has no refresh token where a secret is all that there is', () => {
    const commit = commitOf({ provider: client, spentToken: 'x' }, {}, { refreshToken: 'r' });
    expect(commit).not.toHaveProperty('refresh');
    expect(commit).not.toHaveProperty('lastError');
    expect(commit).toMatchObject({ health: 'connected', fingerprint: generationFingerprint('c1', 4) });
  });

  it.each([
    [5 * SECOND, true],
    [5 * SECOND + 1, false],
    [-5 * SECOND, true],
    [-5 * SECOND - 1, false],
  ])('takes two ends %i ms apart for the same: %s', (apart, isSame) => {
    const refresh = { sealed: new Uint8Array(), issuedAt: inMs(-DAY), expiresAt: inMs(21 * DAY + apart) };
    const commit = commitOf({}, { refresh, warnedDays: [7] });
    expect(commit.warnedDays).toEqual(isSame ? [7] : undefined);
    const access = { sealed: new Uint8Array(), issuedAt: inMs(-HOUR), expiresAt: inMs(HOUR + apart) };
    const again = commitOf({ provider: client }, { access });
    expect(again.nextRefreshAt?.getTime() === NOW.getTime() + HOUR + SECOND).toBe(isSame);
  });
});

describe('a token set as text', () => {
  const lastError = { code: 'X', message: 'y', at: inMs(5) };
  const authorization = { stateHash: 's', ticketHash: 't', authorizedAt: inMs(7), replacesGeneration: 3 };

  it('R21: is read back as it was written, whole or bare', () => {
    const whole = { ...commitOf({ authorization }), lastError, nextRefreshAt: inMs(9) };
    const kept = { ...whole, refresh: { ...whole.access, generation: 2 }, access: { ...whole.access, generation: 3 } };
    const { refresh: _, nextRefreshAt: __, lastError: ___, authorization: ____, ...bare } = whole;
    for (const commit of [whole, kept, bare]) {
      const read = rescueFromText(rescueText(commit));
      expect(read).toStrictEqual(commit);
    }
  });

  it('R21: of another version is left alone', () => {
    const other = rescueText(commitOf()).replace('"schema":1', '"schema":2');
    expect(() => rescueFromText(other)).toThrow(ConfigInvalidError);
    expect(() => rescueFromText(other)).toThrow(/schema 2/);
    const cause = expect.any(SyntaxError) as SyntaxError;
    expect(() => rescueFromText('{')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', cause }));
  });
});
