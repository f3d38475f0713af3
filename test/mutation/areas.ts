import { readdirSync } from 'node:fs';

/** What is mutated together, and by which tests all of it has to die but for what is argued in SURVIVORS.md. */
export interface Area {
  readonly name: string;
  readonly mutate: readonly string[];
  readonly tests: readonly string[];
}

const CORE = 'functions/core';
const UNIT = 'test/unit/core';

/** Of every vendor's parsers and sources alike. */
const EVERY_VENDOR = ['parsers', 'spoiled-pages', 'too-large'].map((name) => `test/unit/providers/${name}.test.ts`);

const folders = (room: string) =>
  readdirSync(new URL(`../../${room}`, import.meta.url), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();

const suites = (room: string) =>
  readdirSync(new URL(`../../${room}`, import.meta.url))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `${room}/${name}`)
    .toSorted();

/** First what must not be got wrong. */
export const AREAS: readonly Area[] = [
  {
    name: 'tokens',
    mutate: [`${CORE}/tokens/**/*.ts`],
    tests: [`${UNIT}/tokens`, `${UNIT}/authorization`],
  },
  { name: 'sealing', mutate: [`${CORE}/sealing/**/*.ts`], tests: [`${UNIT}/sealing`] },
  {
    name: 'authorization',
    mutate: [`${CORE}/authorization/**/*.ts`],
    tests: [`${UNIT}/authorization`, `${UNIT}/parsers.test.ts`],
  },
  { name: 'windows', mutate: [`${CORE}/schedules/**/*.ts`], tests: [`${UNIT}/schedules`] },
  {
    name: 'manifest',
    mutate: [`${CORE}/reports/{manifest,manifest-content,seal,standing-record,verify,verify-chain,verify-record}.ts`],
    tests: [`${UNIT}/reports`],
  },
  {
    name: 'versions',
    mutate: [`${CORE}/alerts/{record,head,transition,fingerprint}.ts`],
    tests: [`${UNIT}/alerts`],
  },
  {
    name: 'alerts',
    mutate: [`${CORE}/alerts/!(record|head|transition|fingerprint).ts`],
    tests: [`${UNIT}/alerts`, `${UNIT}/work`, 'test/unit/alert-poller'],
  },
  {
    name: 'reports',
    mutate: [`${CORE}/reports/!(manifest|manifest-content|seal|standing-record|verify|verify-chain|verify-record).ts`],
    tests: [`${UNIT}/reports`, 'test/unit/report-export'],
  },
  { name: 'publishing', mutate: [`${CORE}/publishing/**/*.ts`], tests: [`${UNIT}/publishing`] },
  {
    name: 'core',
    mutate: [`${CORE}/*.ts`, `${CORE}/{budgets,connections,notes,work}/**/*.ts`],
    tests: [
      ...['budgets', 'connections', 'notes', 'publishing', 'schedules', 'work'].map((room) => `${UNIT}/${room}`),
      ...suites(UNIT),
      'test/unit/event-receiver',
    ],
  },
  ...folders('functions/providers').map((vendor) => ({
    name: vendor,
    mutate: [`functions/providers/${vendor}/**/*.ts`],
    tests: [`test/unit/providers/${vendor}`, ...EVERY_VENDOR],
  })),
];
