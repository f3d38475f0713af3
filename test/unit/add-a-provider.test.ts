import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROVIDERS } from '../../functions/providers/registry.ts';
import { readConfiguration } from '../../infra/cli/configuration/configuration.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(ROOT, 'infra/ADD-A-PROVIDER.md'), 'utf8');
const scripts = Object.keys(
  (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts,
);

const snippets = [...page.matchAll(/```yaml\n([\s\S]*?)```/gu)].map(([, text = '']) => text);
const sections = page
  .replaceAll(/```[\s\S]*?```/gu, '')
  .split(/^## /mu)
  .map((text) => ({
    title: text.split('\n')[0] ?? '',
    words: [...text.matchAll(/`([^`]+)`/gu)].map(([, word = '']) => word),
  }));

const isPath = (word: string) => /^(?:functions|infra|test)\/[\w./-]+$/u.test(word);
const textOf = (path: string) =>
  path.endsWith('.ts') || path.endsWith('.yaml') ? readFileSync(join(ROOT, path), 'utf8') : '';

describe('infra/ADD-A-PROVIDER.md', () => {
  it('names paths that there are', () => {
    const paths = sections.flatMap(({ words }) => words).filter(isPath);
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it.each(sections.slice(3, -1).map(({ title, words }) => [title, words] as const))(
    '%s: what it names is in the files that it names',
    (_title, words) => {
      const sources = words.filter(isPath).map(textOf).join('\n');
      const symbols = words.filter((word) => /^[A-Za-z]\w+$/u.test(word));
      expect(symbols.filter((symbol) => !new RegExp(`\\b${symbol}\\b`, 'u').test(sources))).toEqual([]);
    },
  );

  it('has tables of settings that the folder takes, all of them', () => {
    const [settings, list, alerts, recipe] = ['settings', 'list-source', 'list-alerts', 'recipe'].map((name) =>
      textOf(`functions/providers/oauth2/${name}.ts`),
    );
    const members = (text = '') =>
      [
        ...text.matchAll(/^ {2,4}([a-zA-Z]\w*): (?:v\.|httpsUrl|parameters|text|way|innerWay|paging|path|words)/gmu),
      ].map(([, name]) => name);
    const known = new Set([settings, list, alerts, recipe].flatMap((text) => members(text)));
    const told = new Set(
      sections.find(({ title }) => title.startsWith('1. '))?.words.flatMap((word) => word.split(/[^\w]+/u)),
    );
    const own = ['endpoint', 'raisedAt', 'changedAt', 'format'];
    expect([...known].filter((name) => name !== undefined && !told.has(name) && !own.includes(name))).toEqual([]);
    expect(known.size).toBeGreaterThan(20);
  });

  it('has snippets that apply', () => {
    expect(snippets).toHaveLength(1);
    for (const text of snippets) {
      const options = { topics: ['alerts', 'events'], shardCount: 2, allowLoopback: false, now: new Date(0) };
      const { jobs } = readConfiguration({ fileName: 'page.yaml', text, providers: PROVIDERS, ...options });
      expect(jobs.map(({ name }) => name)).toEqual(['invoices']);
    }
  });

  it('names commands that there are', () => {
    const commands = [...page.matchAll(/npm run ([\w:]+)/gu)].map(([, name = '']) => name);
    expect(commands.length).toBeGreaterThan(1);
    expect(commands.filter((name) => !scripts.includes(name))).toEqual([]);
  });
});
