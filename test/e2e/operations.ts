import assert from 'node:assert/strict';
import { createApi } from './api.ts';
import { type Archive, keyOf } from './archive.ts';
import { missCall, type Recording, reportCall } from './calls.ts';
import { copyRow, findRows } from './index-rows.ts';
import { createLinks, tokenOf } from './links.ts';
import type { AnyPbx, Pbx, PSeries } from './pbxs.ts';
import { type DeployedStack, invoke } from './stack.ts';
import { waitUntil } from './wait-until.ts';

interface Status {
  id: string;
  completeUpTo?: string;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Reconciliation finds a call that nobody reported. The session has ended, so it logs in first. The API then says how far
 * the archive is complete.
 */
export async function reconcile(stack: DeployedStack, pbx: AnyPbx, archive: Archive): Promise<void> {
  // A P-Series lists no talk times. So its calls are left to their reports for an hour.
  const missedUntil = Date.now() - 2 * HOUR_MS;
  const missed = missCall(pbx, missedUntil);
  pbx.dropTokens();
  await invoke(stack, stack.outputs.ReconcileFunction, { pbx: pbx.id, hours: 24 });
  await archive.expectRecording(missed);
  const { pbxs } = await createApi(stack, await tokenOf(stack)).get<{ pbxs: Status[] }>('me');
  const upTo = pbxs.find(({ id }) => id === pbx.id)?.completeUpTo;
  assert(upTo !== undefined && Date.parse(upTo) >= missedUntil, `The archive is complete up to ${upTo}.`);
}

/** Reconciliation has the row of a recording deleted that the bucket does not have. */
export async function repairIndex(stack: DeployedStack, { pbx, recording }: Recording): Promise<void> {
  const gone = recording.replace('.wav', '-gone.wav');
  await copyRow(stack, recording, gone);
  await invoke(stack, stack.outputs.ReconcileFunction, { pbx, hours: 24 });
  await waitUntil(
    async () => (await findRows(stack, gone)).length === 0,
    'the index has a recording that is gone',
    stack,
  );
}

/** A PBX that restarts asks for a new session. */
export async function reboot(stack: DeployedStack, pbx: Pbx, archive: Archive): Promise<void> {
  const { logins } = pbx.stats;
  const { delivered } = await pbx.reboot();
  assert(delivered, 'The report of the restart was not accepted.');
  await waitUntil(async () => pbx.stats.logins > logins, 'nobody logged in after the restart', stack);
  await archive.expectRecording(await reportCall(pbx));
}

/** A report that the PBX has not signed is refused. A token that has ended is replaced by the refresh token. */
export async function useTokens(pbx: PSeries, archive: Archive): Promise<Recording[]> {
  const { report } = pbx.makeCall({ from: '1001', to: '1003', recorded: false });
  const forged = { type: 30012, msg: report };
  assert.equal(await pbx.postRaw(JSON.stringify(forged), { 'X-Signature': 'Zm9yZ2Vk' }), 401);
  const first = await reportCall(pbx);
  await archive.expectRecording(first);
  pbx.expireTokens();
  const second = await reportCall(pbx);
  await archive.expectRecording(second);
  const { getTokens, refreshes, maxValidTokens } = pbx.stats;
  assert.deepEqual(
    { getTokens, refreshes, maxValidTokens },
    { getTokens: 1, refreshes: 1, maxValidTokens: 1 },
  );
  return [first, second];
}

/** Two dead letters: the report of another PBX, and a job that can be sent back once its cause is gone. */
export async function deadLetters(stack: DeployedStack, pbx: Pbx, archive: Archive): Promise<void> {
  const { project, aws, outputs } = stack;
  await reportCall(pbx, { from: '1001', to: '1003', fields: { sn: 'another' } });
  const refused = await reportCall(pbx, {
    from: '1001',
    to: '1003',
    misbehaviour: [{ kind: 'json-instead-of-audio', errno: '20015' }],
  });
  const queue = { 'queue-url': outputs.DeadLetterQueueUrl, 'attribute-names': 'All' };
  await waitUntil(
    async () => {
      const { Attributes } = await aws.call<{ Attributes: { ApproximateNumberOfMessages: string } }>(
        'sqs get-queue-attributes',
        queue,
      );
      return Attributes.ApproximateNumberOfMessages === '2';
    },
    'there are not two dead letters',
    stack,
  );
  const printed = await project.npmRun('dead-letters', '--json');
  const codes = printed
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).code);
  assert.deepEqual(codes.toSorted(), ['pbx-20015', 'report-foreign']);
  await project.npmRun('redrive', '--code', 'pbx-20015');
  await archive.expectRecording(refused);
}

/**
 * In a stack that works, and of whose alarms somebody is notified, every check of the doctor can be made, and there is
 * nothing to do.
 */
export async function doctor({ project, aws, outputs }: DeployedStack, pbxs: AnyPbx[]): Promise<void> {
  await aws.call('sns subscribe', {
    'topic-arn': outputs.AlarmTopicArn,
    protocol: 'email',
    'notification-endpoint': 'on-call@example.test',
  });
  const printed = await project.npmRun('doctor', '--json');
  const findings = printed
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    findings.filter(({ status }) => status !== 'ok'),
    [],
  );
  const checked = new Set(findings.flatMap(({ pbx }) => pbx ?? []));
  assert.deepEqual(
    [...checked],
    pbxs.map(({ id }) => id),
  );
}

/** Backfill archives a call of three days ago. */
export async function backfill({ project }: DeployedStack, pbx: Pbx, archive: Archive): Promise<void> {
  const startedAt = Date.now() - 3 * DAY_MS;
  const missed = missCall(pbx, startedAt);
  const day = new Date(startedAt).toISOString().slice(0, 10);
  const dayAfter = new Date(startedAt + DAY_MS).toISOString().slice(0, 10);
  await project.npmRun('backfill', '--pbx', pbx.id, '--from', day, '--to', dayAfter);
  await archive.expectRecording(missed);
}

/** Nothing is left of an erased recording, in the bucket and in the index. */
export async function erase(stack: DeployedStack, { pbx, recording }: Recording): Promise<void> {
  await stack.project.npmRun('erase', '--pbx', pbx, '--recording', recording, '--yes');
  assert.equal(await createLinks(stack).statusFor({ pbx, recording }, await tokenOf(stack)), 404);
  const versions = await stack.aws.call<{ Versions?: []; DeleteMarkers?: [] }>('s3api list-object-versions', {
    bucket: stack.outputs.RecordingsBucket,
    prefix: keyOf(pbx, recording),
  });
  assert.deepEqual([versions.Versions ?? [], versions.DeleteMarkers ?? []], [[], []]);
  assert.deepEqual(await findRows(stack, recording), []);
}
