import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { costTable } from '../../infra/costs.ts';
import { EXIT } from '../../infra/cli/exit.ts';
import { leaves } from '../../infra/cli/help.ts';
import { createProgram } from '../../infra/cli/program.ts';
import { FUNCTIONS } from '../../infra/functions.ts';
import { limitTable } from '../../infra/limits.ts';
import { COST_SIZES, typicalUsage } from '../../infra/usage.ts';
import { anchors, localLinks, readPage, ROOT, tableRows } from '../support/markdown.ts';
import { allowedActions, allowing } from './permissions.ts';
import { synthesize } from './synthesize.ts';

const PAGES = [
  'README.md',
  ...readdirSync(`${ROOT}infra`).flatMap((name) => (name.endsWith('.md') ? [`infra/${name}`] : [])),
];

describe('the pages', () => {
  it.each(PAGES)('%s links to what there is, headings too', (page) => {
    const broken = localLinks(readPage(page)).filter((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      if (!existsSync(ROOT + file)) return true;
      return anchor !== undefined && !anchors(readPage(file)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('README has no wall of text: no paragraph above 600 characters', () => {
    const prose = readPage('README.md').replaceAll(/^```[\s\S]*?^```$/gm, '');
    const long = prose
      .split(/\n\s*\n/)
      .filter((text) => !text.startsWith('|') && !text.startsWith('- ') && text.length > 600);
    expect(long).toEqual([]);
  });

  it('README shows the costs that are computed: npm run costs writes them there', () => {
    expect(readPage('README.md')).toContain(`\n${costTable(COST_SIZES)}\n`);
  });

  it('RUNBOOK shows the limits that are computed: npm run costs writes them there', () => {
    expect(readPage('infra/RUNBOOK.md')).toContain(`\n${limitTable(COST_SIZES.map(typicalUsage))}\n`);
  });

  it('README has every exit code', () => {
    const codes = tableRows(readPage('README.md'), 'Operate').map(([code]) => Number(code));
    expect(codes).toEqual(Object.values(EXIT));
  });
});

describe('PARSERS.md', () => {
  it('names tests that there are, and each throws anything at its parser', () => {
    const rows = tableRows(readPage('test/unit/PARSERS.md'), 'Parsers of what comes from outside');
    const tests = rows.flatMap(([, , cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file));
    expect(tests.length).toBeGreaterThanOrEqual(rows.length);
    for (const file of tests)
      expect([file, /fast-check|fuzz/.test(readPage(`test/unit/${file}`))]).toEqual([file, true]);
  });
});

describe('commands that the pages name', () => {
  const commands = new Map(leaves(createProgram(() => undefined)));
  const named = PAGES.filter((page) => page !== 'README.md').flatMap((page) =>
    [...readPage(page).matchAll(/(?:`|^|npm run )steward (?:-- )?([^`\n#]*)/gm)]
      .map(([, line = '']) => line.replace(/…| [|>] .*/, '').trim())
      .filter((line) => line !== '')
      .map((line) => [page, line] as const),
  );

  it('are many', () => {
    expect(named.length).toBeGreaterThan(25);
  });

  it.each(named)('%s: steward %s', (_page, line) => {
    const program = createProgram(() => undefined);
    const { operands, unknown } = program.parseOptions(line.replaceAll(/<[^>]*>/g, 'x').split(/ +/));
    const words = operands.find((_, index) => commands.has(operands.slice(0, index + 1).join(' ')));
    const name = operands.slice(0, operands.indexOf(words ?? '') + 1).join(' ');
    expect([...commands.keys()]).toContain(name);
    expect(commands.get(name)?.parseOptions(unknown).unknown).toEqual([]);
  });

  it('ask AWS for what the stacks tell', () => {
    const outputs = [...createTestOutputs()];
    const asked = [...readPage('infra/RUNBOOK.md').matchAll(/<([A-Z][A-Za-z]+)(?: of the \w+ stack)?>/g)];
    expect(asked.length).toBeGreaterThan(4);
    expect(asked.map(([, name = '']) => name).filter((name) => !outputs.includes(name))).toEqual([]);
  });
});

function createTestOutputs(): readonly string[] {
  return Object.values(synthesize()).flatMap((template) => Object.keys(template.findOutputs('*')));
}

describe('SECURITY.md', () => {
  const { service } = synthesize();
  const idOf = (name: string) =>
    name.replaceAll(/(^|-)([a-z])/g, (_match, _dash, letter: string) => letter.toUpperCase());
  const opens = (id: string, purpose: string) =>
    allowing(service, id, 'kms:Decrypt').some(
      ({ Condition }) => Condition?.['StringEquals']?.['kms:EncryptionContext:purpose'] === purpose,
    );
  const seals = (id: string) => allowedActions(service, id).includes('kms:GenerateDataKey');
  const may = (id: string, action: string) => allowedActions(service, id).includes(action);

  it('says of each function what the template says', () => {
    const page = tableRows(readPage('infra/SECURITY.md'), 'Who may do what').map(([name = '', ...cells]) => [
      /`(.*)`/.exec(name)?.[1],
      ...cells.map((cell) => cell === '✓'),
    ]);
    const template = FUNCTIONS.map(({ name }) => {
      const id = idOf(name);
      return [
        name,
        opens(id, 'access'),
        opens(id, 'refresh'),
        may(id, 'secretsmanager:GetSecretValue'),
        seals(id),
        may(id, 'kms:Sign'),
        may(id, 'sns:Publish'),
      ];
    });
    expect(page).toEqual(expect.arrayContaining(template));
    expect(page).toHaveLength(template.length);
  });

  it('calls public what has a route', () => {
    const page = readPage('infra/SECURITY.md');
    for (const { name, routes } of FUNCTIONS)
      expect([name, page.includes(`\`${name}\` (public)`)]).toEqual([name, routes !== undefined]);
  });

  it('names for every attack what holds it: cases that tests are titled with, or tests', () => {
    const titles = globSync('test/**/*.test.ts', { cwd: ROOT })
      .map((name) => readFileSync(ROOT + name, 'utf8'))
      .join('\n');
    const rows = tableRows(readPage('infra/SECURITY.md'), 'What an attacker gets');
    const held = rows.map(([attack = '', , , by = '']) => ({
      attack,
      proofs: by.split(', ').map((proof) => {
        const file = /^`(.*)`$/.exec(proof)?.[1];
        const ids = proof.split('–');
        return file === undefined
          ? ids.every((id) => /^[SRE]\d\d$/.test(id) && titles.includes(id))
          : existsSync(ROOT + file);
      }),
    }));
    expect(held.length).toBeGreaterThan(10);
    expect(held.filter(({ proofs }) => !proofs.every(Boolean))).toEqual([]);
  });
});
