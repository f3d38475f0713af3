import type { Model } from './explore.ts';

interface Publisher {
  readonly holds: boolean;
  /** Rows it has read and not yet published; then what it published and has not marked. */
  readonly wave: readonly number[];
  readonly sent: readonly number[];
}

export interface OutboxState {
  /** Versions of one alert that wait, in order. */
  readonly rows: readonly number[];
  readonly written: number;
  readonly published: readonly number[];
  readonly marked: readonly number[];
  /** Who holds the shard; -1 is nobody. */
  readonly lease: number;
  readonly publishers: readonly Publisher[];
  readonly crashes: number;
  readonly losses: number;
}

export interface OutboxOptions {
  readonly versions?: number;
  readonly publishers?: number;
  readonly crashes?: number;
  readonly losses?: number;
  readonly rules?: OutboxRules;
}

/** The protocol's conditions, which the trace check asks too. */
export interface OutboxRules {
  /** Who may take the shard: `-1` is nobody's. */
  mayTake(lease: number): boolean;
  /** Of one subject's rows that wait, in order. */
  mayPublish(waiting: readonly number[], version: number): boolean;
  mayMark(published: readonly number[], version: number): boolean;
}

export const OUTBOX_RULES: OutboxRules = {
  mayTake: (lease) => lease === -1,
  mayPublish: (waiting, version) => waiting[0] === version,
  mayMark: (published, version) => published.includes(version),
};

const RESTING: Publisher = { holds: false, wave: [], sent: [] };

/** One alert's versions on their way through a shard's outbox, under a lease, published and then marked. */
export function outboxModel(options: OutboxOptions = {}): Model<OutboxState> {
  const { versions = 3, publishers = 2, crashes = 1, losses = 1, rules = OUTBOX_RULES } = options;
  const change = (state: OutboxState, index: number, publisher: Publisher): OutboxState => ({
    ...state,
    publishers: state.publishers.map((other, place) => (place === index ? publisher : other)),
  });
  return {
    initial: {
      rows: [],
      written: 0,
      published: [],
      marked: [],
      lease: -1,
      publishers: Array.from({ length: publishers }, () => RESTING),
      crashes,
      losses,
    },
    *steps(state) {
      const { rows, written, published, marked, lease } = state;
      if (written < versions)
        yield ['a version is written', { ...state, written: written + 1, rows: [...rows, written + 1] }];
      const isDead = lease >= 0 && !state.publishers[lease]?.holds;
      if (isDead) yield ['the lease is over', { ...state, lease: -1 }];
      for (const [index, mine] of state.publishers.entries()) {
        const name = `publisher ${index}`;
        if (!mine.holds) {
          if (rows.length > 0 && rules.mayTake(lease)) {
            yield [`${name} takes the shard`, { ...change(state, index, { ...RESTING, holds: true }), lease: index }];
          }
          continue;
        }
        if (state.crashes > 0) yield [`${name} dies`, { ...change(state, index, RESTING), crashes: state.crashes - 1 }];
        const [version] = mine.wave;
        const [sent] = mine.sent;
        if (sent !== undefined) {
          const next = change(state, index, { ...mine, sent: mine.sent.slice(1) });
          yield [`${name} marks`, { ...next, rows: rows.filter((row) => row !== sent), marked: [...marked, sent] }];
        } else if (version !== undefined && !rules.mayPublish(rows, version)) {
          yield [`${name} leaves a row for later`, change(state, index, { ...mine, wave: mine.wave.slice(1) })];
        } else if (version !== undefined) {
          const rest = change(state, index, { ...mine, wave: mine.wave.slice(1), sent: [version] });
          yield [`${name} publishes`, { ...rest, published: [...published, version] }];
          if (!published.includes(version) && rules.mayMark(published, version)) {
            const early = change(state, index, { ...mine, wave: mine.wave.slice(1) });
            yield [
              `${name} marks first`,
              { ...early, rows: rows.filter((row) => row !== version), marked: [...marked, version] },
            ];
          }
          if (state.losses > 0) {
            // A failed entry holds its subject's later rows back until the next drain.
            const held = rules.mayPublish(rows, version + 1) ? mine.wave.slice(1) : [];
            yield [`${name} fails`, { ...change(state, index, { ...mine, wave: held }), losses: state.losses - 1 }];
            yield [
              `${name} publishes, and its reply is lost`,
              {
                ...change(state, index, { ...mine, wave: held }),
                losses: state.losses - 1,
                published: [...published, version],
              },
            ];
          }
        } else if (rows.length > 0) {
          yield [`${name} reads`, change(state, index, { ...mine, wave: rows })];
        } else
          yield [
            `${name} gives the shard back`,
            { ...change(state, index, RESTING), lease: lease === index ? -1 : lease },
          ];
      }
    },
    violation({ published, marked, rows, written, publishers: all, ...left }) {
      const faults = crashes - left.crashes + losses - left.losses;
      const firsts = published.filter((version, place) => published.indexOf(version) === place);
      if (firsts.some((version, place) => version !== place + 1)) return 'I14: versions out of order';
      if (published.length - firsts.length > faults) return 'I13: published twice with nothing lost';
      if (marked.some((version) => !published.includes(version))) return 'I12: marked and never published';
      const rests = all.every(({ holds }) => !holds) && rows.length === 0;
      if (rests && firsts.length < written) return 'I12: a version is lost';
      return undefined;
    },
  };
}
