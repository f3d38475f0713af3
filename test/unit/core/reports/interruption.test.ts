import { describe, expect, it } from 'vitest';
import type { Durable, ExportDependencies } from '../../../../functions/core/reports/run-types.ts';
import { createWorld, DAY, pagesOf, someRows } from '../../../support/export-world.ts';
import { createRunExport } from '../../../../functions/core/reports/export.ts';

const INPUT = {
  job: 'rows',
  from: '2026-01-01T00:00:00Z',
  to: '2026-01-02T00:00:00Z',
  attempt: 1,
  action: 'export',
} as const;

describe('createRunExport', () => {
  it('E01 throws the runtime’s own interruption on, so that a lost checkpoint is no failed attempt', async () => {
    const steps: string[] = [];
    const interruption = Object.assign(new Error('Checkpoint failed'), { isUnrecoverable: true });
    const durable: Durable = {
      step: async (name) => {
        steps.push(name);
        throw interruption;
      },
      wait: async () => undefined,
      deadline: { remainingMs: () => 900_000 },
      isInterruption: (error) => error === interruption,
    };

    await expect(createRunExport({} as ExportDependencies)(INPUT, durable)).rejects.toBe(interruption);
    expect(steps).toEqual(['plan']);
  });

  it('E01 records at once what the runtime ends for good: its name is spent, and nobody would start it again', async () => {
    const world = createWorld();
    const input = await world.begin(DAY.from, DAY.to);
    const end = Object.assign(new Error('Too many operations'), { isUnrecoverableExecution: true });
    const durable: Durable = {
      step: async () => {
        throw end;
      },
      wait: async () => undefined,
      deadline: { remainingMs: () => 900_000 },
      isInterruption: (error) => error === end,
      endsExecution: (error) => error === end,
    };
    await expect(world.run(input, durable)).rejects.toBe(end);
    expect(await world.windows.find('nightly', new Date(DAY.from))).toMatchObject({
      state: 'failed',
      error: { code: 'UNKNOWN', retryable: true },
    });
  });
});

describe('a part that does not fit into an invocation', () => {
  it('E02 I21 is made smaller instead of being read for ever', async () => {
    // Ten pages of which an invocation has time for six.
    const pages = pagesOf(someRows(40), 4);
    let left = 0;
    const world = createWorld({
      readPage: (cursor, ...rest) => {
        left -= 130_000;
        return pages(cursor, ...rest);
      },
    });
    const journal = { entries: [] as { name: string; result: string }[] };
    const input = await world.begin(DAY.from, DAY.to);
    const options = { journal, remainingMs: () => left, onInvocation: () => void (left = 900_000) };
    expect(await world.drive(input, options)).toMatchObject({ result: { state: 'exported', rows: 40 } });
    const { parts } = world.manifest(DAY.from, DAY.to);
    const rows = parts.filter(({ format }) => format === 'csv').map((part) => part.rows);
    expect(rows.reduce((sum, count) => sum + count, 0)).toBe(40);
    expect(rows.length).toBeGreaterThan(1);
    expect(journal.entries.length).toBeLessThan(30);
  });
});
