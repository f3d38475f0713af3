import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

export interface Counted {
  calls: Record<string, number>;
  /** Each call with its units, in order. */
  steps: string[];
  /** Items written, by the first part of their partition key. */
  items: Record<string, number>;
  writeUnits: number;
  readUnits: number;
}

interface Consumed {
  readonly CapacityUnits?: number;
}

/** Counts the calls of a client and the capacity units that the engine says they consumed, until it is stopped. */
export function countCapacity(client: DynamoDBClient): { readonly counted: Counted; readonly stop: () => void } {
  const counted: Counted = { calls: {}, steps: [], items: {}, writeUnits: 0, readUnits: 0 };
  const name = 'count-capacity';
  client.middlewareStack.add(
    (next, context) => async (given) => {
      const command = (context.commandName ?? '').replace('Command', '');
      for (const key of writtenKeys(given.input)) counted.items[key] = (counted.items[key] ?? 0) + 1;
      const result = await next({ ...given, input: { ...given.input, ReturnConsumedCapacity: 'TOTAL' } });
      const { ConsumedCapacity: consumed } = result.output as { ConsumedCapacity?: Consumed | readonly Consumed[] };
      const units = [consumed ?? []].flat().reduce((sum, one) => sum + (one.CapacityUnits ?? 0), 0);
      counted.steps.push(`${command} ${units}`);
      counted.calls[command] = (counted.calls[command] ?? 0) + 1;
      if (/^(Get|Query|Scan|BatchGet)/.test(command)) counted.readUnits += units;
      else counted.writeUnits += units;
      return result;
    },
    { step: 'initialize', name },
  );
  return { counted, stop: () => void client.middlewareStack.remove(name) };
}

interface Write {
  readonly Key?: Record<string, { readonly S?: string }>;
  readonly Item?: Record<string, { readonly S?: string }>;
}

function writtenKeys(input: object): readonly string[] {
  const { TransactItems = [], RequestItems = {} } = input as {
    TransactItems?: readonly Record<string, Write>[];
    RequestItems?: Record<string, readonly Record<string, Write>[]>;
  };
  const batches = Object.values(RequestItems).filter(Array.isArray).flat() as readonly Record<string, Write>[];
  const isWrite = 'UpdateExpression' in input || 'Item' in input;
  const writes = [...[...TransactItems, ...batches].flatMap((one) => Object.values(one)), ...(isWrite ? [input] : [])];
  return writes.flatMap((write) => {
    const { pk, connection } = (write as Write).Key ?? (write as Write).Item ?? {};
    const key = pk?.S ?? (connection === undefined ? undefined : 'connection');
    return key === undefined ? [] : [key.split('#')[0] ?? key];
  });
}
