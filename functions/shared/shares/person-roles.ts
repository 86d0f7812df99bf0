import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as v from 'valibot';
import type { VerifiedToken } from '../access/principal.ts';
import { MAX_SHARE_DAYS } from '../config/limits.ts';
import { ACCESS_TABLE, TTL_ATTRIBUTE } from '../config/tables.ts';

/** As long as any share can last, and a day for the clocks. */
const KEPT_SECONDS = (MAX_SHARE_DAYS + 1) * 24 * 60 * 60;

const itemSchema = v.object({ roles: v.array(v.string()), [TTL_ATTRIBUTE]: v.number() });

/** The roles that people had in the newest token that the archive has seen of each. */
export interface PersonRoles {
  note(token: VerifiedToken, roles: readonly string[]): Promise<void>;
  /** `undefined` if the archive has not seen the person for longer than a share lasts. */
  of(subject: string): Promise<readonly string[] | undefined>;
}

export function createPersonRoles(
  client: DynamoDBDocumentClient,
  table: string,
  now: () => number,
): PersonRoles {
  const keyOf = (subject: string) => ({
    [ACCESS_TABLE.partition]: `roles#${subject}`,
    [ACCESS_TABLE.sort]: 'newest',
  });
  const nowSeconds = () => Math.floor(now() / 1000);

  return {
    async note({ subject, issuedAt }, roles) {
      const item = { ...keyOf(subject), roles, issuedAt, [TTL_ATTRIBUTE]: nowSeconds() + KEPT_SECONDS };
      try {
        await client.send(
          new PutCommand({
            TableName: table,
            Item: item,
            // A token from before the change is valid for some time still.
            ConditionExpression: 'attribute_not_exists(issuedAt) OR issuedAt <= :issuedAt',
            ExpressionAttributeValues: { ':issuedAt': issuedAt },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    },
    async of(subject) {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: keyOf(subject), ConsistentRead: true }),
      );
      if (Item === undefined) return undefined;
      const item = v.parse(itemSchema, Item);
      return item[TTL_ATTRIBUTE] > nowSeconds() ? item.roles : undefined;
    },
  };
}
