import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createSend } from '../../../functions/http/send.ts';

interface AgentOptions {
  readonly keepAliveTimeout: number;
  readonly keepAliveMaxTimeout: number;
  readonly pipelining: number;
  readonly connect: { readonly lookup: LookupFunction };
}

const seen = vi.hoisted(() => ({ options: [] as unknown[], addresses: [] as LookupAddress[] }));

/** Stands for undici's, and connects to nothing. */
vi.mock('../../../functions/http/undici.ts', () => ({
  Agent: class {
    constructor(options: unknown) {
      seen.options.push(options);
    }
    dispatch(_request: unknown, handler: { onResponseError(controller: unknown, error: Error): void }) {
      handler.onResponseError(undefined, Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
    }
  },
}));

vi.mock('node:dns', async (load) => ({
  ...(await load<typeof import('node:dns')>()),
  lookup: (_name: string, _options: unknown, answer: (error: null, found: LookupAddress[]) => void) =>
    answer(null, seen.addresses),
}));

/** The agent that a sender makes for its first request. */
async function agentOptions(): Promise<AgentOptions> {
  const send = createSend({ allowLoopback: false });
  const request = { method: 'GET', url: new URL('https://api.acme.example/'), headers: {} } as const;
  await expect(send(request, () => true)).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE', sent: false });
  return seen.options.at(-1) as AgentOptions;
}

const PUBLIC = { address: '93.184.216.34', family: 4 };
const INSIDE = [
  { address: '169.254.169.254', family: 4 },
  { address: '10.0.0.1', family: 4 },
];

describe('the agent of a sender', () => {
  beforeEach(() => {
    seen.options.length = 0;
  });

  it('P07: closes an idle socket before the peer does, whatever the peer says of its own patience', async () => {
    const { keepAliveTimeout, keepAliveMaxTimeout, pipelining } = await agentOptions();
    expect(keepAliveTimeout).toBeLessThan(5000);
    expect(keepAliveMaxTimeout).toBeLessThan(5000);
    expect(pipelining).toBe(1);
  });

  it.each([
    ['one public address beside others', [...INSIDE, PUBLIC], [PUBLIC]],
    ['public addresses alone', [PUBLIC], [PUBLIC]],
  ])('S77: connects to the public ones only of %s', async (_what, found, usable) => {
    const { connect } = await agentOptions();
    seen.addresses = found;
    const answered = vi.fn<Parameters<LookupFunction>[2]>();
    connect.lookup('api.acme.example', { all: true }, answered);
    connect.lookup('api.acme.example', {}, answered);
    expect(answered.mock.calls).toEqual([
      [null, usable],
      [null, PUBLIC.address, PUBLIC.family],
    ]);
  });

  it('S77: connects to none where none is public', async () => {
    const { connect } = await agentOptions();
    seen.addresses = INSIDE;
    const answered = vi.fn<Parameters<LookupFunction>[2]>();
    connect.lookup('api.acme.example', { all: true }, answered);
    expect(answered).toHaveBeenCalledWith(expect.objectContaining({ code: 'EADDRNOTPUBLIC' }), '', 0);
  });
});
