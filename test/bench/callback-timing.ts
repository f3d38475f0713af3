import { createAnswerWeb } from '../../functions/core/authorization/answer.ts';
import { createWebWorld } from '../support/web-world.ts';
import { type Bench, type Figure } from './figures.ts';

/** Samples per class; RELIABILITY S68 asks for 10⁵. */
const SAMPLES = 100_000;
/** Welch's t beyond which a difference is no chance (as `dudect` has it). */
const LIMIT = 4.5;

const A43 = 'A'.repeat(43);

/**
 * S68: whether time tells one wrong callback from another. Each pair is sampled in turn, in random order, in one process, so
 * that what else the machine does falls on both alike; the slowest tenth is cut off both at one threshold.
 */
export const callbackTiming: Bench = async () => {
  const world = createWebWorld();
  const { query, state, cookie, code } = await world.begin();
  const answer = createAnswerWeb(world.dependenciesOf());
  const deadline = { remainingMs: () => 29_000 };
  const [name = '', value = ''] = cookie.split('=');
  // Wrong cookies burn a state after five: here it is to last.
  world.authorizations.countMismatch = async () => undefined;
  const ask = (rawQuery: string, sent: string) => () =>
    answer({ method: 'GET', path: '/callback/acme', rawQuery, cookies: [sent], isPrefetch: false }, deadline);
  const other = (at: number) => `${value.slice(0, at)}${value[at] === 'A' ? 'B' : 'A'}${value.slice(at + 1)}`;
  const stateAt = (at: number) => `${state.slice(0, at)}${state[at] === 'A' ? 'B' : 'A'}${state.slice(at + 1)}`;
  return [
    await compare(
      'a wrong cookie: first or last character',
      ask(query, `${name}=${other(0)}`),
      ask(query, `${name}=${other(41)}`),
    ),
    await compare(
      'an unknown state: first or last character',
      ask(`code=${code}&state=${stateAt(0)}`, cookie),
      ask(`code=${code}&state=${stateAt(41)}`, cookie),
    ),
    await compare(
      'an unknown state: near the right one or far',
      ask(`code=x&state=${stateAt(41)}`, cookie),
      ask(`code=x&state=${A43}`, cookie),
    ),
  ];
};

async function compare(what: string, one: () => Promise<unknown>, other: () => Promise<unknown>): Promise<Figure> {
  const times: readonly [number[], number[]] = [[], []];
  const order = new Uint8Array(1);
  for (let warm = 0; warm < 2000; warm += 1) await (warm % 2 === 0 ? one() : other());
  while (times[0].length < SAMPLES || times[1].length < SAMPLES) {
    const which = (crypto.getRandomValues(order)[0] ?? 0) & 1;
    const began = process.hrtime.bigint();
    await (which === 0 ? one() : other());
    times[which === 0 ? 0 : 1].push(Number(process.hrtime.bigint() - began));
  }
  const threshold =
    [...times[0], ...times[1]].toSorted((a, b) => a - b)[Math.floor((times[0].length + times[1].length) * 0.9)] ??
    Infinity;
  const t = Math.abs(
    welch(
      times[0].filter((ns) => ns < threshold),
      times[1].filter((ns) => ns < threshold),
    ),
  );
  return { what, value: `|t| = ${t.toFixed(2)}`, budget: `< ${LIMIT}`, within: t < LIMIT };
}

/** @see https://en.wikipedia.org/wiki/Welch%27s_t-test */
function welch(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = (values: readonly number[], middle: number) =>
    values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  return (meanA - meanB) / Math.sqrt(spread(a, meanA) + spread(b, meanB));
}
