import {
  ConditionalCheckFailedException,
  type AttributeValue,
  type DynamoDBClient,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { ConfigInvalidError, ConflictError, StoreUnavailableError } from '../../core/errors.ts';

/** A DynamoDB item as plain values: numbers are numbers, binary is `Uint8Array`, absent members are left out. */
export type Item = Record<string, unknown>;

/** What every store on a table needs. */
export interface Table {
  readonly client: DynamoDBClient;
  readonly tableName: string;
}

export function toItem(values: Item): Record<string, AttributeValue> {
  return marshall(values, { removeUndefinedValues: true });
}

/**
 * The newest schema of items that this code reads; what it writes is no newer. Items without one are of schema 1. The
 * next version reads this one's, and this one leaves the next one's alone (P13): it would lose what it does not know.
 */
const SCHEMA = 1;

/** @throws ConfigInvalidError when a newer version wrote the item: after a rollback, deploy that one again */
export function fromItem(item: Record<string, AttributeValue>): Item {
  const values = unmarshall(item);
  const { schema } = values;
  if (typeof schema !== 'number' || schema <= SCHEMA) return values;
  const key = [values['pk'] ?? values['connection'], values['sk']].filter((part) => part !== undefined).join(' ');
  throw new ConfigInvalidError(
    `${key} was written by a newer version (schema ${schema}, and this one reads ${SCHEMA}): deploy that version again`,
  );
}

/** Epoch milliseconds ↔ `Date`, as every instant is stored. */
export function toEpoch(date: Date | undefined): number | undefined {
  return date?.getTime();
}

export function fromEpoch(value: unknown): Date | undefined {
  return typeof value === 'number' ? new Date(value) : undefined;
}

/** Whether a conditional write failed on its condition: somebody else was first, or it was us (R20). */
export function isConditionFailure(error: unknown): boolean {
  if (error instanceof ConditionalCheckFailedException) return true;
  return (
    error instanceof TransactionCanceledException &&
    (error.CancellationReasons ?? []).some((reason) => reason.Code === 'ConditionalCheckFailed')
  );
}

/** The item that stood in the way, where the write asked for it (`ReturnValuesOnConditionCheckFailure: ALL_OLD`). */
export function blockingItem(error: unknown, index = 0): Item | undefined {
  if (error instanceof ConditionalCheckFailedException) return error.Item && fromItem(error.Item);
  if (error instanceof TransactionCanceledException) {
    const item = error.CancellationReasons?.[index]?.Item;
    return item && fromItem(item);
  }
  return undefined;
}

const RETRYABLE = new Set([
  'InternalServerError',
  'ItemCollectionSizeLimitExceededException',
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ServiceUnavailable',
  'ThrottlingException',
  'TimeoutError',
  'TransactionConflictException',
  'TransactionInProgressException',
]);

/** Turns what the SDK throws into the errors that core knows; bugs stay what they are. */
export function storeError(error: unknown, what: string): unknown {
  if (!(error instanceof Error)) return error;
  if (isConditionFailure(error)) return new ConflictError(`${what}: changed by somebody else`, { cause: error });
  const cancelled = error instanceof TransactionCanceledException;
  const networkCode = (error as { code?: unknown }).code;
  if (cancelled || RETRYABLE.has(error.name) || typeof networkCode === 'string') {
    return new StoreUnavailableError(`${what}: ${error.name}`, { cause: error });
  }
  return error;
}

/** Runs one SDK call under `storeError`. */
export async function run<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw storeError(error, what);
  }
}
