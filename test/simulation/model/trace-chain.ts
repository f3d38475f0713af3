import { parseRecord, sha256Hex } from '../../../functions/core/reports/manifest.ts';
import type { NewObject } from '../../../functions/core/reports/archive.ts';
import type { AttemptKey, NewAttempt, SealedWindow } from '../../../functions/core/schedules/window-store.ts';
import type { MemoryArchive } from '../../support/memory-archive.ts';
import type { MemoryWindowStore } from '../../support/memory-window-store.ts';
import { type BeginConditions, CHAIN_RULES } from './chain-model.ts';

/** Exports as the simulation has them, step by step against the chain model's conditions: asked before each step. */
export class ChainTrace {
  steps = 0;
  readonly #windows: MemoryWindowStore;
  readonly #archive: MemoryArchive;

  constructor(windows: MemoryWindowStore, archive: MemoryArchive) {
    this.#windows = windows;
    this.#archive = archive;
  }

  /** What the beginning of an attempt hangs on, before it takes place. */
  beginning({ job, from, action }: Pick<NewAttempt, 'job' | 'from' | 'action'>): BeginConditions {
    const chain = this.#windows.chains.get(job);
    const others = [...this.#windows.windows.values()].filter(
      (one) => one.job === job && Number(one.from) !== Number(from),
    );
    const state = this.#windows.windows.get(`${job} ${from.toISOString()}`)?.state ?? 'new';
    return {
      isBusy: chain?.current !== undefined,
      action,
      state: state === 'incomplete' ? 'failed' : state,
      standsElsewhere: others.some(({ error, state: one }) => one !== 'exported' && error?.mayStand === true),
    };
  }

  /** An attempt that was begun: no other ran, and no other may have left a record. */
  begun(job: string, conditions: BeginConditions): string | undefined {
    this.steps += 1;
    return CHAIN_RULES.mayBegin(conditions) ? undefined : `an attempt at ${job} is begun out of turn`;
  }

  /** A record that came into being: its attempt runs, it is the only one of its window, and what it names is there. */
  written({ key, bytes }: NewObject, isTaken: boolean): string | undefined {
    const record = parseRecord(bytes);
    if (record === undefined) return undefined;
    this.steps += 1;
    const window = this.#windows.windows.get(`${record.job} ${new Date(record.window.from).toISOString()}`);
    const objects = record.kind === 'export' ? [...record.parts, record.summary] : [];
    const hasAll = objects.every(({ key: part, versionId, sha256 }) => {
      const version = this.#archive.objects.get(part)?.find((one) => one.versionId === versionId);
      return version !== undefined && sha256Hex(version.bytes) === sha256;
    });
    const fills = record.kind === 'export' ? record.fills?.sha256 : undefined;
    const runs = window?.state === 'running' && (window.action === 'fill') === (fills !== undefined);
    const hasGap = fills === undefined || fills === window?.sealed?.manifestSha256;
    return CHAIN_RULES.mayWrite({ runs, isTaken, hasAll: hasAll && hasGap })
      ? undefined
      : `${key} is written out of turn`;
  }

  /** A seal that was taken: its attempt ran, and its record stands and follows the chain's head. */
  sealed({ job, from, attempt }: AttemptKey, sealed: SealedWindow, before: Before): string | undefined {
    this.steps += 1;
    const bytes = this.#archive.objects.get(sealed.manifestKey)?.at(-1)?.bytes;
    const stands = bytes !== undefined && sha256Hex(bytes) === sealed.manifestSha256;
    const runs = before.attempt === attempt && before.from === from.getTime();
    const fits = stands && before.sequence + 1 === sealed.sequence;
    return CHAIN_RULES.maySeal({ runs, fits }) ? undefined : `${job} is sealed out of turn`;
  }

  /** The chain's head and its running attempt. */
  head(job: string): Before {
    const chain = this.#windows.chains.get(job);
    return {
      sequence: chain?.sequence ?? 0,
      from: chain?.current?.from.getTime(),
      attempt: chain?.current?.attempt,
    };
  }
}

interface Before {
  readonly sequence: number;
  readonly from: number | undefined;
  readonly attempt: number | undefined;
}
