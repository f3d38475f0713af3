import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { STATE_TABLE } from '../tables.ts';
import { createTable } from './table.ts';

/** First word of a partition key in `state`: what kind of thing the item is. */
export type StateKind =
  | 'authorization'
  | 'breaker'
  | 'budget'
  | 'heads'
  | 'highwater'
  | 'hook'
  | 'job'
  | 'latency'
  | 'lease'
  | 'outbox'
  | 'poison'
  | 'published'
  | 'ticket'
  | 'work';

/**
 * Everything that is not a connection, in one table. Functions see their own kinds of item: the first word of the
 * partition key is part of the permission.
 */
export class StateTable extends Construct {
  readonly table: TableV2;

  constructor(scope: Construct, id: string, props: { readonly key: IKey }) {
    super(scope, id);
    this.table = createTable(this, STATE_TABLE, props.key);
  }

  /** Reads items of these kinds. */
  grantRead(fn: Function, kinds: readonly StateKind[]): void {
    this.allow(fn, ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'], kinds);
  }

  /** Reads and changes items of these kinds. */
  grantWrite(fn: Function, kinds: readonly StateKind[]): void {
    this.grantRead(fn, kinds);
    this.allow(
      fn,
      [
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
        'dynamodb:DeleteItem',
        'dynamodb:ConditionCheckItem',
        'dynamodb:BatchWriteItem',
      ],
      kinds,
    );
  }

  /** Adds items of these kinds, and can neither read nor take them back: a writer of the outbox needs no more. */
  grantAppend(fn: Function, kinds: readonly StateKind[]): void {
    this.allow(fn, ['dynamodb:PutItem'], kinds);
  }

  /** Finds the jobs of one kind that are due. */
  grantFindDue(fn: Function, kind: 'report' | 'alert'): void {
    this.allowIndex(fn, 'due', `${kind}#*`);
  }

  /** Finds the alerts that a job holds open. */
  grantFindOpen(fn: Function): void {
    fn.addToRolePolicy(new PolicyStatement({ actions: ['dynamodb:Query'], resources: [this.indexArn('open')] }));
  }

  private allow(fn: Function, actions: string[], kinds: readonly StateKind[]): void {
    fn.addEnvironment('STATE_TABLE_NAME', this.table.tableName);
    fn.addToRolePolicy(
      new PolicyStatement({
        actions,
        resources: [this.table.tableArn],
        conditions: leadingKeys(kinds.map((kind) => `${kind}#*`)),
      }),
    );
  }

  private allowIndex(fn: Function, index: string, keys: string): void {
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['dynamodb:Query'],
        resources: [this.indexArn(index)],
        conditions: leadingKeys([keys]),
      }),
    );
  }

  private indexArn(name: string): string {
    return `${this.table.tableArn}/index/${name}`;
  }
}

/** `ForAllValues` holds for a request without keys too; the `Null` half closes that. */
function leadingKeys(patterns: readonly string[]): Record<string, Record<string, unknown>> {
  return {
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': patterns },
    Null: { 'dynamodb:LeadingKeys': 'false' },
  };
}
