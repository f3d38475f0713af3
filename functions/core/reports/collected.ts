import type { JsonObject } from '../json.ts';
import { addGroups, type GroupCounts } from './groups.ts';
import type { ManifestPart } from './manifest.ts';
import type { PartResult, Position } from './read-part.ts';
import { boundedDrift, type Drift } from './schema.ts';
import type { Completeness } from './source.ts';

/** All that the parts of an export said, added up. */
export interface Collected {
  readonly position: Position;
  readonly parts: readonly ManifestPart[];
  readonly groups: GroupCounts;
  readonly drift: readonly Drift[];
  readonly requests: number;
  readonly readAt: string;
  readonly sourceTotal?: number;
  readonly completeness?: Completeness;
  readonly facts: JsonObject;
}

export function nothingCollected(observedAt: string): Collected {
  return {
    position: { part: 1, rows: 0 },
    parts: [],
    groups: {},
    drift: [],
    requests: 0,
    readAt: observedAt,
    facts: {},
  };
}

/** One more part. The last word on total and completeness counts. */
export function collect(sofar: Collected, result: PartResult): Collected {
  const known = new Set(sofar.drift.map(({ column }) => column));
  const sourceTotal = result.sourceTotal ?? sofar.sourceTotal;
  const completeness = result.completeness ?? sofar.completeness;
  return {
    position: result.position,
    parts: [...sofar.parts, ...result.parts],
    groups: addGroups(sofar.groups, result.groups),
    drift: boundedDrift([...sofar.drift, ...result.drift.filter(({ column }) => !known.has(column))]),
    requests: sofar.requests + result.requests,
    readAt: result.readAt,
    facts: { ...sofar.facts, ...result.facts },
    ...(sourceTotal === undefined ? {} : { sourceTotal }),
    ...(completeness === undefined ? {} : { completeness }),
  };
}
