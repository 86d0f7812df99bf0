import { RemovalPolicy } from 'aws-cdk-lib';
import { type Attribute, AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { ACCESS_TABLE, TTL_ATTRIBUTE } from '../../functions/shared/config/tables.ts';
import { allow } from './archive-function.ts';

const text = (name: string): Attribute => ({ name, type: AttributeType.STRING });

/** The table with shares and the access log. What is in it exists nowhere else. */
export class AccessTable extends Construct {
  readonly name: string;
  private readonly table: Table;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const { partition, sort, indexes } = ACCESS_TABLE;
    this.table = new Table(this, 'Table', {
      partitionKey: text(partition),
      sortKey: text(sort),
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: TTL_ATTRIBUTE,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      // With DynamoDB's own key, whatever encrypts the recordings: a table whose customer-managed key is disabled cannot be
      // used, and after a week DynamoDB takes it out of service. Nobody could revoke a share or see who listened.
      encryption: TableEncryption.DEFAULT,
      deletionProtection: true,
      // Not RETAIN_ON_UPDATE_OR_DELETE, as for the bucket: a first deployment that fails could not delete the protected
      // table, and would end in ROLLBACK_FAILED.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    for (const [indexName, key] of Object.entries(indexes)) {
      this.table.addGlobalSecondaryIndex({ indexName, partitionKey: text(key), sortKey: text(sort) });
    }
    this.name = this.table.tableName;
  }

  /** Allows adding rows to the access log, and nothing else: what is in it cannot be read or changed. */
  grantLogging(role: Role): void {
    allow(role, ['dynamodb:PutItem'], this.table.tableArn);
  }

  /** Allows reading and adding to the access log, making, opening and revoking shares, and counting attempts to sign in. */
  grantApi(role: Role): void {
    const { tableArn } = this.table;
    allow(role, ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem'], tableArn);
    allow(
      role,
      ['dynamodb:Query'],
      ...Object.keys(ACCESS_TABLE.indexes).map((name) => `${tableArn}/index/${name}`),
    );
  }
}
