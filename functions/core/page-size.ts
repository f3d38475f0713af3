/** Where a list is read by numbered pages: which one comes next, and how many records it has. */
export interface NumberedPage {
  readonly page: number;
  readonly pageSize: number;
}

/**
 * The smaller page that begins where a page does which was too large to be taken; `undefined` where it has one record.
 * Sizes divide one another, so that no record falls between the pages before and this one.
 *
 * @param first the number of the list's first page
 */
export function smallerPage({ page, pageSize }: NumberedPage, first = 1): NumberedPage | undefined {
  if (pageSize <= 1) return undefined;
  let divisor = 2;
  while (pageSize % divisor !== 0) divisor += 1;
  return { page: (page - first) * divisor + first, pageSize: pageSize / divisor };
}
