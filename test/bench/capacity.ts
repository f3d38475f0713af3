import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

export interface Counted {
  calls: Record<string, number>;
  writeUnits: number;
  readUnits: number;
}

interface Consumed {
  readonly CapacityUnits?: number;
}

/** Counts the calls of a client and the capacity units that the engine says they consumed, until it is stopped. */
export function countCapacity(client: DynamoDBClient): { readonly counted: Counted; readonly stop: () => void } {
  const counted: Counted = { calls: {}, writeUnits: 0, readUnits: 0 };
  const name = 'count-capacity';
  client.middlewareStack.add(
    (next, context) => async (given) => {
      const command = (context.commandName ?? '').replace('Command', '');
      const result = await next({ ...given, input: { ...given.input, ReturnConsumedCapacity: 'TOTAL' } } as never);
      const { ConsumedCapacity: consumed } = result.output as { ConsumedCapacity?: Consumed | readonly Consumed[] };
      const units = [consumed ?? []].flat().reduce((sum, one) => sum + ((one as Consumed).CapacityUnits ?? 0), 0);
      counted.calls[command] = (counted.calls[command] ?? 0) + 1;
      if (/^(Get|Query|Scan|BatchGet)/.test(command)) counted.readUnits += units;
      else counted.writeUnits += units;
      return result;
    },
    { step: 'initialize', name },
  );
  return { counted, stop: () => void client.middlewareStack.remove(name) };
}
