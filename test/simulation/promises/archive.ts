import { verifyArchive } from '../../../functions/core/reports/verify.ts';
import { bucketReader } from '../../support/archive-reader.ts';
import { PUBLIC_KEY } from '../state.ts';
import type { World } from '../worlds.ts';
import { fail, type Looks } from './promises.ts';

/** Jobs whose windows are closed when they are read: whoever reads them, and however often, reads the same. */
const CLOSED = ['firm/notes/'];

/** What the archive's port can do: each makes a whole object, or none. */
const WHOLE = ['archive.write', 'archive.create', 'archive.read', 'archive.lock', 'archive.remove'];

/** I18 to I23 and I27: what a reader of the archive sees. */
export class ArchiveChecks {
  /** Whether there is a record that has not been looked at yet. */
  unverified = false;
  readonly #world: World;
  readonly #looks: Looks;
  #objects = 0;

  constructor(world: World, looks: Looks) {
    this.#world = world;
    this.#looks = looks;
  }

  check(): void {
    const { objects } = this.#world.cloud.archive;
    const { archiveEffects } = this.#world.ports;
    for (const effect of archiveEffects) {
      if (!WHOLE.includes(effect)) fail(`I23: ${effect} may leave half an object`);
    }
    if (objects.size === this.#objects) return;
    const fresh = [...objects.keys()].slice(this.#objects);
    this.#looks.at('I23', fresh.length);
    this.#objects = objects.size;
    if (fresh.some((key) => key.endsWith('manifest.json') || key.endsWith('gap.json'))) this.unverified = true;
  }

  /** What a reader sees is whole, signed, chained, tiles time, and is told apart by its job. */
  async verify(): Promise<void> {
    this.unverified = false;
    const { archive } = this.#world.cloud;
    const { ok, findings } = await verifyArchive(bucketReader(archive), PUBLIC_KEY);
    if (!ok) fail(`I18, I19: ${findings.map(({ kind, message }) => `${kind}: ${message}`).join('; ')}`);
    for (const [key, versions] of archive.objects) this.#checkObject(key, versions);
  }

  #checkObject(key: string, versions: readonly { readonly bytes: Uint8Array }[]): void {
    const prefix = this.#world.prefixes.find((one) => key.startsWith(one));
    this.#looks.at('I27');
    if (prefix === undefined) fail(`I27: ${key} is under the prefix of no job`);
    if (/\/part-\d+/u.test(key) && CLOSED.includes(prefix)) {
      this.#looks.at('I21');
      if (versions.length > 1) fail(`I21: ${key} has ${versions.length} versions, and its rows have not changed`);
    }
    if (!key.endsWith('manifest.json')) return;
    this.#looks.at('I18');
    this.#looks.at('I19');
    if (versions.length > 1) fail(`I19: ${key} was written ${versions.length} times`);
    const text = Buffer.from(versions[0]?.bytes ?? []).toString('utf8');
    const { rows, sourceTotal } = JSON.parse(text) as { readonly rows: number; readonly sourceTotal: number | null };
    if (sourceTotal === null) return;
    this.#looks.at('I22');
    if (rows !== sourceTotal) fail(`I22: ${key} has ${rows} rows of ${sourceTotal}`);
  }
}
