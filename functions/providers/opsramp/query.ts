import { ConfigInvalidError } from '../../core/errors.ts';

/** One field of a `queryString`: a documented name and its values, of which any may match. */
export type QueryField = readonly [name: string, values: readonly string[]];

/**
 * Whether a value can stand in a `queryString` at all: no escape is documented for the separators, and a value that
 * holds one would silently become another filter.
 */
export function isQueryValue(value: string): boolean {
  return value.trim() !== '' && /^[^+,\p{Cc}]*$/u.test(value);
}

/**
 * A `queryString`: fields joined by `+`, names from values by the first `:`, values by `,`.
 *
 * The text is form-encoded once on its way into the URL, so that the separator reaches the server as `%2B`: a bare
 * `+` in a URL is a space to it, and everything after it would belong to the value before.
 */
export function queryString(fields: readonly QueryField[]): string {
  return fields
    .filter(([, values]) => values.length > 0)
    .map(([name, values]) => {
      const bad = values.find((value) => !isQueryValue(value));
      if (bad !== undefined) throw new ConfigInvalidError(`OpsRamp: ${name}: "${bad}" cannot stand in a filter`);
      return `${name}:${values.join(',')}`;
    })
    .join('+');
}
