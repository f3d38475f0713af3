import type { PlantedFault } from './fault.ts';

const DYNAMODB = 'functions/adapters/dynamodb';

export const EXPORT_FAULTS: readonly PlantedFault[] = [
  {
    name: "export: the chain's head is moved without the swap",
    file: `${DYNAMODB}/window-store.ts`,
    search: '`${CURRENT} AND #sequence = :before`',
    replace: '`(attribute_exists(#sequence) OR #sequence = :before) OR (${CURRENT})`',
    tests: ['test/contract/window-store.test.ts'],
  },
  {
    name: 'export: an attempt that is over goes on writing',
    file: 'functions/core/reports/seal.ts',
    search: '    if (error instanceof ConflictError) return false;\n    throw error;',
    replace: '    return error instanceof ConflictError;',
    tests: ['test/unit/core/reports'],
  },
  {
    name: 'export: parts without retention',
    file: 'functions/core/reports/seal.ts',
    search: '.map((object) => deps.archive.lock(object, lock))',
    replace: '.map(async () => lock)',
    tests: ['test/unit/core/reports'],
  },
  {
    name: 'export: the cursor is one page ahead',
    file: 'functions/core/reports/read-part.ts',
    search: '      rows: position.rows + builder.rows(),',
    replace: '      rows: builder.rows(),',
    tests: ['test/unit/core/reports'],
  },
  {
    name: 'export: a missed snapshot is filed under its past date',
    file: 'functions/core/schedules/decide.ts',
    search: "if (input.source.kind === 'snapshot' && timeAfter(input.timetable, window.to) <= now)",
    replace: "if (input.source.kind === 'incremental' && timeAfter(input.timetable, window.to) < new Date(0))",
    tests: ['test/unit/core/schedules'],
  },
  {
    name: 'export: the manifest before the retention of what it names',
    file: 'functions/core/reports/seal.ts',
    search:
      '  for (let start = 0; start < objects.length; start += LOCKS_AT_ONCE) {\n    await allEnded(objects.slice(start, start + LOCKS_AT_ONCE).map((object) => deps.archive.lock(object, lock)));\n  }\n  const record = await createRecord(deps, input, { ...content, summary }, key, lock);\n',
    replace:
      '  const record = await createRecord(deps, input, { ...content, summary }, key, lock);\n  for (let start = 0; start < objects.length; start += LOCKS_AT_ONCE) {\n    await allEnded(objects.slice(start, start + LOCKS_AT_ONCE).map((object) => deps.archive.lock(object, lock)));\n  }\n',
    tests: ['test/unit/core/reports'],
  },
  {
    name: 'export: a record that overwrites',
    file: 'functions/adapters/s3/archive.ts',
    search: 'created: (await putNew(hashed(given), lock)) !== undefined',
    replace: 'created: (await put(hashed(given), false, lock)) !== undefined',
    tests: ['test/contract/archive.test.ts'],
  },
  {
    name: 'export: a run that was given up writes its record',
    file: 'functions/core/reports/seal.ts',
    search: '  if (!(await isRunning({ windows, clock }, input))) return false;\n',
    replace: '  await isRunning({ windows, clock }, input);\n',
    tests: ['test/unit/core/reports'],
  },
  {
    name: 'export: more rows than the source counts',
    file: 'functions/core/reports/reconcile.ts',
    search: 'if (counted && rows !== sourceTotal) {',
    replace: 'if (counted && rows < sourceTotal) {',
    tests: ['test/unit/core/reports/reconcile.test.ts'],
  },
  {
    name: 'export: a fill that does not say which gap',
    file: 'functions/core/reports/manifest-content.ts',
    search: '    ...(plan.fills === null ? {} : { fills: plan.fills }),\n',
    replace: '',
    tests: ['test/unit/core/reports/export.test.ts'],
  },
  {
    name: 'export: a window passes one whose record may stand',
    file: 'functions/core/schedules/decide.ts',
    search: '({ error }) => error?.mayStand === true);',
    replace: '({ error }) => error?.mayStand === undefined && error !== undefined);',
    tests: ['test/unit/core/schedules'],
  },
  {
    name: 'export: an off-by-one at the last attempt',
    file: 'functions/core/schedules/decide.ts',
    search: '(error.inARow ?? attempt) >= ATTEMPTS_BEFORE_GAP;',
    replace: '(error.inARow ?? attempt) > ATTEMPTS_BEFORE_GAP;',
    tests: ['test/unit/core/schedules'],
  },
  {
    name: 'export: an off-by-one at a window’s end',
    file: 'functions/providers/actionstep/resource-source.ts',
    search: 'at >= window.from && at < window.to;',
    replace: 'at >= window.from && at <= window.to;',
    tests: ['test/unit/providers/actionstep'],
  },
  {
    name: 'export: two windows of a job run at once',
    file: `${DYNAMODB}/window-store.ts`,
    search: 'attribute_not_exists(#currentFrom)',
    replace: 'attribute_not_exists(#nobody)',
    tests: ['test/contract/window-store.test.ts'],
  },
  {
    name: 'export: retention on whatever version is the newest',
    file: 'functions/adapters/s3/archive.ts',
    search: '            VersionId: versionId,\n            Retention: retention,\n',
    replace: "            ...(versionId === '' ? { VersionId: versionId } : {}),\n            Retention: retention,\n",
    tests: ['test/contract/archive.test.ts'],
  },
  {
    name: 'export: the last parts without retention',
    file: 'functions/core/reports/seal.ts',
    search: 'start < objects.length; start += LOCKS_AT_ONCE',
    replace: 'start === 0 || start + LOCKS_AT_ONCE <= objects.length; start += LOCKS_AT_ONCE',
    tests: ['test/unit/core/reports/seal.test.ts'],
  },
  {
    name: 'export: what does not reconcile goes before it lies apart',
    file: 'functions/core/reports/give-up.ts',
    search:
      "  await archive.write({ key, bytes, contentType: 'application/octet-stream' });\n  await archive.remove(part);\n",
    replace:
      "  await archive.remove(part);\n  await archive.write({ key, bytes, contentType: 'application/octet-stream' });\n",
    tests: ['test/unit/core/reports/give-up.test.ts'],
  },
  {
    name: 'export: a gap loses its reason on the way',
    file: 'functions/report-export/handler.ts',
    search: '  reason: v.optional(v.string()),\n',
    replace: '',
    tests: ['test/unit/report-export/handler.test.ts'],
  },
  {
    name: 'export: a sealed window keeps the error of the attempt before',
    file: `${DYNAMODB}/window-store.ts`,
    search: "REMOVE #error${state === 'gap' ? '' : ', #reason'}`",
    replace: "${state === 'gap' ? '' : 'REMOVE #reason'}`",
    tests: ['test/contract/window-store.test.ts'],
  },
];
