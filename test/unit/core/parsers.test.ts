// oxlint-disable vitest/expect-expect -- a property that does not hold throws by itself
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCallbackQuery } from '../../../functions/core/authorization/callback-query.ts';
import { createBrowserCookies } from '../../../functions/core/authorization/cookies.ts';
import { hasDuplicateMembers } from '../../../functions/core/authorization/json-members.ts';
import type { TokenCommit } from '../../../functions/core/connections/store.ts';
import { CredentialsMissingError, SealBrokenError } from '../../../functions/core/errors.ts';
import { splitSealed } from '../../../functions/core/sealing/sealed-format.ts';
import { rescueFromText, rescueText } from '../../../functions/core/tokens/rescue.ts';
import { readSecretText } from '../../../functions/core/tokens/secret-text.ts';
import { checkedApiEndpoint } from '../../../functions/providers/actionstep/hosts.ts';
import { parseSettings } from '../../../functions/providers/actionstep/settings.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: fc.constantFrom('%', '&', '=', '+', 's', 'state', 'code', '[]', 'A', '0', ' ', '"', '{', '}') }),
);
const secretText = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((b) => Buffer.from(b).toString('base64url'));
const visible = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 200 });
const other = fc.tuple(fc.stringMatching(/^x[a-z]{1,10}$/), fc.string({ unit: 'grapheme', maxLength: 20 }));

describe('readCallbackQuery', () => {
  it('S13, S22, S23, S60: takes nothing that a state or a code cannot be, and never throws', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const query = readCallbackQuery(text);
        if (query === undefined) return true;
        const isCode = query.code === undefined || /^[\x20-\x7e]{1,2048}$/.test(query.code);
        return /^[\w-]{43}$/.test(query.state) && isCode;
      }),
      { numRuns: 5000 },
    );
  });

  it('reads back what a good server wrote, whatever else it sends and in whatever order', () => {
    fc.assert(
      fc.property(secretText, visible, fc.array(other, { maxLength: 20 }), fc.nat(), (state, code, others, turn) => {
        const pairs = [...others, ['state', state] as const, ['code', code] as const];
        const at = turn % pairs.length;
        const form = new URLSearchParams([...pairs.slice(at), ...pairs.slice(0, at)] as [string, string][]);
        expect(readCallbackQuery(form.toString())).toEqual({ state, code });
      }),
    );
  });

  it('S14, S21, S43: takes no parameter twice, however it is spelled', () => {
    const name = fc.constantFrom('state', 'code', 'iss', 'error', 'error_description', 'error_uri');
    fc.assert(
      fc.property(
        secretText,
        name,
        fc.nat({ max: 4 }),
        fc.constantFrom('', '[]', '[0]'),
        (state, twice, at, suffix) => {
          const spelled = `${twice.slice(0, at)}%${twice.charCodeAt(at).toString(16)}${twice.slice(at + 1)}${suffix}`;
          expect(readCallbackQuery(`state=${state}&code=x&${twice}=y&${spelled}=z`)).toBeUndefined();
        },
      ),
    );
  });
});

describe('cookies', () => {
  it('S03, S04: a value is read only from exactly one cookie of this authorization', () => {
    const cookies = createBrowserCookies('https://steward.example');
    fc.assert(
      fc.property(secretText, secretText, fc.array(anyText, { maxLength: 5 }), (value, hash, noise) => {
        const [mine = ''] = cookies.set(hash, value).split(';');
        expect(cookies.read([...noise, mine], hash)).toBe(value);
        expect(cookies.read([mine, ...noise, mine], hash)).toBeUndefined();
        expect(cookies.read(noise, hash)).toBeUndefined();
      }),
    );
  });
});

describe('hasDuplicateMembers', () => {
  it('S33: finds none in what JSON.stringify wrote', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => !hasDuplicateMembers(JSON.stringify(value))));
  });

  it('S33: finds the one that was put in, at any depth and in any spelling', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.string(), fc.nat({ max: 5 }), (one, two, name, depth) => {
        const spelled = name === '' ? '' : `\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}`;
        const again = name === '' ? '' : spelled + JSON.stringify(name.slice(1)).slice(1, -1);
        let text = `{${JSON.stringify(name)}:${JSON.stringify(one)},"${again}":${JSON.stringify(two)}}`;
        for (let level = 0; level < depth; level += 1) text = level % 2 === 0 ? `[1,${text}]` : `{"a":${text},"b":0}`;
        expect(hasDuplicateMembers(text)).toBe(true);
      }),
    );
  });
});

