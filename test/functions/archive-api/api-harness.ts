import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, vi } from 'vitest';
import type { ApiEvent } from '../../../functions/archive-api/api.ts';
import { createDynamoDbClient } from '../../../functions/shared/aws-clients.ts';
import { ACCESS_TABLE, INDEX_TABLE } from '../../../functions/shared/config/tables.ts';
import type { Call } from '../../../functions/shared/jobs/call.ts';
import { encodeCall } from '../../../functions/shared/recordings/metadata.ts';
import { recordingKey } from '../../../functions/shared/recordings/recording-name.ts';
import { noteCookies, noteSecretsOf } from '../../log-secrets/collect.ts';
import { findProblems } from '../../openapi/check-response.ts';
import { type CallRecorder, recordCalls } from '../../permissions/record-calls.ts';
import { useAccessSettings, useDynamoDb, useS3, useSecretsManager, writeRegistry } from '../aws-services.ts';
import { putItems, putRows, type Row } from '../shared/recording-index/index-table.ts';

export const TOKEN = 'link-token-0123456789';
export const HOST = 'archive.example';
const BUCKET = 'recordings';

export type Type = 'token' | 'iam' | 'jwt';

interface Request {
  query?: Record<string, string>;
  headers?: Record<string, string>;
  cookies?: string[];
  /** Sent as JSON. */
  body?: unknown;
  address?: string;
  /** What API Gateway found out about the caller. */
  authorizer?: unknown;
}

export interface Response {
  status: number;
  headers: Record<string, unknown>;
  cookies: string[];
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it expects
  body: any;
}

export type Ask = (route: string, request?: Request) => Promise<Response>;

/** The API with real servers behind it. Each response has to be as docs/openapi.json says. */
export interface ApiHarness {
  recorder: CallRecorder;
  /** Loads the handler anew, and returns a function that invokes it as API Gateway would. */
  load(type?: Type, settings?: object): Promise<Ask>;
  putRows(rows: Row[]): Promise<void>;
  putIndexItems(items: object[]): Promise<void>;
  putObject(pbx: string, recording: string, body: Buffer, call?: Call): Promise<void>;
}

export async function useApi(pbxs: Record<string, object>): Promise<ApiHarness> {
  await useSecretsManager();
  await useS3();
  await useDynamoDb({ index: INDEX_TABLE, access: ACCESS_TABLE });
  const s3 = new S3Client({ forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  for (const Name of ['links/token', 'api/secret']) {
    await new SecretsManagerClient().send(new CreateSecretCommand({ Name, SecretString: TOKEN }));
  }
  Object.assign(process.env, {
    PBX_REGISTRY_FILE: await writeRegistry(pbxs),
    BUCKET_NAME: BUCKET,
    INDEX_TABLE: 'index',
    ACCESS_TABLE: 'access',
    MAX_LINK_AGE_SECONDS: '3600',
    LINK_TOKEN_SECRET: 'links/token',
    API_SECRET: 'api/secret',
    SESSION_COOKIE: '__Host-session',
  });
  const recorder = recordCalls();
  const dynamoDb = createDynamoDbClient();

  return {
    recorder,
    async load(type = 'token', settings = {}) {
      vi.resetModules();
      await useAccessSettings(settings);
      process.env.LINK_AUTHORIZATION = type;
      const { handler } = await recorder.load(() => import('../../../functions/archive-api/handler.ts'));
      return (route, request = {}) => invoke(handler, route, request);
    },
    putRows: (rows) => putRows(dynamoDb, 'index', rows),
    putIndexItems: (items) => putItems(dynamoDb, 'index', items),
    async putObject(pbx, recording, body, call = {}) {
      const object = { Bucket: BUCKET, Key: recordingKey(pbx, recording), Body: body };
      await s3.send(new PutObjectCommand({ ...object, Metadata: encodeCall(call) }));
    },
  };
}

type Handler = typeof import('../../../functions/archive-api/handler.ts')['handler'];

async function invoke(handler: Handler, route: string, request: Request): Promise<Response> {
  const [method = '', rawPath = ''] = route.split(/ (.*)/s);
  const { query, headers, cookies, body, address = '203.0.113.7', authorizer } = request;
  const event: ApiEvent = {
    rawPath,
    headers: {
      host: HOST,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(query !== undefined && { queryStringParameters: query }),
    ...(cookies !== undefined && { cookies }),
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    isBase64Encoded: false,
    requestContext: { http: { method, sourceIp: address }, ...(authorizer !== undefined && { authorizer }) },
  };
  noteSecretsOf(event.body ?? '');
  const result = await handler(event);
  noteSecretsOf(result.body ?? '');
  noteCookies([...(cookies ?? []), ...(result.cookies ?? [])]);
  expect(result.headers).toMatchObject({ 'cache-control': 'no-store' });
  const response = {
    status: result.statusCode ?? 0,
    headers: result.headers ?? {},
    cookies: result.cookies ?? [],
    body:
      result.headers?.['content-type'] === 'application/json' ? JSON.parse(result.body ?? '') : result.body,
  };
  expect(findProblems(method, rawPath, response)).toEqual([]);
  return response;
}

export const bearer = { authorization: `Bearer ${TOKEN}` };
