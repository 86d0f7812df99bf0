import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { INDEX_TABLE } from '../../functions/shared/config/tables.ts';
import { allow } from './archive-function.ts';
import { acceptFindings } from './nag.ts';

type Operation = 'DeleteItem' | 'GetItem' | 'PutItem' | 'Query' | 'UpdateItem';

const stringKey = (name: string) => ({ name, type: AttributeType.STRING });

/** The index of the recordings. It is deleted with the stack, because it can be rebuilt from the bucket. */
export class IndexTable extends Table {
  constructor(scope: Construct, id: string) {
    const { partition, sort, indexes } = INDEX_TABLE;
    super(scope, id, {
      partitionKey: stringKey(partition),
      sortKey: stringKey(sort),
      billingMode: BillingMode.PAY_PER_REQUEST,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    for (const [indexName, partitionKey] of Object.entries(indexes)) {
      this.addGlobalSecondaryIndex({
        indexName,
        partitionKey: stringKey(partitionKey),
        sortKey: stringKey(sort),
      });
    }
    acceptFindings(this, {
      DDB3: 'npm run reindex rebuilds the table from the bucket, with what the recordings are now, not what they were.',
    });
  }

  /** The CDK's grants would also allow what no function does, such as reading streams. */
  allow(grantee: IGrantable, ...operations: Operation[]): void {
    allow(
      grantee,
      operations.map((operation) => `dynamodb:${operation}`),
      this.tableArn,
    );
  }

  /** Allows finding rows by time, number and call id, and reading single ones. */
  grantSearch(grantee: IGrantable): void {
    const indexes = Object.keys(INDEX_TABLE.indexes).map((name) => `${this.tableArn}/index/${name}`);
    allow(grantee, ['dynamodb:BatchGetItem', 'dynamodb:GetItem'], this.tableArn);
    allow(grantee, ['dynamodb:Query'], this.tableArn, ...indexes);
  }
}
