// oxlint-disable vitest/expect-expect -- a property that does not hold throws by itself
import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../../../infra/cli/configuration/configuration.ts';
import { ConfigInvalidError } from '../../../functions/core/errors.ts';
import { PROVIDERS } from '../../../functions/providers/registry.ts';
import { ROOT } from '../../support/markdown.ts';

const EXAMPLE = readFileSync(`${ROOT}infra/cli/examples/steward.yaml`, 'utf8');
const LINES = EXAMPLE.split('\n');

function read(text: string, overlay?: string) {
  return readConfiguration({
    fileName: 'steward.yaml',
    text,
    ...(overlay === undefined ? {} : { overlay: { fileName: 'steward.staging.yaml', text: overlay } }),
    providers: PROVIDERS,
    topics: ['alerts', 'events'],
    shardCount: 2,
    allowLoopback: false,
    now: new Date('2026-03-01T00:00:00Z'),
  });
}

/** What became of it: it was read, or a complaint says where it is wrong. */
function outcome(text: string, overlay?: string): 'read' | 'refused' {
  try {
    read(text, overlay);
    return 'read';
  } catch (error) {
    if (!(error instanceof ConfigInvalidError)) throw error;
    expect(error.message).toMatch(/^steward(\.staging)?\.yaml:\d+:\d+: ./);
    return 'refused';
  }
}

const pieces = fc.constantFrom(
  '\n',
  '  ',
  '- ',
  ': ',
  '? ',
  '{',
  '}',
  '[',
  ']',
  '&a',
  '*a',
  '<<: *a',
  '!!binary x',
  '!!set',
  '"',
  "'",
  '|\n',
  '>-\n',
  '#',
  '---\n',
  '...\n',
  '%YAML 1.1\n',
  '\t',
  '\u0000',
  '\uFEFF',
  'version: 1\n',
  'connections',
  'reports',
  'alerts',
  'null',
  '~',
  '1e999',
  '0x',
  '2026-01-01',
  '__proto__',
  'constructor',
);
const anyYaml = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.array(pieces, { maxLength: 25 }).map((parts) => parts.join('')),
  fc.json(),
);

describe('the reader of steward.yaml', () => {
  it('reads the example', () => {
    expect(outcome(EXAMPLE)).toBe('read');
  });

  it.each([
    ['connections: *nobody', '1:14: \\*nobody stands for nothing: there is no &nobody above it'],
    ['a: &a 1\nb: { <<: *a }', '2:6: << takes the alias of a map, or a list of such'],
    ['a: &a { x: 1 }\nb:\n  <<: [*a, 7]', '3:3: << takes the alias of a map, or a list of such'],
    ['version: 1\n? [x]\n: 1', '2:3: a member’s name must be a word'],
    ['version: 1\n? |\n  two\n  lines\n: 1', '2:3: "two\\\\nlines\\\\n" '],
    ['b: *late\na: &late 1', '1:4: \\*late stands for nothing'],
  ])('points at %j', (text, message) => {
    expect(() => read(text)).toThrow(new RegExp(`^steward.yaml:${message}`));
  });

  it('takes an anchor that is merged, alone or in a list, and a member that is called <<', () => {
    const merged = EXAMPLE.replace('version: 1', 'version: 1\nx-base: &x { a: 1 }');
    expect(outcome(merged)).toBe('read');
    expect(() => read('a: &a { x: 1 }\nb: { <<: [*a, *a] }\n"<<": 1')).not.toThrow(/takes the alias/);
  });

  it('reads any text or says where it is wrong', () => {
    fc.assert(
      fc.property(anyYaml, (text) => void outcome(text)),
      { numRuns: 1500 },
    );
  });

  it('reads an example of which a line is another, or says where it is wrong', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.nat(LINES.length - 1), fc.array(pieces, { maxLength: 3 }), fc.nat(30), (at, parts, column) => {
        const line = LINES[at] ?? '';
        const changed = line.slice(0, column) + parts.join('') + line.slice(column + parts.length);
        seen.add(outcome(LINES.with(at, changed).join('\n')));
      }),
      { numRuns: 400 },
    );
    expect([...seen].toSorted()).toEqual(['read', 'refused']);
  });

  it('lays any overlay over it or says where it is wrong', () => {
    fc.assert(
      fc.property(anyYaml, (overlay) => void outcome(EXAMPLE, overlay)),
      { numRuns: 150 },
    );
  });
});
