import type { Window } from '../../core/reports/source.ts';
import { SECOND_MS } from '../../core/time.ts';
import type { Recipe } from './recipe.ts';
import { type StampFormat, writeStamp } from './stamps.ts';

/** How a recipe asks for a window. */
export interface Asking {
  readonly format: StampFormat;
  readonly widenSeconds: number;
}

/** The recipe's parameters in their order; a list of values repeats the name. */
export function queryOf(
  { query }: Pick<Recipe, 'query'>,
  asking?: Asking,
  window?: Window,
): readonly (readonly [string, string])[] {
  const fill = (text: string) => {
    if (asking === undefined || window === undefined) return text;
    const { format, widenSeconds } = asking;
    const wider = widenSeconds * SECOND_MS;
    return text
      .replaceAll('{from}', writeStamp(new Date(window.from.getTime() - wider), format))
      .replaceAll('{to}', writeStamp(new Date(window.to.getTime() + wider), format));
  };
  return Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one) => [name, fill(String(one))] as const),
  );
}
