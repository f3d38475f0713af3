import { InvalidArgumentError } from 'commander';
import { suggestion } from '../../functions/core/nearest.ts';

/** What the command line has as text. Each throws what commander tells with the option's name before it. */
export function port(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 65_535) return value;
  throw new InvalidArgumentError('It must be a port, 1 to 65535.');
}

export function seconds(text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('It must be a number of seconds.');
}

/** One of many words: the nearest are named, not all of them. */
export function oneOf<Word extends string>(words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((each) => each === text);
    if (word !== undefined) return word;
    throw new InvalidArgumentError(suggestion(text, words).trim() || 'There is no such one.');
  };
}

export function repeated(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
