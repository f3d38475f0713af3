import { RefusedRequest, refusal } from './wire.ts';

export interface Filter {
  readonly name: string;
  readonly values: readonly string[];
}

export interface FilterRules {
  readonly known: readonly string[];
  readonly unknownFilter: 'refuse' | 'ignore';
}

/**
 * Parameters as a servlet decodes them: a plus is a space, `%2B` a plus. A client that does not encode its separator
 * finds its second field inside the value of the first.
 */
export function parameters(url: string): URLSearchParams {
  const mark = url.indexOf('?');
  return new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
}

/** `key:value,value+key:value`, after decoding. Dates hold colons, so only the first one separates. */
export function parseFilters(text: string | null, { known, unknownFilter }: FilterRules): readonly Filter[] {
  if (text === null || text.trim() === '') return [];
  return text.split('+').flatMap((field): readonly Filter[] => {
    const colon = field.indexOf(':');
    const name = colon < 0 ? field.trim() : field.slice(0, colon).trim();
    const list =
      colon < 0
        ? []
        : field
            .slice(colon + 1)
            .split(',')
            .map((value) => value.trim());
    const values = list.filter((value) => value !== '');
    if (known.includes(name) && values.length > 0) return [{ name, values }];
    if (unknownFilter === 'ignore') return [];
    throw new RefusedRequest(refusal(500, `Invalid query string: ${name}`));
  });
}

/** `yyyy-MM-ddTHH:mm:ss` and an offset whose plus is written as a space. Not `Z`, not milliseconds. */
const DATE = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}) ([+-]?)(\d{2})(\d{2})$/u;

/** Epoch milliseconds; `undefined` where the date is ignored. */
export function filterDate(text: string | undefined, badDate: 'refuse' | 'ignore'): number | undefined {
  if (text === undefined) return undefined;
  const match = DATE.exec(text);
  const local = match === null ? Number.NaN : Date.parse(`${match[1]}Z`);
  if (match === null || Number.isNaN(local)) {
    if (badDate === 'ignore') return undefined;
    throw new RefusedRequest(refusal(500, `Invalid date format received: ${text}`));
  }
  const offset = (Number(match[3]) * 60 + Number(match[4])) * 60_000;
  return match[2] === '-' ? local + offset : local - offset;
}

export function valuesOf(filters: readonly Filter[], name: string): readonly string[] | undefined {
  return filters.find((filter) => filter.name === name)?.values;
}

/** Whether a value is among those asked for; letter case does not matter, an absent filter takes everything. */
export function matches(filters: readonly Filter[], name: string, value: string): boolean {
  const wanted = valuesOf(filters, name);
  return wanted === undefined || wanted.some((one) => one.toLowerCase() === value.toLowerCase());
}
