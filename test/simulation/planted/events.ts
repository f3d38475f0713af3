import type { PlantedFault } from './fault.ts';

const DYNAMODB = 'functions/adapters/dynamodb';

export const EVENT_FAULTS: readonly PlantedFault[] = [
  {
    name: 'outbox: all versions of an alert in one wave',
    file: 'functions/core/publishing/drain.ts',
    search: '      if (wave.has(subject)) later.push(row);\n      else wave.set(subject, row);',
    replace: '      wave.set(`${subject} ${row.key}`, row);',
    tests: ['test/unit/core/publishing'],
  },
  {
    name: 'outbox: a failed row holds nothing back',
    file: 'functions/core/publishing/drain.ts',
    search: '  drain.blocked.add(row.event.subject);\n',
    replace: '',
    tests: ['test/unit/core/publishing'],
  },
  {
    name: 'outbox: marked although it was not published',
    file: 'functions/core/publishing/drain.ts',
    search: "    if (result.outcome === 'published') published.push(row);\n    else await putBack(drain, row, result);",
    replace: "    published.push(row);\n    if (result.outcome !== 'published') await putBack(drain, row, result);",
    tests: ['test/unit/core/publishing'],
  },
  {
    name: 'outbox: no lease on the shard',
    file: 'functions/core/publishing/publish-shard.ts',
    search: 'if (!(await outbox.acquire(shard, owner, now, until))) return undefined;',
    replace: 'await outbox.acquire(shard, owner, now, until);',
    tests: ['test/unit/core/publishing'],
  },
  {
    name: 'alerts: the version is replaced by the fingerprint',
    file: 'functions/core/alerts/transition.ts',
    search: '    version: (previous?.version ?? 0) + 1,',
    replace: '    version: parseInt(fingerprint.slice(0, 8), 16),',
    tests: ['test/unit/core/alerts'],
  },
  {
    name: 'alerts: an off-by-one at the checkpoint, a source’s lag forgotten',
    file: 'functions/core/alerts/pass.ts',
    search: 'const reach = seen.startedAt.getTime() - source.lagMs;',
    replace: 'const reach = seen.startedAt.getTime() + 1;',
    tests: ['test/unit/core/alerts'],
  },
  {
    name: 'outbox: marked before it is published',
    file: 'functions/core/publishing/drain.ts',
    search: '  const results = await publishTo(drain, topic, entries);\n',
    replace:
      '  await mark(drain, entries.map(({ row }) => row));\n  const results = await publishTo(drain, topic, entries);\n',
    tests: ['test/unit/core/publishing'],
  },
  {
    name: 'outbox: an event’s id is made of the fingerprint',
    file: 'functions/core/alerts/alert-event.ts',
    search: 'eventId(job.connection, subject, head.version)',
    replace: 'eventId(job.connection, subject, head.fingerprint)',
    tests: ['test/unit/core/alerts'],
  },
  {
    name: 'outbox: a refused message holds up its neighbours',
    file: 'functions/core/publishing/drain.ts',
    search: '    await drain.outbox.setAside(drain.shard, row, result.reason, drain.clock.now());\n    return;\n',
    replace: '',
    tests: ['test/unit/core/publishing'],
  },
  {
    name: 'alerts: an older pass writes over a newer one, in the table',
    file: `${DYNAMODB}/alert-item.ts`,
    search: "#fingerprint <> :fingerprint AND #pass < :pass'",
    replace: "#fingerprint <> :fingerprint AND (#pass < :pass OR attribute_exists(#pass))'",
    tests: ['test/contract/alert-stores.test.ts'],
  },
  {
    name: 'alerts: a head whatever version was read, in the table',
    file: `${DYNAMODB}/alert-item.ts`,
    search: "'#version = :version AND ",
    replace: "'(#version = :version OR attribute_exists(#version)) AND ",
    tests: ['test/contract/alert-stores.test.ts'],
  },
  {
    name: 'alerts: an older pass writes over a newer one, in the core',
    file: 'functions/core/alerts/transition.ts',
    search: '|| previous.pass >= look.pass) {',
    replace: '|| previous.pass > look.pass + 1e15) {',
    tests: ['test/unit/core/alerts'],
  },
];
