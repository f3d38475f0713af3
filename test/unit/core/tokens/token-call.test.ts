import { describe, expect, it } from 'vitest';
import {
  ClientRejectedError,
  CredentialsMissingError,
  EgressRefusedError,
  GrantRejectedError,
  ProviderResponseInvalidError,
  ProviderUnavailableError,
  ServiceError,
  StoreUnavailableError,
} from '../../../../functions/core/errors.ts';
import type { EgressPolicy, HttpRequest, HttpResponse } from '../../../../functions/core/http.ts';
import type { Provider, TokenGrant } from '../../../../functions/core/provider.ts';
import { callTokenEndpoint, type TokenCall } from '../../../../functions/core/tokens/token-call.ts';
import { tokenProvider } from '../../../support/token-provider.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const acme = tokenProvider('acme');
const ours = { clientId: 'client', clientSecret: 'canary-old' };
const spending: TokenGrant = { type: 'refresh-token', refreshToken: 'r', redirectUri: 'https://steward.example/cb' };
const responseOf = (status: number, body: object = {}): HttpResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: new TextEncoder().encode(JSON.stringify(body)),
});
const TOKENS = { access_token: 'a', refresh_token: 'canary-next', expires_in: 3600 };

/** One exchange: what is answered in turn, and what the secret says when it is asked again. */
function exchange(
  answers: readonly (HttpResponse | Error)[],
  change: Partial<TokenCall> = {},
  secrets: readonly (typeof ours | Error)[] = [],
) {
  const sent: { request: HttpRequest; allowed: EgressPolicy }[] = [];
  const asked: object[] = [];
  const call: TokenCall = {
    provider: acme,
    context: { connection: 'c1', settings: {} },
    grant: spending,
    secret: { name: 'acme' },
    credentials: ours,
    deadline: { remainingMs: () => 55_000 },
    timeoutMs: 15_000,
    budgetMs: 24_000,
    ...change,
  };
  const dependencies = {
    // Each answer takes ten seconds.
    clock: { now: () => new Date(NOW.getTime() + sent.length * 10_000) },
    send: async (request: HttpRequest, allowed: EgressPolicy) => {
      sent.push({ request, allowed });
      const answer = answers[sent.length - 1] ?? responseOf(500);
      if (answer instanceof Error) throw answer;
      return answer;
    },
    credentials: {
      get: async (_secret: unknown, options: object = {}) => {
        asked.push(options);
        const found = secrets[asked.length - 1] ?? ours;
        if (found instanceof Error) throw found;
        return found;
      },
    },
  };
  return { sent, asked, result: callTokenEndpoint(dependencies, call) };
}
const replying = (error: Error): Provider => ({
  ...acme,
  token: {
    ...acme.token,
    reply: () => {
      throw error;
    },
  },
});

