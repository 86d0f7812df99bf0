import { describe, test } from 'vitest';
import type { Subscription } from '../../../../../functions/shared/pbx/pbx-client.ts';
import type { SSeriesClient } from '../../../../../functions/shared/pbx/s-series/client.ts';
import { fc } from '../../../../property.ts';
import { jsonResponse, readAll, readRecording, watchClients } from '../hostile-pbx.ts';
import { hostileResponse } from '../hostile-response.ts';
import { clientOf } from '../scripted-pbx.ts';

const SECRETS = {
  token: 'token-4cb0c5a3b1d84f6e97e2b6d0f1a82c35',
  random: 'random-120732c546381fb020f17fba676b0ea0',
  refreshToken: 'refresh-7d1a90e5c2f34b68a1b7f2e9d3c05a46',
  password: 'pässword of the API',
  passwordMd5: '49c9fcfe53c9d08bb9cdb2b656f0a26a',
  webhookSecret: 'path-secret-of-the-webhook',
};
const SUBSCRIPTION: Subscription = {
  url: `http://reports.example:8260/reports/test/${SECRETS.webhookSecret}`,
  form: 'url',
  port: 8260,
};
const RECORDING = '20170901181806-1504261084.7-1001-1003-Internal.wav';
const WINDOW = { starttime: '2018-11-07 00:00:00', endtime: '2018-11-07 23:59:59' };

const CALLS: [string, (client: SSeriesClient) => Promise<unknown>][] = [
  ['login', (client) => client.login({ username: 'api', password: SECRETS.password }, SUBSCRIPTION)],
  ['heartbeat', (client) => client.heartbeat(SECRETS.token, SUBSCRIPTION)],
  ['refresh', (client) => client.refresh(SECRETS.refreshToken)],
  ['openRecording', async (client) => readRecording(await client.openRecording(SECRETS.token, RECORDING))],
  [
    'openRecording from 1000',
    async (client) => readRecording(await client.openRecording(SECRETS.token, RECORDING, undefined, 1000)),
  ],
  ['openCdrs', async (client) => readAll(await client.openCdrs(SECRETS.token, WINDOW))],
  ['deviceInfo', (client) => client.deviceInfo(SECRETS.token)],
];

const { elsewhere, expectHarmless } = await watchClients();
const anyResponse = hostileResponse(elsewhere, Object.values(SECRETS));

const hostility = {
  secrets: SECRETS,
  /** `undefined` is a proper response: a download reaches its second step only after a proper first one. */
  scripts: fc.record({ first: fc.option(anyResponse, { nil: undefined, freq: 1 }), second: anyResponse }),
  respond({ first, second }: { first: Buffer | undefined; second: Buffer }, path: string) {
    const response = path.endsWith('/get_random') ? first : second;
    return response ?? jsonResponse({ status: 'Success', random: SECRETS.random });
  },
  paths: /^\/api\/v1\.1\.0\//,
};

describe.each(CALLS)('whatever a PBX responds to %s, the outcome', (_, call) => {
  test('is a result or an error without a secret, and no other host is contacted', async () => {
    await expectHarmless(hostility, ({ url }) => {
      const client = clientOf(url);
      return () => call(client);
    });
  });
});
