import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, expect, test } from 'vitest';
import { saveStatus } from '../../../functions/pbx-session/save-status.ts';
import { createDynamoDbClient, createS3Client } from '../../../functions/shared/aws-clients.ts';
import { INDEX_TABLE } from '../../../functions/shared/config/tables.ts';
import { createIndexReader } from '../../../functions/shared/recording-index/index-reader.ts';
import { createStatusWriter } from '../../../functions/shared/recording-index/status.ts';
import { type PbxEvent, startSimulatedPbx } from '../../../infra/simulated-pbx/simulated-pbx.ts';
import { identity } from '../../infra/simulated-pbx/harness.ts';
import { checkRole } from '../../permissions/check-role.ts';
import { recordCalls } from '../../permissions/record-calls.ts';
import { useDynamoDb, useS3, useSecretsManager, writeRegistry } from '../aws-services.ts';
import { captureLog } from '../capture-log.ts';

const BUCKET = 'archive';
const WEBHOOK_SECRET = 'webhook-secret-of-the-test';
const REPORT_URL = `http://reports.test/reports/hq/${WEBHOOK_SECRET}`;

await useSecretsManager();
await useS3();
await useDynamoDb({ index: INDEX_TABLE });
const events: PbxEvent[] = [];
const pbx = await startSimulatedPbx({ tls: identity, onEvent: (event) => events.push(event) });
afterAll(() => pbx.close());

Object.assign(process.env, {
  PBX_REGISTRY_FILE: await writeRegistry({
    hq: {
      baseUrl: pbx.url,
      tls: { fingerprint256: pbx.fingerprint256 },
      reportUrl: 'http://{host}',
    },
    // Nothing listens on this port.
    away: { baseUrl: 'https://127.0.0.1:9' },
    new: {},
  }),
  BUCKET_NAME: BUCKET,
  INDEX_TABLE: 'index',
  REPORT_HOST: 'reports.test',
});
await createS3Client().send(new CreateBucketCommand({ Bucket: BUCKET }));
const secretsManager = new SecretsManagerClient();
const credentials = { username: 'api', password: 'pbx-password', webhookSecret: WEBHOOK_SECRET };
for (const [name, value] of [
  ['pbx/hq', credentials],
  ['pbx/away', credentials],
  ['pbx/new', { webhookSecret: WEBHOOK_SECRET }],
  ['session/hq', {}],
  ['session/away', {}],
  ['session/new', {}],
] as const) {
  await secretsManager.send(new CreateSecretCommand({ Name: name, SecretString: JSON.stringify(value) }));
}
const recorder = recordCalls();
const { handler } = await recorder.load(() => import('../../../functions/pbx-session/handler.ts'));

const logLines = captureLog();

/** Invokes the function and records what happens at the PBX meanwhile. */
async function invoke(event: unknown) {
  events.length = 0;
  const response = await handler(event);
  return { ...response, atPbx: events.map(({ type }) => type), events: [...events] };
}

/** The message that the webhook sends to the queue for a `BootUp` report. */
const bootUp = (bootedAtMs: number, pbxId = 'hq', attempt = 1) => ({
  Records: [
    {
      messageId: 'm1',
      body: JSON.stringify({ pbx: pbxId, bootedAt: new Date(bootedAtMs).toISOString() }),
      attributes: { ApproximateReceiveCount: String(attempt) },
    },
  ],
});

test('the schedule opens a session and keeps it alive, and a reboot opens a new one', async () => {
  const startedAt = Date.now();
  const opened = await invoke({ source: 'aws.events', 'detail-type': 'Scheduled Event' });
  expect(opened.sessions).toMatchObject([
    { pbx: 'hq', outcome: 'logged-in' },
    { pbx: 'away', outcome: 'failed', code: 'pbx-connection' },
    { pbx: 'new', outcome: 'no-credentials' },
  ]);
  expect(opened.batchItemFailures).toEqual([]);
  expect(opened.events).toMatchObject([{ type: 'login', reportUrl: REPORT_URL }]);

  const kept = await invoke({ pbx: 'hq' });
  expect(kept.sessions).toEqual([
    {
      pbx: 'hq',
      outcome: 'kept-alive',
      skewSeconds: expect.any(Number),
      model: 'Simulated S-Series',
      serialNumber: '369362089179',
      firmware: '30.15.0.60',
    },
  ]);
  expect(kept.events).toMatchObject([{ type: 'heartbeat', reportUrl: REPORT_URL }]);

  // A report that took long to arrive is about a reboot before the login.
  const late = await invoke(bootUp(startedAt - 1));
  expect(late.atPbx).toEqual(['heartbeat']);

  const rebooted = await invoke(bootUp(Date.now() + 1));
  expect(rebooted.sessions).toMatchObject([{ pbx: 'hq', outcome: 'logged-in' }]);
  expect(rebooted.batchItemFailures).toEqual([]);
  expect(rebooted.events).toMatchObject([{ type: 'login', reportUrl: REPORT_URL }]);
  expect(JSON.stringify(logLines)).not.toContain(WEBHOOK_SECRET);
});

test('a token that the PBX no longer knows is replaced', async () => {
  await invoke({ pbx: 'hq' });
  pbx.dropTokens();
  const { sessions, events: seen } = await invoke({ pbx: 'hq' });
  expect(sessions).toMatchObject([{ pbx: 'hq', outcome: 'logged-in' }]);
  expect(seen.at(-1)).toMatchObject({ type: 'login', reportUrl: REPORT_URL });
});

test('a message whose PBX cannot be reached is reported as failed for the first attempts only', async () => {
  expect((await invoke(bootUp(Date.now(), 'away'))).batchItemFailures).toEqual([{ itemIdentifier: 'm1' }]);
  expect((await invoke(bootUp(Date.now(), 'away', 4))).batchItemFailures).toEqual([]);
});

test('the index says since when a session has been down, until it is up again', async () => {
  const read = async (id: string) =>
    (await createIndexReader(createDynamoDbClient(), 'index').readStatus([id]))[0];
  const before = Date.now();
  await invoke({});
  const down = await read('away');
  expect(Date.parse(down?.sessionDownSince ?? '')).toBeLessThanOrEqual(Date.now());
  expect(await read('hq')).not.toHaveProperty('sessionDownSince');
  await invoke({ pbx: 'away' });
  expect(await read('away')).toEqual(down);

  const status = createStatusWriter(createDynamoDbClient(), 'index');
  await status.sessionDown('hq', before);
  await invoke({ pbx: 'hq' });
  expect(await read('hq')).not.toHaveProperty('sessionDownSince');
});

test('a PBX keeps its session although its status cannot be saved', async () => {
  const status = createStatusWriter(createDynamoDbClient(), 'no-such-table');
  await saveStatus([{ pbx: 'hq', outcome: 'kept-alive' }], status, Date.now());
  expect(logLines.at(-1)).toEqual({
    level: 'warn',
    event: 'status-not-saved',
    pbx: 'hq',
    code: 'ResourceNotFoundException',
  });
});

test('an invalid request, or one for a PBX that is not configured, throws and reaches no PBX', async () => {
  events.length = 0;
  await expect(handler({ pbx: 'Head Office' })).rejects.toThrow();
  await expect(handler({ pbx: 'nowhere' })).rejects.toMatchObject({ code: 'unknown-pbx' });
  expect(events).toEqual([]);
});

checkRole('pbx-session', recorder.calls);
