import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { toArchiveError } from '../errors.ts';
import { log } from '../telemetry/log.ts';
import { STATUS_KEY } from './keys.ts';

/** The state of the archive of a PBX as a whole. All times are epoch ms. No method rejects: the state is not worth a failure. */
export interface StatusWriter {
  sessionUp(pbx: string, at: number): Promise<void>;
  /** The PBX has been without a session at least since `at`. */
  sessionDown(pbx: string, at: number): Promise<void>;
  /**
   * All calls that ended in this period have been compared. That is ignored unless the period begins before the end of
   * what had been compared earlier: the archive may lack a recording of the time between.
   */
  reconciled(pbx: string, period: { from: number; upTo: number }): Promise<void>;
}

export function createStatusWriter(client: DynamoDBDocumentClient, TableName: string): StatusWriter {
  async function update(pbx: string, expression: string, times: Record<string, number>, condition?: string) {
    const values = Object.entries(times).map(([name, time]) => [name, new Date(time).toISOString()]);
    try {
      await client.send(
        new UpdateCommand({
          TableName,
          Key: { pbx, sk: STATUS_KEY },
          UpdateExpression: expression,
          ExpressionAttributeValues: Object.fromEntries(values),
          ...(condition !== undefined && { ConditionExpression: condition }),
        }),
      );
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return;
      log('warn', 'status-not-saved', { pbx, code: toArchiveError(error).code });
    }
  }

  return {
    sessionUp: (pbx, at) => update(pbx, 'SET sessionUpAt = :at REMOVE sessionDownSince', { ':at': at }),
    sessionDown: (pbx, at) =>
      update(pbx, 'SET sessionDownSince = if_not_exists(sessionDownSince, :at)', { ':at': at }),
    reconciled: (pbx, { from, upTo }) =>
      update(
        pbx,
        'SET reconciledUpTo = :upTo',
        { ':from': from, ':upTo': upTo },
        'attribute_not_exists(reconciledUpTo) OR (reconciledUpTo >= :from AND reconciledUpTo < :upTo)',
      ),
  };
}
