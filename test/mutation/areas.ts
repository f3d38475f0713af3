import { readdirSync } from 'node:fs';

/** What is mutated together, by which tests, and what has to die of it. */
export interface Area {
  readonly name: string;
  readonly mutate: readonly string[];
  readonly tests: readonly string[];
  /** Percent of the mutants that are not argued in SURVIVORS.md. */
  readonly threshold: number;
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

/** First what must not be got wrong: there every mutant dies or is argued. */
export const AREAS: readonly Area[] = [
  {
    name: 'tokens',
    mutate: [`${CORE}/tokens/**/*.ts`],
    tests: [`${UNIT}/tokens`, `${UNIT}/authorization`],
    threshold: 100,
  },
  { name: 'sealing', mutate: [`${CORE}/sealing/**/*.ts`], tests: [`${UNIT}/sealing`], threshold: 100 },
  {
    name: 'authorization',
    mutate: [`${CORE}/authorization/**/*.ts`],
    tests: [`${UNIT}/authorization`, `${UNIT}/parsers.test.ts`],
    threshold: 100,
  },
  { name: 'windows', mutate: [`${CORE}/schedules/**/*.ts`], tests: [`${UNIT}/schedules`], threshold: 100 },
  {
    name: 'manifest',
    mutate: [`${CORE}/reports/{manifest,manifest-content,seal,standing-record,verify,verify-chain,verify-record}.ts`],
    tests: [`${UNIT}/reports`],
    threshold: 100,
  },
  {
    name: 'versions',
    mutate: [`${CORE}/alerts/{record,head,transition,fingerprint}.ts`],
    tests: [`${UNIT}/alerts`],
    threshold: 100,
  },
  {
    name: 'alerts',
    mutate: [`${CORE}/alerts/!(record|head|transition|fingerprint).ts`],
    tests: [`${UNIT}/alerts`, `${UNIT}/work`, 'test/unit/alert-poller'],
    threshold: 90,
  },
  {
    name: 'reports',
    mutate: [`${CORE}/reports/!(manifest|manifest-content|seal|standing-record|verify|verify-chain|verify-record).ts`],
    tests: [`${UNIT}/reports`, 'test/unit/report-export'],
    threshold: 90,
  },
  { name: 'publishing', mutate: [`${CORE}/publishing/**/*.ts`], tests: [`${UNIT}/publishing`], threshold: 90 },
  {
    name: 'core',
    mutate: [`${CORE}/*.ts`, `${CORE}/{budgets,connections,notes,work}/**/*.ts`],
    tests: [
      ...['budgets', 'connections', 'notes', 'publishing', 'schedules', 'work'].map((room) => `${UNIT}/${room}`),
      ...suites(UNIT),
      'test/unit/event-receiver',
    ],
    threshold: 90,
  },
  ...folders('functions/providers').map((vendor) => ({
    name: vendor,
    mutate: [`functions/providers/${vendor}/**/*.ts`],
    tests: [`test/unit/providers/${vendor}`, ...EVERY_VENDOR],
    threshold: 90,
  })),
];
