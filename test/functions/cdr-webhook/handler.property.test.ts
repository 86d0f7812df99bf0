import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { beforeEach, expect, test } from 'vitest';
import { anyText, fc, hostileText } from '../../property.ts';
import { useSecretsManager, useSqs, writeRegistry } from '../aws-services.ts';
import { captureLog } from '../capture-log.ts';
import { anyReport } from './any-report.ts';
import { exampleReport } from './example-report.ts';

const SECRET = 'webhook-secret-0123456789';

await useSecretsManager();
const queues = await useSqs();
const names = ['recordings-hq', 'session-requests', 'dead-letters'] as const;
const [jobs, session, deadLetters] = names.map(queues.createQueue) as [string, string, string];
Object.assign(process.env, {
  PBX_REGISTRY_FILE: await writeRegistry({ hq: { serialNumber: exampleReport.sn } }),
  QUEUE_URL_BASE: jobs.replace(/[^/]+$/, ''),
  DEAD_LETTER_QUEUE_URL: deadLetters,
  SESSION_QUEUE_URL: session,
});
const SecretString = JSON.stringify({ username: 'api', password: 'pw', webhookSecret: SECRET });
await new SecretsManagerClient().send(new CreateSecretCommand({ Name: 'pbx/hq', SecretString }));
const { handler } = await import('../../../functions/cdr-webhook/handler.ts');

const logLines = captureLog();
beforeEach(() => queues.empty());

const post = (event: Partial<APIGatewayProxyEventV2>) => handler(event as APIGatewayProxyEventV2);

const bytes = fc.oneof(fc.uint8Array(), fc.uint8Array({ maxLength: 70_000, size: 'max' }));
const anyBody = fc.record(
  {
    body: fc.oneof(
      anyReport,
      anyText,
      fc.json(),
      bytes.map((body) => Buffer.from(body).toString('base64')),
    ),
    isBase64Encoded: fc.boolean(),
  },
  { requiredKeys: [] },
);

test('whoever knows the secret gets 200, whatever the body', async () => {
  await fc.assert(
    fc.asyncProperty(anyBody, async (event) => {
      expect(await post({ ...event, pathParameters: { pbxId: 'hq', secret: SECRET } })).toEqual({
        statusCode: 200,
      });
    }),
  );
});

test('whoever does not know the secret gets 404, whatever the request', async () => {
  const path = fc.record(
    {
      pbxId: fc.oneof(fc.constantFrom('hq', '__proto__', 'constructor'), hostileText),
      secret: fc.oneof(fc.constantFrom(SECRET.toUpperCase(), `${SECRET} `, SECRET.slice(1)), hostileText),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(anyBody, fc.option(path, { nil: undefined }), async (event, pathParameters) => {
      const asked = pathParameters === undefined ? {} : { pathParameters };
      expect(await post({ ...event, ...asked } as Partial<APIGatewayProxyEventV2>)).toEqual({
        statusCode: 404,
      });
      // The log repeats nothing that a stranger sent, except the id of a PBX that is configured.
      const named = pathParameters?.pbxId === 'hq' ? { pbx: 'hq' } : {};
      expect(logLines.at(-1)).toEqual({ level: 'warn', event: 'report-rejected', ...named });
    }),
  );
});
