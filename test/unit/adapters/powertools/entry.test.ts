import type { Context } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { createEntry, type Invocation } from '../../../../functions/adapters/powertools/entry.ts';
import { ConfigInvalidError } from '../../../../functions/core/errors.ts';
import type { LogFields } from '../../../../functions/core/log.ts';

function aLog() {
  const lines: [string, LogFields][] = [];
  const note = (event: string, fields: LogFields = {}) => void lines.push([event, fields]);
  return { lines, log: { info: note, warn: note, error: note } };
}

/** What Lambda tells a handler, as far as an entry reads it; its time runs out as the test says. */
function aContext(awsRequestId: string, left: { ms: number }): Context {
  const members = { awsRequestId, functionName: 'poller', getRemainingTimeInMillis: () => left.ms };
  return members as unknown as Context;
}

/** Calls an entry as Lambda does. */
function called<R>(handle: (event: object, invocation: Invocation) => Promise<R>) {
  const { log, lines } = aLog();
  const entry = createEntry(log, handle);
  const call = (context: Context, event: object = {}) => entry(event, context);
  return { lines, call };
}

describe('an entry', () => {
  it('P01: tells its handler the time that is left whenever it asks', async () => {
    const left = { ms: 50_000 };
    const { call } = called(async (_event, { deadline }) => {
      const before = deadline.remainingMs();
      left.ms = 7_000;
      return [before, deadline.remainingMs()];
    });
    expect(await call(aContext('one', left))).toEqual([50_000, 7_000]);
  });

  it('names each invocation by its own id, so that two that overlap are two owners of a lease', async () => {
    const { call } = called(async (_event, { requestId }) => requestId);
    const left = { ms: 1000 };
    expect(await Promise.all(['one', 'two'].map((id) => call(aContext(id, left))))).toEqual(['one', 'two']);
  });

  it('throws on what its handler throws, and logs its code and nothing of the event', async () => {
    const failure = new ConfigInvalidError('no such thing');
    const { call, lines } = called(async () => Promise.reject(failure));
    await expect(call(aContext('one', { ms: 1000 }), { query: 'canary-code' })).rejects.toBe(failure);
    expect(lines).toEqual([
      ['invocation.failed', { code: 'CONFIG_INVALID', name: failure.name, message: 'no such thing' }],
    ]);
  });

  it('logs each of many failures', async () => {
    const failures = new AggregateError([new TypeError('a bug'), 'odd'], 'Some jobs failed');
    const { call, lines } = called(async () => Promise.reject(failures));
    await expect(call(aContext('one', { ms: 1000 }))).rejects.toBe(failures);
    expect(lines).toEqual([
      ['invocation.failed', { code: 'UNKNOWN', name: 'AggregateError', message: 'Some jobs failed' }],
      ['invocation.failed', { name: 'TypeError', message: 'a bug' }],
    ]);
  });
});