describe('readSecretText', () => {
  it('S90: gives a client or says what is missing, and repeats nothing of the secret', () => {
    const secret = fc.oneof(
      anyText,
      fc.json(),
      fc.json().map((text) => `{"clientId":"i","clientSecret":${text}}`),
    );
    fc.assert(
      fc.property(
        secret,
        fc.option(fc.constantFrom('__proto__', 'constructor', 'one'), { nil: undefined }),
        (text, key) => {
          try {
            const found = readSecretText(text, { name: 'steward/test/acme', ...(key === undefined ? {} : { key }) });
            return found.clientId !== '' && found.clientSecret !== '';
          } catch (error) {
            if (!(error instanceof CredentialsMissingError)) throw error;
            return text.length < 30 || !error.message.includes(text);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('what was spilled', () => {
  const at = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01T00:00:00Z') });
  const token = fc.record({ sealed: fc.uint8Array({ maxLength: 500 }), issuedAt: at, expiresAt: at });
  const commit: fc.Arbitrary<TokenCommit> = fc.record(
    {
      name: fc.string(),
      provider: fc.string(),
      attempt: fc.string(),
      spent: fc.string(),
      generation: fc.nat(),
      fingerprint: fc.string(),
      access: token,
      refresh: token,
      apiEndpoint: fc.webUrl(),
      scopes: fc.array(fc.string()),
      health: fc.constantFrom('connected' as const, 'suspect' as const),
      nextRefreshAt: at,
      rejections: fc.nat(),
      lastError: fc.record({ code: fc.string(), message: fc.string(), at }),
      resolves: fc.array(fc.string()),
      releasesLease: fc.boolean(),
      authorization: fc.record({
        stateHash: fc.string(),
        ticketHash: fc.string(),
        authorizedAt: at,
        replacesGeneration: fc.nat(),
      }),
    },
    {
      requiredKeys: [
        'name',
        'provider',
        'attempt',
        'spent',
        'generation',
        'fingerprint',
        'access',
        'health',
        'rejections',
        'resolves',
        'releasesLease',
      ],
    },
  );

  it('R21: comes back as it was, to the byte and the millisecond', () => {
    fc.assert(
      fc.property(commit, (set) => {
        expect(rescueFromText(rescueText(set))).toEqual(set);
      }),
    );
  });
});

describe('splitSealed', () => {
  it('S83: splits or refuses any bytes, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          const { wrapped, nonce, body, tag } = splitSealed(bytes);
          return nonce.length === 12 && tag.length === 16 && wrapped.length + body.length + 31 === bytes.length;
        } catch (error) {
          return error instanceof SealBrokenError;
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('checkedApiEndpoint', () => {
  const settings = parseSettings({});
  const pieces = fc.constantFrom(
    'https://',
    'http://',
    'ap-southeast-2',
    '.actionstep.com',
    '.evil.example',
    '/api/',
    '@',
    ':443',
    '\\',
    '#',
    '?',
    '\t',
    '%2e',
    '.',
    'K',
    '/',
  );

  it('S74: whatever is put together, what is taken leads to a host of Actionstep and nowhere else', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(pieces, { maxLength: 7 }).map((parts) => parts.join('')),
          fc.webUrl(),
        ),
        (text) => {
          const taken = checkedApiEndpoint(text, settings);
          if (taken === undefined) return true;
          const { protocol, hostname, pathname, search, hash, port, username } = new URL(taken);
          const isBare = pathname === '/api/' && `${search}${hash}${port}${username}` === '';
          return protocol === 'https:' && /^[a-z0-9-]+\.actionstep\.com$/.test(hostname) && isBare;
        },
      ),
      { numRuns: 5000 },
    );
  });
});
