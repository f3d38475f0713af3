import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, ProjectionType, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { TableShape } from '../tables.ts';

/** Makes a table from its data: on demand, recoverable to any second of 35 days, not deletable by accident. */
export function createTable(scope: Construct, shape: TableShape, key: IKey): TableV2 {
  return new TableV2(scope, 'Table', {
    partitionKey: { name: shape.partitionKey, type: AttributeType.STRING },
    ...(shape.sortKey === undefined ? {} : { sortKey: { name: shape.sortKey, type: AttributeType.STRING } }),
    ...(shape.timeToLive === undefined ? {} : { timeToLiveAttribute: shape.timeToLive }),
    globalSecondaryIndexes: shape.indexes.map((index) => ({
      indexName: index.name,
      partitionKey: { name: index.partitionKey, type: AttributeType.STRING },
      sortKey: {
        name: index.sortKey.name,
        type: index.sortKey.type === 'N' ? AttributeType.NUMBER : AttributeType.STRING,
      },
      projectionType: index.projection === 'ALL' ? ProjectionType.ALL : ProjectionType.KEYS_ONLY,
    })),
    billing: Billing.onDemand(),
    encryption: TableEncryptionV2.customerManagedKey(key),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true, recoveryPeriodInDays: 35 },
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
}
