import { describe, expect, it } from 'vitest';
import { EXAMPLES, leaves } from '../../../infra/cli/help.ts';
import { createProgram } from '../../../infra/cli/program.ts';
import { stageOf } from '../../../infra/cli/target.ts';
import { readPage, tableRows } from '../../support/markdown.ts';

const program = createProgram(() => undefined);
const COMMANDS = new Map(leaves(program));

/** DESIGN.md 6, and what came since. */
const WANTED = [
  'alerts hook',
  'alerts replay',
  'alerts schema',
  'alerts tail',
  'apply',
  'completion',
  'connect',
  'console',
  'credentials set',
  'disconnect',
  'doctor',
  'export',
  'note',
  'pause',
  'restore',
  'resume',
  'status',
  'verify',
];

/** What the shell hands over for an example: no redirection, no pipe, quotes taken off. */
function words(example: string): readonly string[] {
  const [line = ''] = example.replace(/^source <\((.*)\)$/, '$1').split(/ [|<>] /);
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

/** The help as somebody reads it in a window of 80 columns. */
function helpOf(name: string): string {
  let text = '';
  const command = COMMANDS.get(name) ?? program;
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 80 });
  command.outputHelp();
  return text;
}

describe('the help', () => {
  it('is of every command that there is to be', () => {
    expect([...COMMANDS.keys()].toSorted()).toEqual(WANTED);
    expect(Object.keys(EXAMPLES).toSorted()).toEqual(WANTED);
  });

  it.each(['steward', ...WANTED])(
    'of %s has examples, exit codes and the options that all take, in 80 columns',
    (name) => {
      const text = helpOf(name);
      expect(text).toContain('Examples:\n  s');
      expect(text).toMatch(/Exit codes: 0 done; 1[\s\S]*70 a bug/);
      for (const option of ['--stage <name>', '--json', '--directory']) expect(text).toContain(option);
      expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    },
  );

  const examples = Object.entries(EXAMPLES).flatMap(([name, all]) => all.map(([example]) => [name, example] as const));
  it.each(examples)('of %s: what %s names is there', (name, example) => {
    const [first, ...rest] = words(example);
    expect(first).toBe('steward');
    const { operands, unknown } = program.parseOptions([...rest]);
    const own = operands.slice(name.split(' ').length);
    expect(operands.slice(0, -own.length || undefined).join(' ')).toBe(name);
    const command = COMMANDS.get(name);
    const parsed = command?.parseOptions([...own, ...unknown]);
    expect(parsed?.unknown).toEqual([]);
    const [asked, given] = [command?.registeredArguments ?? [], parsed?.operands ?? []];
    expect(given.length).toBeGreaterThanOrEqual(asked.filter(({ required }) => required).length);
    expect(given.length).toBeLessThanOrEqual(asked.length);
  });

  it('has every command in the README, too', () => {
    const page = readPage('README.md');
    const shown = WANTED.filter((name) => !page.includes(`steward ${name}`) && !new RegExp(`\`${name}\``).test(page));
    expect(shown).toEqual([]);
    expect(tableRows(page, 'Operate').map(([code]) => code)).toEqual(['0', '1', '2', '3', '70']);
  });
});

describe('--stage', () => {
  it.each([
    ['production', 'production'],
    ['steward-production-state', 'production'],
    ['steward-staging-service', 'staging'],
  ])('%s is the stage %s', (given, stage) => {
    expect(stageOf(given)).toBe(stage);
  });

  it.each(['../x', 'Production', '', 'steward-production'])('%j is none', (given) => {
    expect(() => stageOf(given)).toThrow(/is no stage: say production/);
  });
});
