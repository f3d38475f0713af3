import * as v from 'valibot';

const instant = v.pipe(
  v.string(),
  v.check((text) => !Number.isNaN(Date.parse(text))),
);

const object = v.looseObject({ key: v.string(), versionId: v.string(), bytes: v.number(), sha256: v.string() });

const base = {
  format: v.literal('steward-manifest/1'),
  connection: v.string(),
  job: v.string(),
  window: v.looseObject({ from: instant, to: instant }),
  sequence: v.pipe(v.number(), v.integer()),
  previous: v.nullable(v.looseObject({ key: v.string(), sha256: v.string() })),
  signature: v.looseObject({ key: v.string(), algorithm: v.string(), value: v.string() }),
};

const part = v.looseObject({
  ...object.entries,
  format: v.string(),
  rows: v.number(),
  gzip: v.boolean(),
  blocks: v.array(v.string()),
  blockBytes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
});

const shape = v.variant('kind', [
  v.looseObject({ ...base, kind: v.literal('gap'), reason: v.string() }),
  v.looseObject({
    ...base,
    kind: v.literal('export'),
    rows: v.number(),
    fills: v.optional(v.looseObject({ sequence: v.number(), key: v.string(), sha256: v.string() })),
    parts: v.array(part),
    summary: object,
    schema: v.looseObject({
      sha256: v.string(),
      columns: v.array(v.looseObject({ name: v.string(), type: v.string() })),
    }),
  }),
]);

/** Whether a value has the members that verifying follows. What stands in a file is not trusted before its signature is. */
export function hasRecordShape(value: unknown): boolean {
  return v.is(shape, value);
}