describe('a token call', () => {
  it('S73: goes to the endpoint alone, within its time and 64 KiB', async () => {
    const { sent, result } = exchange([responseOf(200, TOKENS)]);
    expect(await result).toMatchObject({ kind: 'granted', sentAt: NOW });
    const [{ request, allowed } = {}] = sent;
    expect(request).toMatchObject({ timeoutMs: 15_000, maxBytes: 65_536 });
    const urls = ['https://acme.example/token', 'https://acme.example/other', 'https://elsewhere.example/token'];
    expect(urls.map((url) => allowed?.(new URL(url)))).toEqual([true, false, false]);
    const strict = exchange([responseOf(200, TOKENS)], { provider: { ...acme, allows: () => false } });
    await strict.result;
    expect(strict.sent[0]?.allowed(new URL('https://acme.example/token'))).toBe(false);
  });

  const sent = { sent: true };
  it.each<[string, HttpResponse | Error, Error | undefined, string]>([
    ['nothing left us', new EgressRefusedError('elsewhere'), undefined, 'refused'],
    ['nothing was sent', new ProviderUnavailableError('refused', { sent: false }), undefined, 'unavailable'],
    ['silence after bytes were sent', new ProviderUnavailableError('reset', sent), undefined, 'ambiguous'],
    ['5xx', responseOf(503), new ProviderUnavailableError('503', sent), 'unavailable'],
    ['no answer that can be read', new ProviderResponseInvalidError('too large'), undefined, 'ambiguous'],
    ['our own trouble', new StoreUnavailableError('down'), undefined, 'refused'],
    ['404', responseOf(404), new ProviderResponseInvalidError('404'), 'refused'],
    ['404 that is our own trouble', responseOf(404), new StoreUnavailableError('down'), 'refused'],
    ['199', responseOf(199), new ProviderResponseInvalidError('199'), 'refused'],
    ['300', responseOf(300), new ProviderResponseInvalidError('300'), 'refused'],
    ['200', responseOf(200), new ProviderResponseInvalidError('200'), 'ambiguous'],
    ['299', responseOf(299), new ProviderResponseInvalidError('299'), 'ambiguous'],
    ['a refusal', responseOf(400), new GrantRejectedError('invalid_grant'), 'grant-rejected'],
  ])('R09: says what became of the token: %s', async (_what, answer, failure, kind) => {
    const { result } = exchange([answer], failure === undefined ? {} : { provider: replying(failure) });
    const { error, ...rest } = (await result) as { error?: unknown };
    expect(rest).toEqual({ kind });
    expect(error).toBeInstanceOf(ServiceError);
  });

  it('S34: saves the tokens of a reply that is not understood, never of a refusal or of an error’s page', async () => {
    const not = new ProviderResponseInvalidError('not a token reply');
    const reply = { refreshToken: 'canary-next' };
    const kept = exchange([responseOf(200, TOKENS)], { provider: replying(not) });
    expect(await kept.result).toMatchObject({ kind: 'granted', reply, sentAt: NOW });
    const bug = exchange([responseOf(200, TOKENS)], { provider: replying(new TypeError('a bug')) });
    expect(await bug.result).toMatchObject({ kind: 'granted', reply });
    const refused = exchange([responseOf(200, TOKENS)], { provider: replying(new GrantRejectedError('no')) });
    expect(await refused.result).toMatchObject({ kind: 'grant-rejected' });
    for (const status of [199, 300, 404]) {
      const page = exchange([responseOf(status, TOKENS)], { provider: replying(new TypeError('a bug')) });
      await expect(page.result).rejects.toThrow(TypeError);
    }
  });
});

describe('a client that was refused', () => {
  const refused = responseOf(401, { error: 'invalid_client' });
  const granted = responseOf(200, TOKENS);
  const other = { clientId: 'client', clientSecret: 'canary-new' };

  it.each<[string, readonly (typeof ours | Error)[]]>([
    ['the secret of now', [other]],
    ['another client', [{ ...ours, clientId: 'other' }]],
    ['the secret of before', [ours, other]],
    ['the secret of before, where there is no answer', [new StoreUnavailableError('down'), other]],
    ['the secret of before, where the one of now is gone', [new CredentialsMissingError('none'), other]],
  ])('S88: calls once more with %s', async (_what, secrets) => {
    const { result, asked, sent } = exchange([refused, granted], {}, secrets);
    expect((await result).kind).toBe('granted');
    expect(asked).toEqual([{ fresh: true }, { previous: true }].slice(0, secrets.length));
    expect(sent).toHaveLength(2);
  });

  it('S88: is the word where there is no other secret', async () => {
    for (const secrets of [
      [ours, ours],
      [ours, new CredentialsMissingError('none')],
    ]) {
      const { result, sent } = exchange([refused, granted], {}, secrets);
      expect(await result).toMatchObject({ kind: 'client-rejected', error: expect.any(ClientRejectedError) });
      expect(sent).toHaveLength(1);
    }
  });

  it('S88: hides no bug', async () => {
    await expect(exchange([refused, granted], {}, [new TypeError('a bug')]).result).rejects.toThrow(TypeError);
  });

  it.each([
    [24_000, 'granted'],
    [23_999, 'client-rejected'],
  ])('P01: with %i ms left: %s', async (left, kind) => {
    const { result } = exchange([refused, granted], { deadline: { remainingMs: () => left } }, [other]);
    expect((await result).kind).toBe(kind);
  });
});
