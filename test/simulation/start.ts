/** When every history begins, on its virtual clock. */
export const START = new Date('2026-03-10T12:00:00Z');
