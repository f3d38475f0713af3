import { GAP, MANIFEST } from './names.ts';
import type { Finding, LocatedRecord } from './verify.ts';

/** One version of one key. Of each key there is one newest version, which is what a reader gets who names none. */
export interface ListedVersion {
  readonly key: string;
  /** Absent in a folder, which has one version of each file and no ids. */
  readonly versionId?: string;
  readonly newest: boolean;
  /** Nothing but the word that the key was deleted. What lay there lies beneath it. */
  readonly deleteMarker: boolean;
}

/** What a job has in an archive. */
export interface JobFolder {
  readonly records: string[];
  /** Everything else, by the folder of its window. */
  readonly strays: Map<string, readonly string[]>;
}

export interface ArchiveListing {
  /** By `<connection>/<job>`. */
  readonly folders: ReadonlyMap<string, JobFolder>;
  /** Files where no export has any; what lies under `incomplete/` is there for inspection. */
  readonly outside: readonly Finding[];
  /** Ids of a key's versions, markers left out, the newest first. Empty in a folder. */
  versions(key: string): readonly string[];
  isDeleted(key: string): boolean;
}

interface Listed {
  deleted: boolean;
  readonly versions: string[];
}

/** Reads what there is. Keys under a delete marker are there still: nothing that was locked can be deleted otherwise. */
export async function listArchive(list: AsyncIterable<ListedVersion>): Promise<ArchiveListing> {
  const keys = new Map<string, Listed>();
  for await (const { key, versionId, newest, deleteMarker } of list) {
    const listed = keys.get(key) ?? { deleted: false, versions: [] };
    keys.set(key, listed);
    if (deleteMarker) listed.deleted ||= newest;
    else listed.versions[newest ? 'unshift' : 'push'](versionId ?? '');
  }
  const there = [...keys].filter(([, { versions }]) => versions.length > 0);
  return {
    ...groupByJob(there),
    versions: (key) => (keys.get(key)?.versions ?? []).filter((id) => id !== ''),
    isDeleted: (key) => keys.get(key)?.deleted === true,
  };
}

function groupByJob(keys: readonly (readonly [string, Listed])[]): Pick<ArchiveListing, 'folders' | 'outside'> {
  const folders = new Map<string, JobFolder>();
  const outside: Finding[] = [];
  for (const [key, { deleted }] of keys) {
    const parts = key.split('/');
    const job = parts.slice(0, parts.length === 4 ? 2 : -1).join('/');
    const isRecord = key.endsWith(`/${MANIFEST}`) || key.endsWith(`/${GAP}`);
    if (parts[0] === 'incomplete' || (deleted && !isRecord)) continue;
    if (parts.length !== 4) {
      outside.push({ kind: 'stray', job: job || '/', key, message: 'No export lies here' });
      continue;
    }
    const folder = folders.get(job) ?? { records: [], strays: new Map<string, readonly string[]>() };
    folders.set(job, folder);
    const window = parts.slice(0, 3).join('/');
    if (isRecord) folder.records.push(key);
    else folder.strays.set(window, [...(folder.strays.get(window) ?? []), key]);
  }
  return { folders, outside };
}

/**
 * What was put on top of signed versions. They are intact, but whoever names no version gets what nobody signed, and a
 * copy of the archive has that alone. Object Lock keeps versions; it does not keep them on top.
 */
export function versionFindings(
  job: string,
  records: readonly LocatedRecord[],
  listing: Pick<ArchiveListing, 'versions' | 'isDeleted'>,
): readonly Finding[] {
  return records.flatMap(({ key, record }) => {
    const window = `${record.window.from}/${record.window.to}`;
    const found = (at: string, message: string | undefined): readonly Finding[] =>
      message === undefined ? [] : [{ kind: 'version', job, window, key: at, message }];
    const own = found(key, aboveRecord(listing.versions(key), listing.isDeleted(key)));
    if (record.kind === 'gap') return own;
    return [
      ...own,
      ...[...record.parts, record.summary].flatMap((object) =>
        found(object.key, abovePart(object.versionId, listing.versions(object.key), listing.isDeleted(object.key))),
      ),
    ];
  });
}

/** A record is written once, so that it has one version. */
function aboveRecord(versions: readonly string[], deleted: boolean): string | undefined {
  const [newest, ...others] = versions;
  if (deleted) return `A delete marker hides this record; version ${newest} lies beneath it`;
  if (others.length === 0) return undefined;
  return `A record is written once, and this one has ${versions.length} versions: ${others.join(', ')} beneath ${newest}`;
}

function abovePart(signed: string, versions: readonly string[], deleted: boolean): string | undefined {
  if (!versions.includes(signed)) return undefined;
  if (deleted) return `A delete marker hides this file; the signed version ${signed} lies beneath it`;
  if (versions[0] === signed) return undefined;
  return `Version ${versions[0]}, which nobody signed, lies on top of the signed version ${signed}`;
}
