import * as fc from 'fast-check';
import type { HttpResponse } from '../../functions/core/http.ts';
import type { JsonValue } from '../../functions/core/json.ts';

/** How a good answer is spoiled: one place in it is something else, or gone. */
export interface Spoiling {
  /** Counted through everything that stands in the answer, and around again. */
  readonly at: number;
  readonly instead: { readonly value: JsonValue } | 'gone';
}

const strange = fc.constantFrom<JsonValue>(
  null,
  '',
  '\u0000',
  '2026-02-30T25:61:00Z',
  '=cmd()',
  -1,
  0,
  1e308,
  true,
  [],
  {},
  [[]],
  { id: null },
  '__proto__',
  'https://elsewhere.example/',
);

/** Every way to spoil an answer. */
export const spoiling: fc.Arbitrary<Spoiling> = fc.record({
  at: fc.nat(100_000),
  instead: fc.oneof(
    fc.constant('gone' as const),
    fc.oneof(strange, fc.jsonValue() as fc.Arbitrary<JsonValue>).map((value) => ({ value })),
  ),
});

interface Place {
  readonly holder: Record<string, JsonValue> | JsonValue[];
  readonly name: string;
}

function placesIn(value: JsonValue): readonly Place[] {
  if (value === null || typeof value !== 'object') return [];
  const holder = value as Place['holder'];
  return Object.entries(value).flatMap(([name, inner]) => [{ holder, name }, ...placesIn(inner)]);
}

/** A copy of a document that is spoiled in one place. */
export function spoiled(document: JsonValue, { at, instead }: Spoiling): JsonValue {
  const root = { document: structuredClone(document) };
  const places = placesIn(root);
  const { holder, name } = places[at % places.length] as Place;
  if (instead === 'gone') {
    if (Array.isArray(holder)) holder.splice(Number(name), 1);
    else delete holder[name];
  } else if (Array.isArray(holder)) holder[Number(name)] = instead.value;
  else holder[name] = instead.value;
  return root.document ?? null;
}

/** An answer with a spoiled body, where its body is JSON. */
export function spoiledAnswer(answer: HttpResponse, how: Spoiling): HttpResponse {
  try {
    const document = JSON.parse(Buffer.from(answer.body).toString('utf8')) as JsonValue;
    return { ...answer, body: Buffer.from(JSON.stringify(spoiled(document, how))) };
  } catch {
    return { ...answer, body: answer.body.slice(0, how.at % (answer.body.byteLength + 1)) };
  }
}
