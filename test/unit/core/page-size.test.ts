import { expect, it } from 'vitest';
import { smallerPage } from '../../../functions/core/page-size.ts';

it('divides a page that is too large by its smallest divisor, and begins where it began', () => {
  expect(smallerPage({ page: 3, pageSize: 100 })).toEqual({ page: 5, pageSize: 50 });
  expect(smallerPage({ page: 2, pageSize: 25 })).toEqual({ page: 6, pageSize: 5 });
  expect(smallerPage({ page: 0, pageSize: 9 }, 0)).toEqual({ page: 0, pageSize: 3 });
  expect(smallerPage({ page: 2, pageSize: 7 }, 0)).toEqual({ page: 14, pageSize: 1 });
  expect(smallerPage({ page: 5, pageSize: 2 })).toEqual({ page: 9, pageSize: 1 });
  expect(smallerPage({ page: 9, pageSize: 1 })).toBeUndefined();
});
