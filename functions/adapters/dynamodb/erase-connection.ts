import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { isConditionFailure, run, type Table, toItem } from './table.ts';

/**
 * Takes a connection's item away, account and consent and all. For the operator, when a client has left: no function does.
 * `false` when somebody connected it meanwhile. Its high water stays, so that an item out of a backup opens no token.
 */
export function createEraseConnection({ client, tableName }: Table): (name: string) => Promise<boolean> {
  return (name) => {
    const command = new DeleteItemCommand({
      TableName: tableName,
      Key: toItem({ connection: name }),
      ConditionExpression:
        'health = :disconnected AND attribute_not_exists(#access) AND attribute_not_exists(#refresh) AND attribute_not_exists(leaseUntil)',
      ExpressionAttributeNames: { '#access': 'access', '#refresh': 'refresh' },
      ExpressionAttributeValues: toItem({ ':disconnected': 'disconnected' }),
    });
    return run(`Erasing connection ${name}`, async () => {
      try {
        await client.send(command);
        return true;
      } catch (error) {
        if (isConditionFailure(error)) return false;
        throw error;
      }
    });
  };
}
