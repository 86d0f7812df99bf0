import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Pbx } from '../../../functions/shared/config/pbx-registry.ts';
import type { Secrets } from '../../../functions/shared/config/secrets.ts';
import { mapConcurrently } from '../../../functions/shared/map-concurrently.ts';
import { describeError } from '../../shared/describe-error.ts';
import { plural } from '../../shared/text.ts';
import type { Deployment } from '../deployment.ts';
import { checkAlarms } from './check-alarms.ts';
import { checkCredentials } from './check-credentials.ts';
import { checkFamily } from './check-family.ts';
import { checkIndex } from './check-index.ts';
import { checkLastRecording } from './check-last-recording.ts';
import { checkLink, type LinkApi } from './check-link.ts';
import { checkDeadLetters, checkQueue } from './check-queues.ts';
import { checkLastReport, findReports, type ReportHistory } from './check-reports.ts';
import { checkSession } from './check-session.ts';
import { checkStack } from './check-stack.ts';
import { type Finding, notChecked, ok, type Result, toDo } from './finding.ts';
import { findNewestRecording, type NewestRecording } from './newest-recording.ts';
import { invokePbxSession, runPbxSession, type SessionOutcome } from './pbx-session.ts';
import { sessionLocationOf } from './session-location.ts';

const CONCURRENT_PBXS = 5;

export interface DiagnosisDeps {
  deployment: Deployment;
  s3: S3Client;
  sqs: SQSClient;
  dynamoDb: DynamoDBDocumentClient;
  secrets: Secrets;
  lambda: LambdaClient;
  cloudWatch: CloudWatchClient;
  sns: SNSClient;
  links: LinkApi;
  now: () => number;
}

/** Checks the archive as a whole, then the PBX that is given, or all. */
export async function* diagnose(pbx: string | undefined, deps: DiagnosisDeps): AsyncGenerator<Finding> {
  const { deployment, cloudWatch, sqs, sns } = deps;
  const { stack, deadLetterQueueUrl, eventDeadLettersUrl, options, registry } = deployment;
  // Those of the index are counted by its own check.
  const deadLetterQueues = [deadLetterQueueUrl, eventDeadLettersUrl].filter((url) => url !== undefined);
  yield { check: 'stack', ...(stack ? checkStack(stack) : notChecked('a local host has none')) };
  yield {
    check: 'alarms',
    ...(stack
      ? await resultOf(() =>
          checkAlarms({ cloudWatch, sns, stackName: stack.name, topicArn: stack.outputs.AlarmTopicArn }),
        )
      : notChecked('a local host has none')),
  };
  yield {
    check: 'dead-letters',
    ...(await resultOf(() => checkDeadLetters(sqs, deadLetterQueues, options))),
  };
  const ids = pbx === undefined ? Object.keys(registry) : [pbx];
  const newest = await findNewestRecordings(ids, deps);
  yield { check: 'index', ...(await resultOf(() => checkIndex(foundOf(newest), deps))) };
  const sessions = await attempt(() => askPbxSession(pbx, deps));
  yield {
    check: 'pbx-session',
    ...('problem' in sessions ? toDo(sessions.problem) : ok('responds')),
  };
  const reports = stack && (await attempt(() => findReports(cloudWatch, stack.name, ids, deps.now())));
  for (const id of ids) {
    const settings = registry[id] as Pbx;
    for await (const [check, result] of diagnosePbx(
      id,
      settings,
      { sessions, reports, newest: newest.get(id) as Newest },
      deps,
    )) {
      yield { pbx: id, check, ...result };
    }
  }
}

type Attempt<T> = { value: T } | { problem: string };

/** The newest recording of a PBX, or `undefined` if it has none. */
type Newest = Attempt<NewestRecording | undefined>;

async function findNewestRecordings(
  ids: readonly string[],
  { s3, deployment: { bucket }, now }: DiagnosisDeps,
): Promise<ReadonlyMap<string, Newest>> {
  const found = await mapConcurrently(ids, CONCURRENT_PBXS, (id) =>
    attempt(() => findNewestRecording(s3, bucket, id, now())),
  );
  return new Map(ids.map((id, index) => [id, found[index] as Newest]));
}

const foundOf = (newest: ReadonlyMap<string, Newest>): ReadonlyMap<string, NewestRecording> =>
  new Map(
    [...newest].flatMap(([id, result]) =>
      'value' in result && result.value !== undefined ? [[id, result.value] as const] : [],
    ),
  );

/** What was found out about all PBXs at once. */
interface Known {
  sessions: Attempt<SessionOutcome[]>;
  reports: Attempt<ReadonlyMap<string, ReportHistory>> | undefined;
  newest: Newest;
}

async function* diagnosePbx(
  id: string,
  settings: Pbx,
  { sessions, reports, newest }: Known,
  { deployment, sqs, secrets, links, now }: DiagnosisDeps,
): AsyncGenerator<[check: string, result: Result]> {
  const family = checkFamily(settings);
  if (family !== undefined) yield ['family', family];
  yield ['credentials', await resultOf(() => checkCredentials(settings, secrets))];
  if ('problem' in sessions) {
    for (const check of ['connection', 'certificate', 'api', 'session', 'clock', 'device']) {
      yield [check, notChecked('needs pbx-session')];
    }
  } else {
    const outcome = sessions.value.find((session) => session.pbx === id);
    yield* Object.entries(checkSession(outcome, settings, sessionLocationOf(deployment)));
  }
  if (reports === undefined) yield ['last-report', notChecked('a local host counts no reports')];
  else if ('problem' in reports) yield ['last-report', toDo(reports.problem)];
  else yield ['last-report', checkLastReport(reports.value.get(id) ?? {}, now(), id, settings)];
  if ('problem' in newest) yield ['last-recording', toDo(newest.problem)];
  else yield ['last-recording', checkLastRecording(newest.value, now())];
  yield ['queue', await resultOf(() => checkQueue(sqs, deployment.queueUrlBase + settings.queueName))];
  const recording = 'value' in newest ? newest.value?.name : undefined;
  yield ['link', await resultOf(() => checkLink(links, id, recording, secrets))];
}

/** All PBXs at once, as the schedule does. */
function askPbxSession(pbx: string | undefined, { deployment, lambda }: DiagnosisDeps) {
  const request = pbx === undefined ? {} : { pbx };
  const { stack } = deployment;
  return stack ? invokePbxSession(lambda, stack.outputs.PbxSessionFunction, request) : runPbxSession(request);
}

/** A failed check must not keep the others from their turn. */
async function attempt<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    const [problem = ''] = describeError(error).split('\n', 1);
    return { problem };
  }
}

async function resultOf(check: () => Promise<Result>): Promise<Result> {
  const result = await attempt(check);
  return 'problem' in result ? toDo(result.problem) : result.value;
}

export function summarize(findings: readonly Finding[]): string {
  const count = findings.filter(({ status }) => status === 'to-do').length;
  return count === 0 ? 'Nothing to do.' : `${plural(count, 'thing')} to do.`;
}
