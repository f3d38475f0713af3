import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { CONNECTIONS_TABLE } from '../tables.ts';
import { createTable } from './table.ts';

/** Where connections and their sealed token sets are kept: one item each. Nobody may scan it. */
export class ConnectionsTable extends Construct {
  readonly table: TableV2;

  constructor(scope: Construct, id: string, props: { readonly key: IKey }) {
    super(scope, id);
    this.table = createTable(this, CONNECTIONS_TABLE, props.key);
  }

  /** For `oauth-callback`: reads one connection by name and stores its first token set. It cannot list them. */
  grantAuthorize(fn: Function): void {
    this.allow(fn, ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:ConditionCheckItem']);
  }

  /** For `token-refresher`: finds what is due or was rejected, and replaces token sets. */
  grantRefresh(fn: Function): void {
    this.allow(fn, ['dynamodb:GetItem', 'dynamodb:UpdateItem', 'dynamodb:ConditionCheckItem']);
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['dynamodb:Query'],
        resources: CONNECTIONS_TABLE.indexes.map((index) => `${this.table.tableArn}/index/${index.name}`),
      }),
    );
  }

  /**
   * For pollers: reads a connection, and writes the one attribute by which they ask for a refresh.
   *
   * `dynamodb:Attributes` holds every attribute that an update names, in its condition too, so `generation` is in the
   * list: the write is conditional on it. Nothing that seals or authorizes is.
   */
  grantReadAndReject(fn: Function): void {
    this.allow(fn, ['dynamodb:GetItem']);
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['dynamodb:UpdateItem'],
        resources: [this.table.tableArn],
        conditions: {
          'ForAllValues:StringEquals': {
            'dynamodb:Attributes': [CONNECTIONS_TABLE.partitionKey, 'generation', 'rejectedGeneration'],
          },
          Null: { 'dynamodb:Attributes': 'false' },
          StringEqualsIfExists: { 'dynamodb:ReturnValues': ['NONE', 'UPDATED_OLD', 'UPDATED_NEW'] },
        },
      }),
    );
  }

  private allow(fn: Function, actions: string[]): void {
    fn.addEnvironment('CONNECTIONS_TABLE_NAME', this.table.tableName);
    fn.addToRolePolicy(new PolicyStatement({ actions, resources: [this.table.tableArn] }));
  }
}
