import { parseRecord, sha256Hex } from '../../../functions/core/reports/manifest.ts';
import type { NewObject } from '../../../functions/core/reports/archive.ts';
import type { AttemptKey, SealedWindow } from '../../../functions/core/schedules/window-store.ts';
import type { MemoryArchive } from '../../support/memory-archive.ts';
import type { MemoryWindowStore } from '../../support/memory-window-store.ts';
import { CHAIN_RULES } from './chain-model.ts';

/** Exports as the simulation has them, step by step against the chain model's conditions: asked before each step. */
export class ChainTrace {
  steps = 0;
  readonly #windows: MemoryWindowStore;
  readonly #archive: MemoryArchive;

  constructor(windows: MemoryWindowStore, archive: MemoryArchive) {
    this.#windows = windows;
    this.#archive = archive;
  }

  /** An attempt that was begun: no other ran. */
  begun(job: string, running: boolean): string | undefined {
    this.steps += 1;
    return CHAIN_RULES.mayBegin(running ? 1 : 0) ? undefined : `an attempt at ${job} is begun while another one runs`;
  }

  /** A record that came into being: its attempt runs, it is the only one of its window, and what it names is there. */
  written({ key, bytes }: NewObject, isTaken: boolean): string | undefined {
    const record = parseRecord(bytes);
    if (record === undefined) return undefined;
    this.steps += 1;
    const window = this.#windows.windows.get(`${record.job} ${new Date(record.window.from).toISOString()}`);
    const objects = record.kind === 'export' ? [...record.parts, record.summary] : [];
    const hasParts = objects.every(({ key: part, versionId, sha256 }) => {
      const version = this.#archive.objects.get(part)?.find((one) => one.versionId === versionId);
      return version !== undefined && sha256Hex(version.bytes) === sha256;
    });
    const runs = window?.state === 'running';
    return CHAIN_RULES.mayWrite({ runs, isTaken, hasParts }) ? undefined : `${key} is written out of turn`;
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
