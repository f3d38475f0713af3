/** What a shell reports of a program that ended by Ctrl-C. */
export const INTERRUPTED = 130;

export interface Interruption {
  /** Resolves with the first Ctrl-C, SIGTERM or closed terminal; a second one ends the process where it stands. */
  readonly asked: Promise<'interrupted'>;
  /** From now on there is something to be stopped in order. Before, the process just ends. */
  started(): void;
}

export function watchSignals(): Interruption {
  let isStarted = false;
  const asked = new Promise<'interrupted'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        if (!isStarted) process.exit(INTERRUPTED);
        resolve('interrupted');
      });
    }
  });
  return {
    asked,
    started: () => {
      isStarted = true;
    },
  };
}
