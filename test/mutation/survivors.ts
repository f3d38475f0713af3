import { readFileSync } from 'node:fs';
import type { Stryker } from '@stryker-mutator/core';

export type MutantResult = Awaited<ReturnType<Stryker['runMutationTest']>>[number];

/** A mutant as SURVIVORS.md writes it: the file, the source that it changes, and that source changed. */
export interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Beyond this a source is told by its beginning: a whole function turned into `{}` need not be quoted. */
const QUOTED_CHARACTERS = 160;

const oneLine = (text: string) => {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= QUOTED_CHARACTERS ? line : `${line.slice(0, QUOTED_CHARACTERS)} …`;
};

/** The lines that a mutant touches, before and after: independent of where in the file they stand. */
export function changeOf(mutant: MutantResult, source: string): Change {
  const lines = source.split('\n');
  const { start, end } = mutant.location;
  const touched = lines.slice(start.line - 1, end.line);
  const head = (lines[start.line - 1] ?? '').slice(0, start.column - 1);
  const tail = (lines[end.line - 1] ?? '').slice(end.column - 1);
  return {
    file: mutant.fileName,
    from: oneLine(touched.join('\n')),
    to: oneLine(`${head}${mutant.replacement ?? ''}${tail}`),
  };
}

export const keyOf = ({ file, from, to }: Change) => JSON.stringify([file, from, to]);

/** The blocks of SURVIVORS.md: ```diff, a file, then `-` and `+` in turns. */
export function arguedSurvivors(page: string): readonly Change[] {
  const changes: Change[] = [];
  for (const [, block = ''] of readFileSync(page, 'utf8').matchAll(/^```diff\n([\s\S]*?)^```$/gm)) {
    let file = '';
    let from = '';
    for (const line of block.split('\n')) {
      if (line.startsWith('- ')) from = line.slice(2);
      else if (line.startsWith('+ ')) changes.push({ file, from, to: line.slice(2) });
      else if (line !== '') file = line;
    }
  }
  return changes;
}

/** Whether the source still has what an argument is about. */
export function isAbout({ from }: Change, source: string): boolean {
  const text = source.replaceAll(/\s+/g, ' ');
  return text.includes(from.endsWith(' …') ? from.slice(0, -2) : from);
}

/**
 * `...(x === undefined ? {} : { x })` turned into `...(false ? {} : { x })`: a member that is `undefined`. JSON has none,
 * DynamoDB's items none (`removeUndefinedValues`), and nobody asks for names: equal for whoever reads it.
 */
export function isUndefinedMember({ from, to }: Change): boolean {
  const members = from.matchAll(/\.\.\.\((\S+) === undefined (\? \{\} : \{ (?:\w+: )?(\S+) \})\)/g);
  return [...members].some(
    ([whole, tested, rest, value]) => tested === value && to === from.replace(whole, `...(false ${rest})`),
  );
}

export const toDiff = ({ from, to }: Change) => `- ${from}\n+ ${to}`;
