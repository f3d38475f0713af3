import { describe, expect, it } from 'vitest';
import { boundedApi } from '../../../../functions/core/alerts/bounded-api.ts';
import type { OpenApi } from '../../../../functions/core/api.ts';
import type { ApiRequest } from '../../../../functions/core/provider.ts';

async function timeoutOf(timeoutMs: number | undefined, left: number): Promise<number | undefined> {
  let sent: ApiRequest | undefined;
  const api = {
    call: async (request: ApiRequest) => {
      sent = request;
      return { status: 200, headers: {}, body: new Uint8Array() };
    },
  } as unknown as OpenApi;
  const request: ApiRequest = { method: 'GET', path: 'alerts', ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  await boundedApi(api, { remainingMs: () => left }).call(request);
  return sent?.timeoutMs;
}

describe('boundedApi()', () => {
  it('I24 P01 ends each call while there is time to record what came before it', async () => {
    expect(await timeoutOf(60_000, 50_000)).toBe(42_000);
    expect(await timeoutOf(15_000, 50_000)).toBe(15_000);
    expect(await timeoutOf(undefined, 50_000)).toBe(20_000);
    expect(await timeoutOf(undefined, 3000)).toBe(1000);
  });
});
