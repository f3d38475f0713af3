/** IMF-fixdate, the one form of `Date` that servers send. @see https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7 */
const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/u;

export function parseHttpDate(value: string | undefined): Date | undefined {
  if (value === undefined || !IMF_FIXDATE.test(value)) return undefined;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
