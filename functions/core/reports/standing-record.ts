import type { Chain } from '../schedules/window-store.ts';
import type { Archive } from './archive.ts';
import { parseRecord } from './manifest.ts';
import { GAP, MANIFEST } from './names.ts';
import type { ExportInput } from './run-types.ts';

/**
 * The record that a run before wrote and could not make known. A window has one place in the chain: an export that was
 * written late counts for the gap that was to be recorded in its stead, or the two would share a number for good. A gap that
 * is being filled has both.
 */
export async function standingRecord(
  archive: Archive,
  prefix: string,
  { action }: ExportInput,
  chain: Chain,
): Promise<string | null> {
  const [own, other] = action === 'gap' ? [GAP, MANIFEST] : [MANIFEST, GAP];
  if ((await archive.read(`${prefix}${own}`)) !== undefined) return `${prefix}${own}`;
  if (action === 'fill') return null;
  const bytes = await archive.read(`${prefix}${other}`);
  const record = bytes && parseRecord(bytes);
  const fits = record?.sequence === chain.sequence + 1 && record.previous?.sha256 === chain.last?.sha256;
  return fits ? `${prefix}${other}` : null;
}
