export interface PageRow {
  readonly id: string;
  readonly name: string;
  readonly severity: string;
  readonly score: number;
  readonly open: boolean;
  readonly detail: { readonly cve: string; readonly text: string };
}

/** Rows of `pageText`. */
export const PAGE_ROWS = 1000;

/** JSON of a page as `test/support/export-memory.ts` exports it. */
export function pageText(): string {
  return JSON.stringify(
    Array.from({ length: PAGE_ROWS }, (_, n): PageRow => ({
      id: `device-${n}`,
      name: `Laptop of somebody, number ${n}`,
      severity: ['critical', 'high', 'medium', 'low'][n % 4] ?? 'low',
      score: n / 10,
      open: n % 2 === 0,
      detail: {
        cve: `CVE-2026-${n}`,
        text: 'A sentence with a comma, and "quotes", of ordinary length for such a field.',
      },
    })),
  );
}

/** Processor time of this thread: on a machine that others use too, a clock measures them. */
export function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
