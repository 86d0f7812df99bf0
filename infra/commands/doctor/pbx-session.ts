import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import * as v from 'valibot';
import { logChannel } from '../../../functions/shared/telemetry/log.ts';
import { UsageError } from '../../shared/command-line.ts';

const outcomeSchema = v.object({
  pbx: v.string(),
  outcome: v.string(),
  code: v.optional(v.string()),
  message: v.optional(v.string()),
  skewSeconds: v.optional(v.number()),
  isZoneWrong: v.optional(v.boolean()),
  model: v.optional(v.string()),
  edition: v.optional(v.string()),
  renewsCertificate: v.optional(v.boolean()),
  serialNumber: v.optional(v.string()),
  firmware: v.optional(v.string()),
  noReports: v.optional(v.string()),
});

const responseSchema = v.pipe(v.string(), v.parseJson(), v.object({ sessions: v.array(outcomeSchema) }));

const failureSchema = v.pipe(v.string(), v.parseJson(), v.object({ errorMessage: v.string() }));

/** What pbx-session responds about one PBX. */
export type SessionOutcome = v.InferOutput<typeof outcomeSchema>;

/** Invokes pbx-session for one PBX, or for all. */
export async function invokePbxSession(
  lambda: LambdaClient,
  functionName: string | undefined,
  request: { pbx?: string },
): Promise<SessionOutcome[]> {
  if (functionName === undefined) throw new UsageError('The stack has no output PbxSessionFunction.');
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(request) }),
  );
  // Without a body, the SDK returns null.
  const text = Buffer.from(Payload ?? '').toString();
  if (FunctionError !== undefined) {
    const failure = v.safeParse(failureSchema, text);
    const reason = failure.success ? failure.output.errorMessage.replaceAll(/\s+/g, ' ') : FunctionError;
    throw new UsageError(`The function failed (${reason}). See docs/runbook.md#function-errors.`);
  }
  return readResponse(text);
}

/** Runs pbx-session in this process, with the environment of the local host. */
export async function runPbxSession(request: { pbx?: string }): Promise<SessionOutcome[]> {
  // Subscribing replaces console output. The response says the same.
  logChannel.subscribe(() => {});
  const feature = 'pbx-session';
  const { handler } = await import(`../../../functions/${feature}/handler.ts`);
  return readResponse(JSON.stringify(await handler(request)));
}

function readResponse(text: string): SessionOutcome[] {
  const response = v.safeParse(responseSchema, text);
  if (response.success) return response.output.sessions;
  throw new UsageError('The response of the function is of another version. Run npm run deploy.');
}
