// dynalite ships no types: what the stand-in uses of it.
declare module 'dynalite' {
  import type { Server } from 'node:http';

  function dynalite(options: {
    path?: string;
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }): Server;
  export = dynalite;
}

declare module 'dynalite/validations/index.js' {
  export function validateExpressions(data: Record<string, unknown>): string | undefined;
}

declare module 'dynalite/db/index.js' {
  export function matchesExprFilter(item: Record<string, unknown>, expression: unknown): boolean;
}
