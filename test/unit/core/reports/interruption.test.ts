import { describe, expect, it } from 'vitest';
import type { Durable, ExportDependencies } from '../../../../functions/core/reports/run-types.ts';
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
});
