import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rescueFromText } from '../../functions/core/tokens/rescue.ts';
import { steward } from '../support/command.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));

describe('P13 archives that an earlier version wrote', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'steward-archive-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it.each(readdirSync(`${FIXTURES}archive`))('format %s verifies with the key of its time', async (format) => {
    const recorded = join(FIXTURES, 'archive', format);
    cpSync(join(recorded, 'archive'), folder, { recursive: true });
    const args = ['--directory', '/nowhere', 'verify', folder, '--key', join(recorded, 'public.pem')];
    const whole = await steward(args);
    expect([whole.code, whole.stdout]).toEqual([0, expect.stringContaining('Everything verifies.')]);

    const part = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('.csv')) ?? '';
    writeFileSync(join(folder, part), readFileSync(join(folder, part), 'utf8').replace(',', ';'));
    expect((await steward(args)).code).toBe(1);
  });
});

describe('P13 token sets that an earlier version rescued', () => {
  it('schema 1 is merged as it was meant', () => {
    const noon = new Date('2026-03-01T12:00:00Z');
    const token = {
      sealed: new Uint8Array([1, 2, 3]),
      issuedAt: noon,
      expiresAt: new Date('2026-03-01T13:00:00Z'),
    };
    expect(rescueFromText(readFileSync(`${FIXTURES}rescue/1.json`, 'utf8'))).toEqual({
      name: 'acme',
      provider: 'actionstep',
      attempt: 'a',
      spent: 'f1',
      generation: 2,
      fingerprint: 'f2',
      access: token,
      refresh: token,
      apiEndpoint: 'https://ap-southeast-2.actionstepstaging.com/api/',
      scopes: ['actions'],
      providerAccount: 'acmelegal',
      health: 'connected',
      nextRefreshAt: noon,
      rejections: 0,
      failures: 1,
      lastError: { code: 'X', message: 'why', at: noon },
      resolves: ['a'],
      releasesLease: true,
      authorization: {
        stateHash: 's',
        ticketHash: 't',
        authorizedBy: 'an operator',
        authorizedAt: noon,
        replacesGeneration: 1,
      },
    });
  });
});
