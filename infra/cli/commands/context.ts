import { createServices, type Services } from '../services.ts';
import { openTarget } from '../target.ts';
import { createTerminal, type Terminal } from '../terminal.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly stage?: string;
  readonly directory: string;
  readonly json?: boolean;
}

export interface CommandContext {
  readonly terminal: Terminal;
  readonly services: Services;
  /** Folder of the local service, whichever stage the command works on. */
  readonly directory: string;
}

/** Opens what a command works on. */
export async function openContext(options: GlobalOptions): Promise<CommandContext> {
  const terminal = createTerminal(options.json === true);
  return { terminal, services: createServices(await openTarget(options)), directory: options.directory };
}
