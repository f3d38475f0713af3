import { describe, expect, it } from 'vitest';
import { createAfterRestore } from '../../../../functions/core/connections/after-restore.ts';
import { StoreUnavailableError } from '../../../../functions/core/errors.ts';
import { createConnectionEvents } from '../../../../functions/core/tokens/connection-events.ts';
import { createTokenWorld } from '../../../support/token-world.ts';

describe('what came out of a backup', () => {
  it('I9: is looked at to the end, though the table turns one question away', async () => {
    const world = createTokenWorld();
    await world.addConnected('first');
    await world.addConnected('second');
    let answered = 0;
    const store = {
      ...world.connections,
      async highWater(name: string) {
        if (name === 'first') throw new StoreUnavailableError('throttled');
        await new Promise(setImmediate);
        answered += 1;
        return world.connections.highWater(name);
      },
    };
    const { look } = createAfterRestore({
      store,
      setHighWater: async () => undefined,
      events: createConnectionEvents('test'),
      clock: world.clock,
    });
    await expect(look()).rejects.toThrow(StoreUnavailableError);
    expect(answered).toBe(1);
  });
});
