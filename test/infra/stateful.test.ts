import { readFileSync } from 'node:fs';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { statefulResources, type StatefulResource } from './stateful.ts';
import { synthesize } from './synthesize.ts';

const { state } = synthesize();
const RECORDED = JSON.parse(readFileSync(new URL('stateful-resources.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, StatefulResource>
>;

describe('what must outlive every deploy', () => {
  it('P13 keeps every recorded resource under its id, with every property whose change would replace it', () => {
    const now = statefulResources(state);

    expect(Object.keys(RECORDED).length).toBeGreaterThan(12);
    for (const [id, { type, properties }] of Object.entries(RECORDED)) {
      const { AttributeDefinitions = [], GlobalSecondaryIndexes = [], ...others } = properties;
      const found = now[id];
      expect({ id, type: found?.type }).toEqual({ id, type });
      const {
        AttributeDefinitions: attributes = [],
        GlobalSecondaryIndexes: indexes = [],
        ...rest
      } = found?.properties ?? {};
      expect({ id, ...rest }).toEqual({ id, ...others });
      // Another index, and the attributes of its keys, may be added; those that there are stay as they are.
      expect(attributes).toEqual(expect.arrayContaining(AttributeDefinitions as unknown[]));
      expect(indexes).toEqual(expect.arrayContaining(GlobalSecondaryIndexes as unknown[]));
    }
  });

  it('P13 has no stateful resource that is not recorded: add new ones to stateful-resources.json', () => {
    expect(Object.keys(statefulResources(state)).filter((id) => !(id in RECORDED))).toEqual([]);
  });

  it.each([
    ['a key of another name', { KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] }],
    ['a name of its own', { TableName: 'connections' }],
    ['an index with another key', { GlobalSecondaryIndexes: [] }],
  ])('P13 would see %s', (_what, change) => {
    const [id = '', table] = Object.entries(RECORDED).find(([, { type }]) => type.endsWith('GlobalTable')) ?? [];
    const changed = Template.fromJSON({
      Resources: { [id]: { Type: table?.type, Properties: { ...table?.properties, ...change } } },
    });
    expect(statefulResources(changed)[id]?.properties).not.toEqual(table?.properties);
  });
});
