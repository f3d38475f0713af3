import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../../functions/core/errors.ts';
import { createRequestExport } from '../../../../functions/core/schedules/request-export.ts';
import { createReportScene } from '../../../support/report-scene.ts';

const at = (time: string) => new Date(`2026-03-${time}Z`);
const HOUR = 3_600_000;

/** The chain covers 10 March, 02:00, to the 11th; what it covers ended as `states` say. */
async function scene(states: readonly ('exported' | 'gap')[] = ['exported'], description = {}) {
  const made = createReportScene(description);
  await made.jobs.configure(made.job, made.state.now);
  for (const [index, state] of states.entries()) {
    await made.tick(at(`${11 + index}T02:00:10`).toISOString());
    await made.seal(made.started.at(-1)!.input, state);
  }
  const ask = createRequestExport({
    jobs: made.jobs,
    windows: made.windows,
    describe: made.described,
    clock: made.clock,
  });
  return { ...made, ask: (span?: Parameters<typeof ask>[1]) => ask('nightly', span) };
}

describe('asking for an export, at its edges', () => {
  it('gives the reason for a snapshot that has none of its own', async () => {
    const { ask } = await scene([], { kind: 'snapshot' });
    await expect(ask({ from: at('01T00:00:00') })).rejects.toThrow('only shows the present state');
  });

  it('reaches up to this very second for a snapshot, whatever its settle delay', async () => {
    const made = await scene([], { kind: 'snapshot', settleMs: HOUR });
    made.state.now = at('10T12:00:00.900');
    expect(await made.ask()).toMatchObject({ from: at('10T02:00:00'), to: at('10T12:00:00') });
  });

  it('has nothing newer at the very end of what is covered', async () => {
    const made = await scene();
    made.state.now = at('11T02:00:00.999');
    await expect(made.ask()).rejects.toThrow('nothing newer');
    made.state.now = at('11T02:00:01');
    expect(await made.ask()).toMatchObject({ to: at('11T02:00:01') });
  });

  it('takes a back-fill that ends where the chain begins or inside it, and none that leaves a hole', async () => {
    const { ask } = await scene();
    const added = { from: at('08T00:00:00'), to: at('10T02:00:00'), fills: [] };
    expect(await ask({ from: added.from, to: at('10T02:00:00') })).toEqual(added);
    expect(await ask({ from: added.from, to: at('10T12:00:00') })).toEqual(added);
    expect(await ask({ from: added.from })).toEqual(added);
    await expect(ask({ from: added.from, to: at('10T01:59:59') })).rejects.toThrow('adjoins');
    await expect(ask({ from: added.from, to: added.from })).rejects.toThrow('later than --from');
  });

  it('says from where to where gaps are filled: one, or the first to the last of many', async () => {
    const { ask } = await scene(['gap', 'gap', 'exported', 'gap']);
    expect(await ask({ from: at('10T02:00:00'), to: at('11T00:00:00') })).toMatchObject({
      from: at('10T02:00:00'),
      to: at('11T02:00:00'),
    });
    expect(await ask({ from: at('10T02:00:00') })).toMatchObject({ from: at('10T02:00:00'), to: at('14T02:00:00') });
  });

  it('has written down every gap that is to be filled when the poller is woken for them', async () => {
    const made = await scene(['gap', 'gap', 'exported']);
    const { request } = made.jobs;
    const written: unknown[] = [];
    made.jobs.request = async (...given) => {
      written.push((await made.windows.chain('nightly'))?.asked);
      return request(...given);
    };
    await made.ask({ from: at('10T02:00:00') });
    expect(written).toEqual([[at('10T02:00:00'), at('11T02:00:00')]]);
  });

  it('asks no store for a span that is empty', async () => {
    const made = await scene();
    made.windows.gaps = async () => Promise.reject(new Error('asked'));
    await expect(made.ask({ from: at('11T02:00:00') })).rejects.toThrow(UsageError);
    await expect(made.ask({ from: at('12T02:00:00') })).rejects.toThrow(UsageError);
  });
});
