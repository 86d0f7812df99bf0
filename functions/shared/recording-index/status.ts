import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { toArchiveError } from '../errors.ts';
import { log } from '../telemetry/log.ts';
import { STATUS_KEY } from './keys.ts';

/** The schedules whose failures are counted. */
export type CountedSchedule = 'recent' | 'wide';

const FAILED_RUNS = { recent: 'failedRecentRuns', wide: 'failedWideRuns' } as const;

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
  /**
   * Counts a run of a schedule. Returns how many have failed in a row, including this one. If the index cannot say, a
   * failure is taken for the second: it must not go unnoticed because the index fails as well.
   */
  countRun(pbx: string, schedule: CountedSchedule, hasFailed: boolean): Promise<number>;
}

export function createStatusWriter(client: DynamoDBDocumentClient, TableName: string): StatusWriter {
  /** Returns the attributes that were changed; none if the condition is not met, or if DynamoDB fails. */
  async function update(
    pbx: string,
    UpdateExpression: string,
    ExpressionAttributeValues: Record<string, string | number>,
    ConditionExpression?: string,
  ): Promise<Record<string, unknown>> {
    try {
      const { Attributes = {} } = await client.send(
        new UpdateCommand({
          TableName,
          Key: { pbx, sk: STATUS_KEY },
          UpdateExpression,
          ExpressionAttributeValues,
          ConditionExpression,
          ReturnValues: 'UPDATED_NEW',
        }),
      );
      return Attributes;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException))
        log('warn', 'status-not-saved', { pbx, code: toArchiveError(error).code });
      return {};
    }
  }

  return {
    async sessionUp(pbx, at) {
      await update(pbx, 'SET sessionUpAt = :at REMOVE sessionDownSince', { ':at': toText(at) });
    },
    async sessionDown(pbx, at) {
      const expression = 'SET sessionDownSince = if_not_exists(sessionDownSince, :at)';
      await update(pbx, expression, { ':at': toText(at) });
    },
    async reconciled(pbx, { from, upTo }) {
      await update(
        pbx,
        'SET reconciledUpTo = :upTo',
        { ':from': toText(from), ':upTo': toText(upTo) },
        'attribute_not_exists(reconciledUpTo) OR (reconciledUpTo >= :from AND reconciledUpTo < :upTo)',
      );
    },
    async countRun(pbx, schedule, hasFailed) {
      const counter = FAILED_RUNS[schedule];
      if (!hasFailed) {
        await update(pbx, `SET ${counter} = :none`, { ':none': 0 });
        return 0;
      }
      const { [counter]: count } = await update(pbx, `ADD ${counter} :one`, { ':one': 1 });
      return typeof count === 'number' ? count : 2;
    },
  };
}

const toText = (time: number) => new Date(time).toISOString();
