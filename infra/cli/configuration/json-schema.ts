import type { Provider } from '../../../functions/core/provider.ts';
import type { JsonObject, JsonValue } from '../../../functions/core/json.ts';
import { NAME_PATTERN } from './schema.ts';

const text: JsonObject = { type: 'string' };
const name: JsonObject = { type: 'string', pattern: NAME_PATTERN.source };
const instant: JsonObject = { type: 'string', pattern: String.raw`^\d{4}-\d{2}-\d{2}` };
const flag: JsonObject = { type: 'boolean' };

function described(description: string, schema: JsonObject): JsonObject {
  return { description, ...schema };
}

function object(required: readonly string[], properties: Readonly<Record<string, JsonObject>>): JsonObject {
  return { type: 'object', required, properties, additionalProperties: false };
}

function named(entry: JsonObject): JsonObject {
  return { type: 'object', propertyNames: { pattern: NAME_PATTERN.source }, additionalProperties: entry };
}

const retention = object(['days'], {
  days: { type: 'integer', minimum: 1, maximum: 36_500 },
  mode: described('COMPLIANCE cannot be undone by anybody, the account’s root included', {
    enum: ['GOVERNANCE', 'COMPLIANCE'],
    default: 'GOVERNANCE',
  }),
});

function connection(providers: readonly Provider[]): JsonObject {
  return {
    type: 'object',
    required: ['provider', 'secret'],
    description:
      'One authorised account at one provider. Further members are the provider’s own: region, host, tenantId…',
    properties: {
      provider: { enum: providers.map(({ id }) => id) },
      secret: described('Secret below steward/<stage>/: name, or name#key for one of many clients', {
        type: 'string',
        pattern: String.raw`^[\w./-]+(?:#[\w.@-]+)?$`,
      }),
      requestsPerMinute: described('In place of the provider’s default, where the account is shared', {
        type: 'number',
        minimum: 1,
      }),
      endpoint: described('In place of every host of the provider: a proxy, or a double on loopback', text),
    },
  };
}

function report(providers: readonly Provider[]): JsonObject {
  return object(['connection', 'source', 'schedule'], {
    connection: name,
    source: { enum: namesOf(providers.map(({ sources }) => sources)) },
    options: { type: 'object' },
    schedule: described('Cron, five or six fields; each time ends one window and begins the next', text),
    zone: described('IANA time zone of the schedule', { type: 'string', default: 'UTC' }),
    startAt: described('Where the first window begins; the last scheduled time without it', instant),
    formats: { type: 'array', minItems: 1, items: { enum: ['csv', 'jsonl', 'parquet'] }, default: ['csv'] },
    gzip: { ...flag, default: false },
    defuseFormulas: described('Cells that a spreadsheet would run are made text', { ...flag, default: true }),
    retention,
    topic: { type: 'string', default: 'events' },
    paused: { ...flag, default: false },
  });
}

function alert(providers: readonly Provider[]): JsonObject {
  return object(['connection', 'source'], {
    connection: name,
    source: { enum: namesOf(providers.map(({ alertSources }) => alertSources)) },
    every: { type: 'string', pattern: String.raw`^0*[1-9]\d*[smh]$`, default: '1m' },
    filter: { type: 'object' },
    topic: { type: 'string', default: 'alerts' },
    announceExisting: described('Whether what is open already at the first pass is published', {
      ...flag,
      default: true,
    }),
    stormThreshold: described('New versions per minute above which a digest takes the place of the flood', {
      type: 'integer',
      minimum: 1,
      default: 100,
    }),
    maintenance: {
      type: 'array',
      items: object(['from', 'to', 'reason'], { from: instant, to: instant, reason: text }),
    },
    paused: { ...flag, default: false },
  });
}

const hook = object(['connection', 'events', 'job'], {
  connection: name,
  events: described('The provider’s names of the events to be told of', { type: 'array', minItems: 1, items: text }),
  job: described('The alert job that takes what the webhooks hint at', name),
});

function namesOf(sources: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  return [...new Set(sources.flatMap((each) => Object.keys(each)))].toSorted((a, b) => (a < b ? -1 : 1));
}

/** The JSON Schema of `steward.yaml`, for editors: its structure. What depends on anything else, `steward apply` checks. */
export function configurationSchema(providers: Readonly<Record<string, Provider>>): JsonObject {
  const all = Object.values(providers);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'urn:steward:configuration:1',
    title: 'steward.yaml',
    ...object(['version', 'connections'], {
      version: { const: 1 },
      connections: named(connection(all)),
      reports: named(report(all)),
      alerts: named(alert(all)),
      hooks: named(hook),
    }),
    patternProperties: { '^x-': described('The file’s own: a place for anchors', {}) },
  };
}

/**
 * The JSON Schema of an overlay, `steward.<stage>.yaml`: the same words, of which none has to stand there, and `null` to
 * take away. Lists are replaced whole, so what is in them is as it was.
 */
export function overlaySchema(providers: Readonly<Record<string, Provider>>): JsonObject {
  return {
    ...partly(configurationSchema(providers)),
    $id: 'urn:steward:configuration-overlay:1',
    title: 'steward.<stage>.yaml',
  };
}

function partly({ required: _required, ...schema }: JsonObject): JsonObject {
  const { properties, additionalProperties } = schema;
  return {
    ...schema,
    ...(isObject(properties)
      ? { properties: Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, orNothing(value)])) }
      : {}),
    ...(isObject(additionalProperties) ? { additionalProperties: orNothing(additionalProperties) } : {}),
  };
}

function orNothing(schema: JsonValue): JsonValue {
  return isObject(schema) ? { anyOf: [partly(schema), { type: 'null' }] } : schema;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
