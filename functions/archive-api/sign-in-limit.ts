import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { ACCESS_TABLE, TTL_ATTRIBUTE } from '../shared/config/tables.ts';

const MAX_ATTEMPTS = 5;
const PERIOD_MS = 60_000;
/** An update fails only because another one succeeds: for each address at most five a minute, and as many are undone. */
const MAX_CONFLICTS = 20;

export interface SignInLimit {
  /** Counts an attempt of an address, unless there have been five within a minute: then it returns `undefined`. */
  begin(
    address: string,
  ): Promise<{ /** For an attempt that was not a wrong one. */ forget(): Promise<void> } | undefined>;
}

/** Limits the attempts to sign in, across all instances of the function, in the access table. */
export function createSignInLimit(
  client: DynamoDBDocumentClient,
  table: string,
  now: () => number,
): SignInLimit {
  const keyOf = (address: string) => ({
    [ACCESS_TABLE.partition]: `sign-in#${networkOf(address)}`,
    [ACCESS_TABLE.sort]: 'attempts',
  });

  /**
   * Replaces the times of the last minute's attempts by what `change` makes of them. Returns false if that is `undefined`,
   * or if others always come first.
   */
  async function update(
    address: string,
    change: (times: number[]) => number[] | undefined,
  ): Promise<boolean> {
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
      const { Item: before = {} } = await client.send(
        new GetCommand({ TableName: table, Key: keyOf(address), ConsistentRead: true }),
      );
      const { times = [], revision = 0 }: { times?: number[]; revision?: number } = before;
      const after = change(times.filter((time) => time > now() - PERIOD_MS));
      if (after === undefined) return false;
      const until = Math.ceil((now() + PERIOD_MS) / 1000);
      try {
        await client.send(
          new PutCommand({
            TableName: table,
            Item: { ...keyOf(address), times: after, revision: revision + 1, [TTL_ATTRIBUTE]: until },
            ConditionExpression: 'attribute_not_exists(revision) OR revision = :before',
            ExpressionAttributeValues: { ':before': revision },
          }),
        );
        return true;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    }
    return false;
  }

  return {
    async begin(address) {
      const time = now();
      const isCounted = await update(address, (times) =>
        times.length < MAX_ATTEMPTS ? [...times, time] : undefined,
      );
      if (!isCounted) return undefined;
      return {
        async forget() {
          await update(address, (times) => times.toSpliced(times.indexOf(time), 1));
        },
      };
    },
  };
}

/** An IPv6 network usually assigns 2^64 addresses to each of its customers. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = '', tail = ''] = address.split('::');
  const groups = head.split(':').filter(Boolean);
  if (address.includes('::')) {
    const missing = 8 - groups.length - tail.split(':').filter(Boolean).length;
    groups.push(...Array.from({ length: missing }, () => '0'));
  }
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
