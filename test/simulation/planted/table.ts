import { readFileSync, writeFileSync } from 'node:fs';
import { PLANTED } from './faults.ts';

const PAGE = new URL('../PLANTED.md', import.meta.url);
const ROW = /^\| (?<name>(?:refresh|callback|outbox|alerts|export): .*?) +\| (?<by>.*?) +\|$/u;

/** What caught each fault, as PLANTED.md has it. */
export function readTable(): ReadonlyMap<string, string> {
  const rows = readFileSync(PAGE, 'utf8').split('\n');
  return new Map(
    rows.flatMap((row) => {
      const { name, by } = ROW.exec(row)?.groups ?? {};
      return name === undefined || by === undefined ? [] : [[name, by] as const];
    }),
  );
}

/** Puts what caught them into the page; what was not tried stays as it is, and what is planted no more goes. */
export function writeTable(caught: ReadonlyMap<string, string>): void {
  const before = readTable();
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const rows = PLANTED.flatMap(({ name }) => {
    const by = caught.get(name) ?? before.get(name);
    return by === undefined ? [] : [[name, cell(by)] as const];
  });
  const head = ['planted', 'caught by'] as const;
  const widths = [0, 1].map((place) => Math.max(...[head, ...rows].map((row) => row[place]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((text, place) => text.padEnd(widths[place] ?? 0)).join(' | ')} |`;
  const table = [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
  const lines = readFileSync(PAGE, 'utf8').split('\n');
  const first = lines.findIndex((text) => text.startsWith('|'));
  const last = lines.findLastIndex((text) => text.startsWith('|'));
  writeFileSync(PAGE, [...lines.slice(0, first), ...table, ...lines.slice(last + 1)].join('\n'));
}
