import { describe, expect, it } from 'vitest';
import { executionName } from '../../../../functions/core/schedules/start-export.ts';

const KEY = { job: 'nightly', from: new Date('2026-03-10T02:00:00Z'), attempt: 1 };

describe('the name of an execution', () => {
  it('is the same for the same attempt in every version of the code: it is what makes a start idempotent', () => {
    // printf 'test|nightly|2026-03-10T02:00:00.000Z|1' | openssl dgst -sha256 -binary | base32 | tr -d = | tr A-Z a-z
    expect(executionName('test', KEY)).toBe('qlgdd6azrm4mxthvyavzcuebsobyh6qlr6xntdfn6hfllnnb5gyq');
  });

  it('is another one for every other stage, job, window and attempt', () => {
    const names = [
      executionName('test', KEY),
      executionName('other', KEY),
      executionName('test', { ...KEY, job: 'weekly' }),
      executionName('test', { ...KEY, from: new Date('2026-03-11T02:00:00Z') }),
      executionName('test', { ...KEY, attempt: 2 }),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(names.every((name) => /^[a-z2-7]{52}$/.test(name))).toBe(true);
  });
});
